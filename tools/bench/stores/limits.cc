// limits: what the machine allows at best, for the aim of one client's latency: one fdatasync of 512 bytes
// into a preallocated file of FOLDER, and one round trip of a small datagram over loopback between two
// processes that block, so that a core must wake. Prints the medians in microseconds:
//
//   {"sync": 114.2, "round_trip": 48.1}
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr int kSyncs = 300;
constexpr int kRoundTrips = 3000;
constexpr std::size_t kRecord = 512;
constexpr std::size_t kFile = 1 << 20;

void require(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::exit(1);
}

// The median of what `once` takes, in microseconds.
template <typename Once>
double median(int times, Once once) {
  std::vector<double> took;
  for (int i = 0; i < times; ++i) {
    const auto began = std::chrono::steady_clock::now();
    once(i);
    took.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count());
  }
  std::nth_element(took.begin(), took.begin() + times / 2, took.end());
  return took[static_cast<std::size_t>(times / 2)];
}

// The blocks are written once before, so that a sync changes no metadata.
double measure_sync(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  require(file >= 0, path.c_str());
  const std::vector<char> zeros(kFile);
  require(write(file, zeros.data(), kFile) == static_cast<ssize_t>(kFile) && fsync(file) == 0, path.c_str());
  const std::array<char, kRecord> record{};
  const double took = median(kSyncs, [&](int i) {
    const off_t at = static_cast<off_t>(static_cast<std::size_t>(i) * kRecord % kFile);
    require(pwrite(file, record.data(), kRecord, at) == static_cast<ssize_t>(kRecord), path.c_str());
    require(fdatasync(file) == 0, path.c_str());
  });
  close(file);
  unlink(path.c_str());
  return took;
}

int bound_socket(sockaddr_in& address) {
  const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  require(descriptor >= 0, "socket");
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  require(bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  require(getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  return descriptor;
}

double measure_round_trip() {
  sockaddr_in here;
  sockaddr_in there;
  const int ours = bound_socket(here);
  const int theirs = bound_socket(there);
  require(connect(ours, reinterpret_cast<sockaddr*>(&there), sizeof there) == 0, "connect");
  require(connect(theirs, reinterpret_cast<sockaddr*>(&here), sizeof here) == 0, "connect");
  const pid_t echo = fork();
  require(echo >= 0, "fork");
  std::array<char, 256> datagram{};
  if (echo == 0) {
    for (;;) {
      const ssize_t size = recv(theirs, datagram.data(), datagram.size(), 0);
      if (size < 0 || send(theirs, datagram.data(), static_cast<std::size_t>(size), 0) < 0) _exit(1);
    }
  }
  const double took = median(kRoundTrips, [&](int) {
    require(send(ours, datagram.data(), datagram.size(), 0) > 0, "send");
    require(recv(ours, datagram.data(), datagram.size(), 0) > 0, "recv");
  });
  kill(echo, SIGKILL);
  waitpid(echo, nullptr, 0);
  return took;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: limits FOLDER\n");
    return 2;
  }
  const double sync = measure_sync(std::string(arguments[1]) + "/limits");
  std::printf("{\"sync\": %.1f, \"round_trip\": %.1f}\n", sync, measure_round_trip());
  return 0;
}
