// A UDP socket that takes and gives datagrams in batches (recvmmsg, sendmmsg). Sending queues; flush gives
// the queue to the system, which may drop what it has no room for: the network is lossy anyway, and whoever
// sent it sends it again.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <functional>
#include <memory>
#include <sys/socket.h>
#include <vector>

#include "replica/host/address.h"
#include "replica/net/transport.h"

namespace norn::host {

struct UdpCounters {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t dropped = 0;  // by the system, on the way out
};

class UdpSocket final : public net::Transport {
 public:
  // Binds; port 0 takes any free one. Throws Failure when it cannot.
  UdpSocket(boost::asio::io_context& io, Address bind);
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  Address local() const { return local_; }                        // with the port that was taken
  std::size_t receive_buffer() const { return receive_buffer_; }  // bytes the system granted
  const UdpCounters& counters() const { return counters_; }

  // Has `ready` called, from the loop, once something can be received.
  void wait(std::function<void()> ready);

  // Calls take(Address from, Bytes datagram) for each datagram that is there, about `most` of them; a view
  // lives for the call. False: that was all.
  template <typename Take>
  bool receive(std::size_t most, Take&& take) {
    while (most > 0) {
      const std::size_t count = receive_batch();
      for (std::size_t i = 0; i < count; ++i) take(from_socket(in_names_[i]), in_bytes(i));
      if (count < kBatch) return false;
      most -= std::min(most, count);
    }
    return true;
  }

  void send(Address to, Bytes datagram) override;
  void flush();

 private:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kDatagramMax = 65'536;  // no UDP datagram over IPv4 is larger
  static constexpr std::size_t kQueuedBytesMax = std::size_t{4} << 20;

  std::size_t receive_batch();
  Bytes in_bytes(std::size_t i) const { return Bytes(in_.get() + i * kDatagramMax, in_headers_[i].msg_len); }

  struct Queued {
    sockaddr_in to;
    std::size_t offset;  // in out_
    std::size_t size;
  };

  boost::asio::ip::udp::socket socket_;
  Address local_;
  std::size_t receive_buffer_ = 0;
  UdpCounters counters_;

  std::unique_ptr<std::byte[]> in_;  // kBatch places, resident only where something has arrived
  std::vector<sockaddr_in> in_names_;
  std::vector<iovec> in_vectors_;
  std::vector<mmsghdr> in_headers_;

  Buffer out_;
  std::vector<Queued> queue_;
  std::vector<iovec> out_vectors_;
  std::vector<mmsghdr> out_headers_;
};

}  // namespace norn::host
