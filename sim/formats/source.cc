// Blocks of text: see source.h.
#include "sim/formats/source.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace norn::sim {

namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10;  // fits a core's own cache

}  // namespace

Source Source::file(const std::string& path) {
  Source source(path == "-" ? "standard input" : path);
  // Opened by the C library, read past it: its copy of each block would cost a tenth of the time.
  std::FILE* const opened = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (opened != nullptr) {
    source.descriptor_ = dup(fileno(opened));
    if (opened != stdin) std::fclose(opened);
  }
  if (source.descriptor_ < 0) {
    source.complaint_ = source.name_ + ": cannot be read";
    source.ended_ = true;
    return source;
  }
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (!error) source.size_ = size;
  return source;
}

Source Source::text(std::string_view text, std::string_view name, std::size_t at_once) {
  Source source{std::string(name)};
  source.in_memory_ = text;
  source.at_once_ = at_once;
  source.size_ = text.size();
  return source;
}

Source::Source(Source&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      in_memory_(other.in_memory_),
      at_once_(other.at_once_),
      size_(other.size_),
      taken_(other.taken_),
      block_(std::move(other.block_)),
      begin_(other.begin_),
      end_(other.end_),
      ended_(other.ended_),
      stopped_(other.stopped_),
      complaint_(std::move(other.complaint_)),
      observe_(std::move(other.observe_)) {}

Source::~Source() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::size_t Source::fill(char* to, std::size_t room) {
  if (descriptor_ < 0) {
    const std::size_t size = std::min({room, in_memory_.size(), at_once_});
    std::memcpy(to, in_memory_.data(), size);
    in_memory_.remove_prefix(size);
    return size;
  }
  ssize_t got = 0;
  do {
    got = read(descriptor_, to, room);
  } while (got < 0 && errno == EINTR);
  if (got < 0) complaint_ = name_ + ": cannot be read";
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

bool Source::more() {
  if (ended_ || stopped_) return false;
  const std::size_t kept = end_ - begin_;
  if (kept > kPieceMax) {
    complaint_ = name_ + ": a line, or form, of more than " + std::to_string(kPieceMax >> 20) + " MiB";
    ended_ = true;
    return false;
  }
  if (begin_ != 0) std::memmove(block_.data(), block_.data() + begin_, kept);
  begin_ = 0;
  end_ = kept;
  if (block_.size() < kBlock + kMargin || kept > block_.size() / 2) {
    block_.resize(std::max(kBlock + kMargin, kept * 2 + kBlock + kMargin));
  }
  // A pipe gives little at a time: what is kept is looked at again after each call, so wait for as much
  // again.
  std::size_t got = 0;
  do {
    got = fill(block_.data() + end_, block_.size() - kMargin - end_);
    end_ += got;
  } while (got != 0 && kept > kBlock && end_ < kept * 2);
  std::memset(block_.data() + end_, 0, kMargin);
  ended_ = got == 0;
  taken_ += end_ - kept;
  if (end_ != kept && observe_) observe_(taken_);
  return end_ != kept;
}

std::string_view Source::next_lines() {
  for (std::size_t searched = 0;;) {
    const std::string_view at_hand = rest();
    const void* const newline = at_hand.size() > searched
                                    ? memrchr(at_hand.data() + searched, '\n', at_hand.size() - searched)
                                    : nullptr;
    if (newline != nullptr) {
      const auto size = static_cast<std::size_t>(static_cast<const char*>(newline) - at_hand.data()) + 1;
      drop(size);
      return at_hand.substr(0, size);
    }
    searched = at_hand.size();
    if (more()) continue;
    if (!complaint_.empty() || stopped_ || begin_ == end_) return {};
    block_[end_++] = '\n';  // into the margin, which a block always has
    if (end_ + kMargin > block_.size()) block_.resize(end_ + kMargin);
  }
}

}  // namespace norn::sim
