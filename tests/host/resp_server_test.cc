// The gateway's sockets, with clients on real ones in the same thread. Nobody answers for the store: what is
// asked here concerns the gateway alone (PING, ECHO). Loops are bounded only so that a test that fails ends.
#include "replica/host/resp_server.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <functional>
#include <spdlog/spdlog.h>

#include "tests/host/certificate.h"
#include "tests/host/host_testing.h"
#include "tests/host/limits.h"

namespace norn::host {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Nowhere final : net::Transport {
  void send(Address, Bytes) override {}
};

client::Options nobody() {
  client::Options options;
  options.replicas = {{{1}, make_address(INADDR_LOOPBACK, 9)}};
  return options;
}

resp::Options up_to(std::size_t connections) {
  resp::Options options;
  options.connections_max = connections;
  return options;
}

class House {
 public:
  explicit House(ServeOptions options = {}, std::size_t connections_max = 1000)
      : gateway(up_to(connections_max), nobody(), Rng(1), clock.now()),
        server(io, on_loopback(std::move(options)), clock, gateway) {}

  // Runs turns until it is so. False: it never was.
  bool until(const std::function<bool()>& so) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!so()) {
      if (std::chrono::steady_clock::now() > end) return false;
      turn();
    }
    return true;
  }
  void turn() {
    if (io.poll() == 0) io.run_one_for(std::chrono::milliseconds(1));
    gateway.settle(clock.now(), nowhere);
    server.attend();
  }
  std::size_t connected() const { return gateway.house().connected; }

  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  RealTime clock;
  Nowhere nowhere;
  resp::Gateway gateway;
  RespServer server;

 private:
  static ServeOptions on_loopback(ServeOptions options) {
    options.resp = make_address(INADDR_LOOPBACK, 0);
    return options;
  }
};

// A client whose socket never blocks.
class Caller {
 public:
  explicit Caller(House& house) : socket_(house.io, tcp::v4()) { connect(house); }
  Caller(House& house, tcp::socket socket) : socket_(std::move(socket)) { connect(house); }

  // Returns what was taken of it.
  std::size_t write(std::string_view text) {
    error_code error;
    return socket_.write_some(asio::buffer(text), error);
  }
  // What has come so far.
  const std::string& heard() {
    std::array<char, 65'536> piece{};
    error_code error;
    while (const std::size_t size = socket_.read_some(asio::buffer(piece), error))
      heard_.append(piece.data(), size);
    ended_ = ended_ || (error && error != asio::error::would_block);
    return heard_;
  }
  bool ended() {
    heard();
    return ended_;
  }
  bool ask(House& house, std::string_view text, std::string_view answer) {
    write(text);
    return house.until([&] { return heard() == answer; });
  }
  tcp::socket& socket() { return socket_; }

 private:
  void connect(House& house) {
    const Address to = house.server.local();
    socket_.connect({asio::ip::address_v4(ip_of(to)), port_of(to)});
    socket_.non_blocking(true);
  }
  tcp::socket socket_;
  std::string heard_;
  bool ended_ = false;
};

TEST_CASE("a client is answered, in order, however its bytes are cut") {
  House house;
  Caller caller(house);
  CHECK(caller.ask(house, "PING\r\n", "+PONG\r\n"));
  for (const char byte : std::string("*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n")) {
    caller.write({&byte, 1});
    house.turn();
  }
  CHECK(caller.ask(house, "PING\r\nPING\r\n", "+PONG\r\n$2\r\nhi\r\n+PONG\r\n+PONG\r\n"));
  CHECK(house.connected() == 1);
}

TEST_CASE("who says QUIT, or ends, is answered what he asked and let go") {
  House house;
  Caller quits(house);
  quits.write("PING\r\nQUIT\r\n");
  CHECK(house.until([&] { return quits.ended(); }));
  CHECK(quits.heard() == "+PONG\r\n+OK\r\n");
  Caller ends(house);
  ends.write("PING\r\n");
  ends.socket().shutdown(tcp::socket::shutdown_send);
  CHECK(house.until([&] { return ends.ended(); }));
  CHECK(ends.heard() == "+PONG\r\n");
  {
    Caller breaks(house);
    CHECK(breaks.ask(house, "PING\r\n", "+PONG\r\n"));
    breaks.write("PING\r\n");
    breaks.socket().set_option(asio::socket_base::linger(true, 0));
  }
  CHECK(house.until([&] { return house.connected() == 0; }));
}

