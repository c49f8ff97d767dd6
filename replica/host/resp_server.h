// The gateway's sockets: accepts Redis clients over TCP or TLS, hands their bytes to the gateway, and writes
// what it has for them. A link lives as long as its socket; reading stops while the gateway does not want
// more, so that TCP holds the client back.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "replica/host/options.h"
#include "replica/host/real_time.h"
#include "replica/resp/gateway.h"

namespace norn::host {

class RespServer;

// One client's socket. Made by the server; TCP and TLS differ in how bytes move (resp_server.cc).
class RespLink : public std::enable_shared_from_this<RespLink> {
 public:
  RespLink(RespServer& server, resp::ConnectionId id) : server_(server), id_(id) {}
  virtual ~RespLink() = default;
  RespLink(const RespLink&) = delete;
  RespLink& operator=(const RespLink&) = delete;

  virtual void start() { attend(); }
  // Does what the gateway wants: write, read, or close.
  void attend();
  resp::ConnectionId id() const { return id_; }

 protected:
  virtual void read() = 0;              // once; ends in on_read or on_end
  virtual void write(Bytes bytes) = 0;  // once, copying what it cannot write at once; ends in on_written
  virtual void part() { shut(); }       // all was said, and nothing is being written
  virtual void shut() = 0;

  void on_read(Bytes bytes);
  void on_end(bool orderly);  // nothing more will come; not orderly: the socket is broken
  void on_written(std::size_t size);
  RespServer& server() { return server_; }

 private:
  void end(bool whole);  // whole: no write is cut short

  RespServer& server_;
  resp::ConnectionId id_;
  bool reading_ = false;
  bool writing_ = false;
  bool ended_ = false;
};

class RespServer {
 public:
  // Listens. Throws Failure: the address is taken, a certificate cannot be read.
  RespServer(boost::asio::io_context& io, const ServeOptions& options, RealTime& clock,
             resp::Gateway& gateway);

  void attend();  // to all that the gateway has touched; at the end of a turn
  void stop();    // takes nobody in any more

  Address local() const;  // with the port that was taken
  resp::Gateway& gateway() { return gateway_; }
  Time now() { return clock_.now(); }
  Buffer& scratch() { return scratch_; }  // where a link reads into; free after on_read
  void remove(resp::ConnectionId id);

 private:
  void accept();
  void accept_later(const boost::system::error_code& why);
  void take_in(boost::asio::ip::tcp::socket socket);

  RealTime& clock_;
  resp::Gateway& gateway_;
  std::optional<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;               // to accept again, when the system had no room for one more
  bool crowded_ = false;                          // it had none, and the log knows
  std::vector<std::shared_ptr<RespLink>> links_;  // by place
  std::vector<resp::ConnectionId> touched_;
  Buffer scratch_;
};

}  // namespace norn::host
