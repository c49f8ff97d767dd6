// ASSERT(condition): what the code relies on, checked in every build, one condition each. A failed assertion
// is a programmer's error: a real process prints it and aborts; the simulator installs a handler that throws,
// so that it becomes a finding with a seed (the only exception that ever crosses the replica's layers).
#pragma once

#include <stdexcept>
#include <string>

namespace norn {

struct AssertionFailure : std::logic_error {
  using std::logic_error::logic_error;
};

using AssertHandler = void (*)(const std::string& what);

// Installs the calling thread's handler (null: print and abort) and returns the one before.
AssertHandler set_assert_handler(AssertHandler handler);

// A handler that throws AssertionFailure.
[[noreturn]] void throw_assertion_failure(const std::string& what);

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace norn

#define ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::norn::assertion_failed(#condition, __FILE__, __LINE__))