TEST_CASE(
    "many clients are served, those above the limit told so, and a place that came free is given again") {
  House house({}, 100);
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < 100; ++i) callers.push_back(std::make_unique<Caller>(house));
  for (auto& caller : callers) CHECK(caller->ask(house, "PING\r\n", "+PONG\r\n"));
  Caller extra(house);
  CHECK(house.until([&] { return extra.ended(); }));
  CHECK(extra.heard() == resp::kTooMany);
  CHECK(house.connected() == 100);
  callers.resize(50);
  CHECK(house.until([&] { return house.connected() == 50; }));
  Caller next(house);
  CHECK(next.ask(house, "PING\r\n", "+PONG\r\n"));
  for (auto& caller : callers) CHECK(caller->ask(house, "PING\r\n", "+PONG\r\n+PONG\r\n"));
}

TEST_CASE("a client that never reads is held back, others do not notice, and he gets all once he reads") {
  House house;
  Caller hog(house);
  Caller other(house);
  const std::string request = "*2\r\n$4\r\nECHO\r\n$10000\r\n" + std::string(10'000, 'x') + "\r\n";
  const std::string reply = "$10000\r\n" + std::string(10'000, 'x') + "\r\n";
  std::size_t taken = 0;
  // Until the system and the gateway hold all that they may of him, for a good while.
  for (int idle = 0; idle < 50;) {
    const std::size_t more = hog.write(std::string_view(request).substr(taken % request.size()));
    taken += more;
    idle = more == 0 ? idle + 1 : 0;
    REQUIRE(taken < std::size_t{256} << 20);
    house.turn();
  }
  CHECK(other.ask(house, "PING\r\n", "+PONG\r\n"));
  std::size_t expected = taken / request.size() * reply.size();
  CHECK(house.until([&] { return hog.heard().size() >= expected; }));
  while (taken % request.size() != 0) {
    taken += hog.write(std::string_view(request).substr(taken % request.size()));
    house.turn();
  }
  expected = taken / request.size() * reply.size();
  CHECK(house.until([&] { return hog.heard().size() >= expected; }));
  CHECK(hog.heard().size() == expected);
  CHECK(hog.heard().substr(expected - reply.size()) == reply);
}

TEST_CASE("when the system has no room for another socket, those who wait are served once it has") {
  House house;
  Caller before(house);
  CHECK(before.ask(house, "PING\r\n", "+PONG\r\n"));
  tcp::socket socket(house.io, tcp::v4());
  std::optional<Caller> waits;
  {
    // UndefinedBehaviorSanitizer opens a pipe the first time it looks at an object's type: those of the
    // logger are looked at here, while there is room.
    spdlog::warn("{}", "soon there is no room for another socket");
    const Limit limit(RLIMIT_NOFILE, static_cast<rlim_t>(socket.native_handle()) + 1);
    waits.emplace(house, std::move(socket));
    waits->write("PING\r\n");
    for (int i = 0; i < 20; ++i) house.turn();
    CHECK(before.ask(house, "PING\r\n", "+PONG\r\n+PONG\r\n"));
    CHECK(house.connected() == 1);
  }
  CHECK(house.until([&] { return waits->heard() == "+PONG\r\n"; }));
}

TEST_CASE("after stop nobody is taken in, and who is there stays") {
  House house;
  Caller caller(house);
  CHECK(caller.ask(house, "PING\r\n", "+PONG\r\n"));
  const Address at = house.server.local();
  house.server.stop();
  house.turn();
  tcp::socket late(house.io);
  error_code error;
  late.connect({asio::ip::address_v4(ip_of(at)), port_of(at)}, error);
  CHECK(error == asio::error::connection_refused);
  CHECK(caller.ask(house, "PING\r\n", "+PONG\r\n+PONG\r\n"));
}

TEST_CASE("a port in use, and files that are no certificates, are refused by the option's name") {
  House house;
  ServeOptions options;
  options.resp = house.server.local();
  const auto refused = [&] {
    return refusal([&] { const RespServer server(house.io, options, house.clock, house.gateway); });
  };
  CHECK(refused() == "--resp: TCP port " + to_text(*options.resp) +
                         " is in use by another process; stop it, or choose another port");
  const TemporaryDirectory at;
  options.tls_cert = at.file("none");
  options.tls_key = at.file("none");
  CHECK(refused() == "--tls-cert: cannot use " + at.file("none") + ": No such file or directory");
  make_certificate(at.file("cert"), at.file("key"));
  make_certificate(at.file("other_cert"), at.file("other_key"));
  options.tls_cert = at.file("cert");
  options.tls_key = at.file("other_key");
  CHECK(
      contains(refused(), "--tls-key: cannot use " + at.file("other_key") +
                              ": it must hold the private key of --tls-cert, without a passphrase, as PEM"));
  options.tls_key = at.file("key");
  options.tls_ca = at.file("none");
  CHECK(refused() == "--tls-ca: cannot use " + at.file("none") + ": No such file or directory");
  options.tls_ca = at.file("key");
  CHECK(
      contains(refused(), "--tls-ca: cannot use " + at.file("key") + ": it must hold certificates, as PEM"));
  options.tls_cert = at.file("key");
  CHECK(contains(refused(),
                 "--tls-cert: cannot use " + at.file("key") + ": it must hold a certificate, as PEM"));
}

// A client that speaks TLS over a socket that is driven by the house's loop.
class TlsCaller {
 public:
  explicit TlsCaller(House& house) : caller_(house), stream_(caller_.socket(), context_) {
    stream_.async_handshake(asio::ssl::stream_base::client, [this](const error_code& error) {
      greeted_ = true;
      error_ = error;
    });
  }
  bool greeted() const { return greeted_ && !error_; }
  bool ask(House& house, std::string_view text, std::string_view answer) {
    if (!house.until([&] { return greeted_; }) || error_) return false;
    std::string heard(answer.size(), '\0');
    bool done = false;
    asio::async_write(stream_, asio::buffer(text), [](const error_code&, std::size_t) {});
    asio::async_read(stream_, asio::buffer(heard), [&](const error_code&, std::size_t) { done = true; });
    return house.until([&] { return done; }) && heard == answer;
  }
  // How what is heard ends; nothing: it does not.
  error_code end(House& house) {
    error_code error;
    char further = 0;
    stream_.async_read_some(asio::buffer(&further, 1),
                            [&](const error_code& how, std::size_t) { error = how; });
    return house.until([&] { return bool(error); }) ? error : error_code();
  }
  Caller& caller() { return caller_; }

 private:
  asio::ssl::context context_{asio::ssl::context::tls_client};
  Caller caller_;
  asio::ssl::stream<tcp::socket&> stream_;
  bool greeted_ = false;
  error_code error_;
};

struct Secured {
  TemporaryDirectory at;
  ServeOptions options;
  Secured() {
    options.tls_cert = at.file("cert");
    options.tls_key = at.file("key");
    make_certificate(options.tls_cert, options.tls_key);
  }
};

TEST_CASE("over TLS a client is answered as over TCP, large answers too") {
  const Secured secured;
  House house(secured.options);
  TlsCaller caller(house);
  CHECK(caller.ask(house, "PING\r\n", "+PONG\r\n"));
  const std::string large(200'000, 'x');
  CHECK(
      caller.ask(house, "*2\r\n$4\r\nECHO\r\n$200000\r\n" + large + "\r\n", "$200000\r\n" + large + "\r\n"));
}

TEST_CASE("the end of a TLS connection is told, so that it cannot be taken for a cut") {
  const Secured secured;
  House house(secured.options);
  TlsCaller leaves(house);
  CHECK(leaves.ask(house, "PING\r\nQUIT\r\n", "+PONG\r\n+OK\r\n"));
  CHECK(leaves.end(house) == asio::error::eof);  // not stream_truncated
  TlsCaller kills(house);
  TlsCaller killed(house);
  CHECK(killed.ask(house, "CLIENT SETNAME x\r\nCLIENT ID\r\n", "+OK\r\n:3\r\n"));
  CHECK(kills.ask(house, "CLIENT KILL ID 3\r\n", ":1\r\n"));
  CHECK(killed.end(house) == asio::error::eof);
  CHECK(house.until([&] { return house.connected() == 1; }));
}

TEST_CASE("who does not answer the end of a TLS connection is not waited for") {
  const Secured secured;
  House house(secured.options);
  TlsCaller silent(house);
  CHECK(silent.ask(house, "QUIT\r\n", "+OK\r\n"));
  CHECK(house.until([&] { return silent.caller().ended(); }));
  CHECK(house.connected() == 0);
}

TEST_CASE("who speaks no TLS is let go, who says nothing or vanishes in the handshake holds up nobody") {
  const Secured secured;
  House house(secured.options);
  Caller silent(house);
  Caller plain(house);
  plain.write("PING\r\n");
  CHECK(house.until([&] { return plain.ended(); }));
  { const Caller vanishes(house); }
  TlsCaller caller(house);
  CHECK(caller.ask(house, "PING\r\n", "+PONG\r\n"));
  CHECK(house.until([&] { return house.connected() == 2; }));
}

TEST_CASE("with --tls-ca, who shows no certificate is not served") {
  Secured secured;
  secured.options.tls_ca = secured.options.tls_cert;
  House house(secured.options);
  TlsCaller caller(house);
  CHECK_FALSE(caller.ask(house, "PING\r\n", "+PONG\r\n"));
  CHECK(house.until([&] { return house.connected() == 0; }));
}

}  // namespace
}  // namespace norn::host
