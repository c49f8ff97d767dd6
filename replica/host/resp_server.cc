// Links over TCP and TLS, and the acceptor.
#include "replica/host/resp_server.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <utility>

#include "replica/host/failure.h"
#include "replica/host/files.h"
#include "replica/host/log.h"

namespace norn::host {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadSize = std::size_t{64} << 10;
constexpr std::size_t kFirstReadSize = 1024;                 // idle connections have it too
constexpr std::size_t kTlsReadSize = std::size_t{16} << 10;  // a TLS record holds no more
constexpr auto kHandshakeMax = std::chrono::seconds(10);
constexpr auto kFarewellMax = std::chrono::seconds(1);
constexpr auto kAcceptAgain = std::chrono::milliseconds(100);

class TcpLink final : public RespLink {
 public:
  TcpLink(RespServer& server, resp::ConnectionId id, tcp::socket socket)
      : RespLink(server, id), socket_(std::move(socket)) {}

 private:
  // Into a small buffer of the link's own: a read that waits with its buffer costs one system call, waiting
  // for readiness first costs two more. If that was full, the rest follows into a large one that all share.
  void read() override {
    socket_.async_read_some(asio::buffer(first_),
                            [this, self = shared_from_this()](const error_code& error, std::size_t size) {
                              if (error) return on_end(error == asio::error::eof);
                              on_read(size < first_.size() ? Bytes(first_).first(size) : read_on());
                            });
  }
  Bytes read_on() {
    Buffer& whole = server().scratch();
    std::copy(first_.begin(), first_.end(), whole.begin());
    error_code none_yet;  // or the end, which the next read meets again
    const std::size_t more = socket_.read_some(asio::buffer(whole) + first_.size(), none_yet);
    return Bytes(whole).first(first_.size() + more);
  }
  void write(Bytes bytes) override {
    error_code error;
    const std::size_t size = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (!error) return on_written(size);
    if (error != asio::error::would_block) return on_end(false);
    socket_.async_wait(tcp::socket::wait_write, [this, self = shared_from_this()](const error_code& failed) {
      failed ? on_end(false) : on_written(0);
    });
  }
  void shut() override {
    error_code ignored;
    socket_.close(ignored);
  }

  tcp::socket socket_;
  std::array<std::byte, kFirstReadSize> first_;
};

class TlsLink final : public RespLink {
 public:
  TlsLink(RespServer& server, resp::ConnectionId id, tcp::socket socket, asio::ssl::context& context)
      : RespLink(server, id), stream_(std::move(socket), context), timer_(stream_.get_executor()) {}

  void start() override {
    timer_.expires_after(kHandshakeMax);
    timer_.async_wait([this, self = shared_from_this()](const error_code& error) {
      if (!error) on_end(false);
    });
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [this, self = shared_from_this()](const error_code& error) {
                              timer_.cancel();
                              error ? on_end(false) : attend();
                            });
  }

 private:
  void read() override {
    in_.resize(kTlsReadSize);
    stream_.async_read_some(asio::buffer(in_),
                            [this, self = shared_from_this()](const error_code& error, std::size_t size) {
                              error ? on_end(error == asio::error::eof) : on_read(Bytes(in_).first(size));
                            });
  }
  void write(Bytes bytes) override {
    out_.assign(bytes.begin(), bytes.end());
    asio::async_write(stream_, asio::buffer(out_),
                      [this, self = shared_from_this()](const error_code& error, std::size_t size) {
                        error ? on_end(false) : on_written(size);
                      });
  }
  // Without a close_notify a client could not tell the end from a cut that an attacker made (RFC 8446, 6.1).
  // Who does not answer it is waited for no longer than this.
  void part() override {
    timer_.expires_after(kFarewellMax);
    timer_.async_wait([this, self = shared_from_this()](const error_code& error) {
      if (!error) shut();
    });
    stream_.async_shutdown([this, self = shared_from_this()](const error_code&) {
      timer_.cancel();
      shut();
    });
  }
  void shut() override {
    error_code ignored;
    stream_.lowest_layer().close(ignored);
  }

  asio::ssl::stream<tcp::socket> stream_;
  asio::steady_timer timer_;
  Buffer in_;
  Buffer out_;
};

// Throws if OpenSSL had an error with a file. It has no words for a file that cannot be opened, and does not
// say what it looked for.
void check_file(const error_code& error, const char* option, const std::string& file, const char* content) {
  if (!error) return;
  const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string why = opened
                              ? std::string("it must hold ") + content + ", as PEM (" + error.message() + ")"
                              : std::string(std::strerror(errno));
  throw Failure(std::string("--") + option + ": cannot use " + file + ": " + why);
}

