// Loaded before the C library into a replica (LD_PRELOAD): every fdatasync and fsync takes as many
// milliseconds longer as the file that SLOW_SYNC names says when it begins; so a test makes a disk slow,
// and well again.
#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace {

void delay() {
  const char* path = std::getenv("SLOW_SYNC");
  if (path == nullptr) return;
  long milliseconds = 0;
  std::ifstream(path) >> milliseconds;
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

int call(const char* name, int file) {
  using Sync = int (*)(int);
  return reinterpret_cast<Sync>(dlsym(RTLD_NEXT, name))(file);
}

}  // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the C library's names are reserved
extern "C" int fdatasync(int file) {
  delay();
  return call("fdatasync", file);
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" int fsync(int file) {
  delay();
  return call("fsync", file);
}
