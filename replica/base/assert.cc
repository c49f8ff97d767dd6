#include "replica/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace norn {
namespace {
thread_local AssertHandler handler_of_thread = nullptr;
}

AssertHandler set_assert_handler(AssertHandler handler) {
  AssertHandler before = handler_of_thread;
  handler_of_thread = handler;
  return before;
}

void throw_assertion_failure(const std::string& what) { throw AssertionFailure(what); }

void assertion_failed(const char* condition, const char* file, int line) {
  std::string what = std::string(file) + ":" + std::to_string(line) + ": assertion failed: " + condition;
  if (handler_of_thread != nullptr) handler_of_thread(what);
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

}  // namespace norn
