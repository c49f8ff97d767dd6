// The socket's system calls.
#include "replica/host/udp_socket.h"

#include <algorithm>
#include <cerrno>

#include "replica/host/failure.h"

namespace norn::host {
namespace {

namespace asio = boost::asio;
constexpr int kBufferSize = 4 << 20;  // asked for; the system may grant less (net.core.rmem_max)

asio::ip::udp::endpoint endpoint(Address address) {
  return {asio::ip::address_v4(ip_of(address)), port_of(address)};
}

}  // namespace

UdpSocket::UdpSocket(asio::io_context& io, Address bind)
    : socket_(io, asio::ip::udp::v4()), in_names_(kBatch), in_vectors_(kBatch), in_headers_(kBatch) {
  boost::system::error_code error;
  socket_.bind(endpoint(bind), error);
  if (error == asio::error::address_in_use)
    throw Failure("UDP port " + to_text(bind) +
                  " is in use by another process; stop it, or choose another port");
  if (error) throw Failure("cannot bind UDP " + to_text(bind) + ": " + error.message());
  socket_.non_blocking(true);
  const auto name = socket_.local_endpoint();
  local_ = make_address(name.address().to_v4().to_uint(), name.port());

  socket_.set_option(asio::socket_base::receive_buffer_size(kBufferSize), error);
  socket_.set_option(asio::socket_base::send_buffer_size(kBufferSize), error);
  asio::socket_base::receive_buffer_size granted;
  socket_.get_option(granted, error);
  receive_buffer_ = static_cast<std::size_t>(granted.value());

  in_ = std::make_unique_for_overwrite<std::byte[]>(kBatch * kDatagramMax);
  for (std::size_t i = 0; i < kBatch; ++i) {
    in_vectors_[i] = {in_.get() + i * kDatagramMax, kDatagramMax};
    in_headers_[i].msg_hdr.msg_iov = &in_vectors_[i];
    in_headers_[i].msg_hdr.msg_iovlen = 1;
    in_headers_[i].msg_hdr.msg_name = &in_names_[i];
  }
}

void UdpSocket::wait(std::function<void()> ready) {
  socket_.async_wait(asio::socket_base::wait_read,
                     [ready = std::move(ready)](const boost::system::error_code& error) {
                       if (!error) ready();
                     });
}

// An error here is that of an earlier datagram (an unreachable port) or that nothing is there; the former is
// the network's loss.
std::size_t UdpSocket::receive_batch() {
  for (mmsghdr& header : in_headers_) header.msg_hdr.msg_namelen = sizeof(sockaddr_in);
  const int count = recvmmsg(socket_.native_handle(), in_headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return 0;
  counters_.received += static_cast<std::uint64_t>(count);
  return static_cast<std::size_t>(count);
}

void UdpSocket::send(Address to, Bytes datagram) {
  if (out_.size() + datagram.size() > kQueuedBytesMax) flush();
  queue_.push_back({to_socket(to), out_.size(), datagram.size()});
  out_.insert(out_.end(), datagram.begin(), datagram.end());
}

void UdpSocket::flush() {
  const std::size_t count = queue_.size();
  if (count == 0) return;
  out_vectors_.resize(count);
  out_headers_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    out_vectors_[i] = {out_.data() + queue_[i].offset, queue_[i].size};
    out_headers_[i] = {};
    out_headers_[i].msg_hdr.msg_iov = &out_vectors_[i];
    out_headers_[i].msg_hdr.msg_iovlen = 1;
    out_headers_[i].msg_hdr.msg_name = &queue_[i].to;
    out_headers_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
  }
  for (std::size_t at = 0; at < count;) {
    const auto left = static_cast<unsigned>(std::min<std::size_t>(count - at, UIO_MAXIOV));
    const int sent = sendmmsg(socket_.native_handle(), &out_headers_[at], left, MSG_DONTWAIT);
    if (sent > 0) {
      counters_.sent += static_cast<std::uint64_t>(sent);
      at += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {  // this one is lost (no room, no route); the next may not be
      ++counters_.dropped;
      ++at;
    }
  }
  queue_.clear();
  out_.clear();
}

}  // namespace norn::host
