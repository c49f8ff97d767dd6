#include "sim/live/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "replica/host/failure.h"
#include "replica/host/files.h"

namespace norn::sim {
namespace {

constexpr int kCannotRun = 127;  // as a shell says it

// In the child: never returns. Only calls that are safe after a fork.
[[noreturn]] void become(char* const* arguments, char* const* variables, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotRun);  // it had ended before we asked
  setpgid(0, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  // The sockets above all: a port that a sister holds open is not free. The parent waits for this.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  execve(arguments[0], arguments, variables);
  _exit(kCannotRun);
}

// Our environment without Norn's own variables: each would be an option to a replica, and its command says
// all.
std::vector<char*> child_environment() {
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("NORN_")) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  return variables;
}

// Tells when a child holds none of our files any more.
struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
      throw host::Failure(std::string("no process could be started: ") + strerror(errno));
    out = host::Descriptor(ends[0]);
    in = host::Descriptor(ends[1]);
  }
  void wait_until_let_go() {
    in = host::Descriptor();
    char nothing = 0;
    while (read(out.get(), &nothing, 1) < 0 && errno == EINTR) {
    }
  }
  host::Descriptor out;
  host::Descriptor in;
};

}  // namespace

std::string Exit::text() const {
  if (signal == 0) return "exit status " + std::to_string(status);
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

Process::Process(boost::asio::io_context& io, const std::vector<std::string>& command, const std::string& log,
                 std::function<void(Exit)> ended)
    : exit_(io), ended_(std::move(ended)) {
  if (access(command.front().c_str(), X_OK) != 0)
    throw host::Failure(command.front() + " cannot be run: " + strerror(errno));
  const host::Descriptor output(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!output) throw host::Failure(log + " cannot be written: " + strerror(errno));
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::vector<char*> variables = child_environment();
  const pid_t parent = getpid();
  Pipe held;
  pid_ = fork();
  if (pid_ == 0) become(arguments.data(), variables.data(), output.get(), parent);
  if (pid_ < 0) throw host::Failure(std::string("no process could be started: ") + strerror(errno));
  held.wait_until_let_go();
  const auto descriptor = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (descriptor < 0) {
    kill();
    throw host::Failure(std::string("a process cannot be watched: ") + strerror(errno));
  }
  exit_.assign(descriptor);
  watch();
}

void Process::watch() {
  exit_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                   [this](const boost::system::error_code& error) {
                     if (!error) ended_(reap());
                   });
}

void Process::signal(int number) const {
  if (running()) ::kill(pid_, number);
}

void Process::kill() {
  if (!running()) return;
  signal(SIGKILL);
  reap();
}

// Waits for its end, and forgets it.
Exit Process::reap() {
  boost::system::error_code ignored;
  exit_.close(ignored);  // a wait under way ends in an error
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

}  // namespace norn::sim
