// Little-endian integers and runs of bytes, in and out of buffers. Reader never reads past its end: the first
// read that would do so fails, and so do all after it; ask ok() once at the end instead of after every field.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <string>
#include <string_view>

#include "replica/base/types.h"

namespace norn {

static_assert(std::endian::native == std::endian::little, "formats are little-endian and written by memcpy");

inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Appends to a buffer it does not own.
class Writer {
 public:
  explicit Writer(Buffer& out) : out_(out) {}

  template <std::unsigned_integral T>
  void integer(T value) {
    const std::size_t at = out_.size();
    out_.resize(at + sizeof value);
    std::memcpy(out_.data() + at, &value, sizeof value);
  }
  void bytes(Bytes run) { out_.insert(out_.end(), run.begin(), run.end()); }
  // A run with its length before it, as 32 bits.
  void sized(Bytes run) {
    integer(static_cast<std::uint32_t>(run.size()));
    bytes(run);
  }
  void sized(std::string_view text) { sized(as_bytes(text)); }

  std::size_t size() const { return out_.size(); }
  // Overwrites an integer written earlier, such as a length or a checksum known only at the end.
  template <std::unsigned_integral T>
  void patch(std::size_t at, T value) {
    std::memcpy(out_.data() + at, &value, sizeof value);
  }

 private:
  Buffer& out_;
};

// Reads from bytes it does not own; the runs it returns live as long as those.
class Reader {
 public:
  explicit Reader(Bytes in) : in_(in) {}

  template <std::unsigned_integral T>
  T integer() {
    T value{};
    if (!take(sizeof value)) return value;
    std::memcpy(&value, in_.data() + at_ - sizeof value, sizeof value);
    return value;
  }
  Bytes bytes(std::size_t size) {
    if (!take(size)) return {};
    return in_.subspan(at_ - size, size);
  }
  Bytes sized() { return bytes(integer<std::uint32_t>()); }
  std::string_view sized_text() { return as_text(sized()); }

  bool ok() const { return ok_; }                         // no read has failed
  bool done() const { return ok_ && at_ == in_.size(); }  // and everything was read
  std::size_t at() const { return at_; }
  Bytes rest() const { return in_.subspan(at_); }

 private:
  bool take(std::size_t size) {
    ok_ = ok_ && size <= in_.size() - at_;
    if (ok_) at_ += size;
    return ok_;
  }
  Bytes in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace norn
