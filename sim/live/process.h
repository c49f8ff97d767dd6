// A child process: started with its output in a file, signalled, and always reaped. It dies with this
// program, and with this object. It has a process group of its own, so that a Ctrl-C meant for this program
// does not reach it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace norn::sim {

// How a process ended.
struct Exit {
  int status = 0;  // of exit; meaningless with a signal
  int signal = 0;  // that ended it; 0: none did

  std::string text() const;  // "exit status 1", "signal 6 (Aborted)"
};

class Process {
 public:
  // command: the program's path, and its arguments. What it writes to standard output and error is appended
  // to `log`. It has our environment without Norn's own variables. `ended` is called from the loop when it
  // has ended by itself; never after kill(). Throws host::Failure.
  Process(boost::asio::io_context& io, const std::vector<std::string>& command, const std::string& log,
          std::function<void(Exit)> ended);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() { kill(); }

  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  void signal(int number) const;  // if it is running
  void kill();                    // SIGKILL, if it is running; when this returns it is gone

 private:
  void watch();
  Exit reap();

  pid_t pid_ = -1;
  boost::asio::posix::stream_descriptor exit_;  // a pidfd: readable when it has ended
  std::function<void(Exit)> ended_;
};

}  // namespace norn::sim