std::optional<asio::ssl::context> tls_context(const ServeOptions& options) {
  if (options.tls_cert.empty()) return std::nullopt;
  asio::ssl::context context(asio::ssl::context::tls_server);
  error_code error;
  context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  // Else OpenSSL would ask a terminal for a passphrase, and wait.
  context.set_password_callback(
      [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); }, error);
  context.use_certificate_chain_file(options.tls_cert, error);
  check_file(error, "tls-cert", options.tls_cert, "a certificate");
  context.use_private_key_file(options.tls_key, asio::ssl::context::pem, error);
  check_file(error, "tls-key", options.tls_key, "the private key of --tls-cert, without a passphrase");
  if (options.tls_ca.empty()) return context;
  context.load_verify_file(options.tls_ca, error);
  check_file(error, "tls-ca", options.tls_ca, "certificates");
  context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  return context;
}

// A connection is a file to the system; ask for as many as may be had.
void raise_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void RespLink::attend() {
  const auto self = shared_from_this();  // the server may let go of it meanwhile
  resp::Gateway& gateway = server_.gateway();
  if (ended_) return;
  if (!writing_) {
    if (const Bytes output = gateway.output(id_); !output.empty()) {
      writing_ = true;
      write(output);
    }
  }
  if (ended_) return;
  if (gateway.wants_close(id_)) return end(!writing_);
  if (!reading_ && gateway.wants_read(id_)) {
    reading_ = true;
    read();
  }
}

void RespLink::on_read(Bytes bytes) {
  if (ended_) return;
  reading_ = false;
  server_.gateway().on_bytes(server_.now(), id_, bytes);
  attend();
}

void RespLink::on_end(bool orderly) {
  if (ended_) return;
  if (orderly) return server_.gateway().on_end(server_.now(), id_);  // what was asked is answered still
  end(false);
}

void RespLink::end(bool whole) {
  ended_ = true;
  whole ? part() : shut();
  server_.gateway().close(id_);
  server_.remove(id_);
}

void RespLink::on_written(std::size_t size) {
  if (ended_) return;
  writing_ = false;
  server_.gateway().on_written(server_.now(), id_, size);
  if (size == 0) attend();
}

RespServer::RespServer(asio::io_context& io, const ServeOptions& options, RealTime& clock,
                       resp::Gateway& gateway)
    : clock_(clock),
      gateway_(gateway),
      tls_(tls_context(options)),
      acceptor_(io),
      retry_(io),
      scratch_(kReadSize) {
  raise_open_files();
  const tcp::endpoint endpoint(asio::ip::address_v4(ip_of(*options.resp)), port_of(*options.resp));
  error_code error;
  acceptor_.open(endpoint.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (error == asio::error::address_in_use)
    throw Failure("--resp: TCP port " + to_text(*options.resp) +
                  " is in use by another process; stop it, or choose another port");
  if (error) throw Failure("--resp: cannot listen on " + to_text(*options.resp) + ": " + error.message());
  accept();
}

void RespServer::attend() {
  while (!gateway_.touched().empty()) {  // what is written may let a link do more
    touched_.swap(gateway_.touched());
    for (const resp::ConnectionId id : touched_) {
      // A place may be another client's already, one whose handshake is not to be disturbed.
      if (id.place < links_.size() && links_[id.place] && links_[id.place]->id() == id)
        links_[id.place]->attend();
    }
    touched_.clear();
  }
}

Address RespServer::local() const {
  const tcp::endpoint endpoint = acceptor_.local_endpoint();
  return make_address(endpoint.address().to_v4().to_uint(), endpoint.port());
}

void RespServer::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel(ignored);
}

void RespServer::remove(resp::ConnectionId id) {
  if (id.place < links_.size()) links_[id.place].reset();
}

void RespServer::accept() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) return accept_later(error);
    crowded_ = false;
    take_in(std::move(socket));
    accept();
  });
}

// Too many open files, most likely: those who wait to be accepted go on waiting.
void RespServer::accept_later(const error_code& why) {
  if (!std::exchange(crowded_, true)) spdlog::warn("cannot accept because=\"{}\"", why.message());
  retry_.expires_after(kAcceptAgain);
  retry_.async_wait([this](const error_code& stopped) {
    if (!stopped && acceptor_.is_open()) accept();
  });
}

void RespServer::take_in(tcp::socket socket) {
  error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error) return;  // it has gone already
  socket.set_option(tcp::no_delay(true), error);
  socket.non_blocking(true, error);
  const std::string peer = remote.address().to_string() + ":" + std::to_string(remote.port());
  const std::optional<resp::ConnectionId> id = gateway_.open(now(), peer);
  if (!id) {
    socket.write_some(asio::buffer(resp::kTooMany), error);
    return;
  }
  if (links_.size() <= id->place) links_.resize(id->place + std::size_t{1});
  std::shared_ptr<RespLink>& link = links_[id->place];
  if (tls_) {
    link = std::make_shared<TlsLink>(*this, *id, std::move(socket), *tls_);
  } else {
    link = std::make_shared<TcpLink>(*this, *id, std::move(socket));
  }
  link->start();
}

}  // namespace norn::host
