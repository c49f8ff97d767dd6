// Limits of this process, for as long as a test wants them: stand-ins for a full disk and a full table of
// files.
#pragma once

#include <csignal>
#include <doctest/doctest.h>
#include <sys/resource.h>

namespace norn::host {

class Limit {
 public:
  Limit(__rlimit_resource resource, rlim_t most) : resource_(resource) {
    REQUIRE(getrlimit(resource_, &before_) == 0);
    rlimit lower = before_;
    lower.rlim_cur = most;
    REQUIRE(setrlimit(resource_, &lower) == 0);
  }
  ~Limit() { setrlimit(resource_, &before_); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  __rlimit_resource resource_;
  rlimit before_{};
};

// Files cannot be written beyond so many bytes.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t most) : before_(std::signal(SIGXFSZ, SIG_IGN)), limit_(RLIMIT_FSIZE, most) {}
  ~FileSizeLimit() { std::signal(SIGXFSZ, before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*before_)(int);
  Limit limit_;
};

}  // namespace norn::host
