// Text to be read once, front to back: a file, a pipe, standard input, or what is in memory already. It is
// taken in blocks, so that a text larger than memory can pass; what a reader has not consumed yet is
// contiguous, and grows only with the longest piece that the reader needs whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace norn::sim {

class Source {
 public:
  static constexpr std::size_t kMargin =
      16;  // bytes behind what is at hand that may be read: zero, at the end
  static constexpr std::size_t kPieceMax = std::size_t{256} << 20;  // the longest line, or form

  // "-" is standard input.
  static Source file(const std::string& path);
  // The text outlives the source. It comes in pieces of `at_once` bytes at most, as from a pipe.
  static Source text(std::string_view text, std::string_view name, std::size_t at_once = SIZE_MAX);

  Source(Source&& other) noexcept;
  Source& operator=(Source&&) = delete;
  ~Source();

  const std::string& name() const { return name_; }

  // What is at hand. A view lives until the next more() or next_lines().
  std::string_view rest() const { return {block_.data() + begin_, end_ - begin_}; }
  void drop(std::size_t bytes) { begin_ += bytes; }

  // Puts what follows behind the rest. False: nothing follows, or complaint() says why it cannot be read.
  bool more();

  // Consumes whole lines, as many as are at hand; the last ends with a newline, also where the text does not.
  // Empty: the end.
  std::string_view next_lines();

  // Empty: all is well.
  const std::string& complaint() const { return complaint_; }

  // Ends the text where it stands, as if nothing followed: whoever judges has seen enough.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  // Called with the bytes read so far, once a block.
  void on_progress(std::function<void(std::uint64_t)> observe) { observe_ = std::move(observe); }
  std::uint64_t size() const { return size_; }  // of all of it; 0: nobody knows

 private:
  explicit Source(std::string name) : name_(std::move(name)) {}
  std::size_t fill(char* to, std::size_t room);

  std::string name_;
  int descriptor_ = -1;         // of a file
  std::string_view in_memory_;  // what is left of a text
  std::size_t at_once_ = SIZE_MAX;
  std::uint64_t size_ = 0;
  std::uint64_t taken_ = 0;
  std::vector<char> block_ = std::vector<char>(kMargin);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool ended_ = false;
  bool stopped_ = false;
  std::string complaint_;
  std::function<void(std::uint64_t)> observe_;
};

}  // namespace norn::sim
