// A replica as a process: the loop that brings datagrams, completed syncs, deadlines and clients' bytes to
// the replica, settles it, and lets its output go. One thread does all of that; only the disk has threads of
// its own.
//
// A turn takes everything that has arrived, so that whatever came together shares a group commit, a round and
// a batch of datagrams.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <optional>
#include <vector>

#include "replica/host/data_directory.h"
#include "replica/host/file_disk.h"
#include "replica/host/options.h"
#include "replica/host/ports.h"
#include "replica/host/real_time.h"
#include "replica/host/resp_server.h"
#include "replica/host/udp_socket.h"
#include "replica/host/watch.h"
#include "replica/replica.h"

namespace norn::host {

class Server {
 public:
  // Opens everything and recovers. Throws Failure.
  explicit Server(const ServeOptions& options);

  // Serves until it is told to end (SIGTERM, SIGINT), or the replica stops for good. Throws Failure in the
  // latter case.
  void run();

 private:
  struct Synced {
    storage::SyncTicket ticket;
    storage::DiskStatus status;
  };

  void wait(Time until);
  void turn(Time now);
  void receive(Time now);
  void settle(Time now);
  void deliver(Time now);
  void tell_gateway(Time now);
  void begin_end(Time now);
  bool ended(Time now) const;
  Time deadline() const;

  ServeOptions options_;
  boost::asio::io_context io_{1};
  RealTime clock_;
  boost::asio::signal_set signals_{io_};
  DataDirectory directory_;
  LocalQueue local_;
  UdpSocket socket_;
  Port port_;
  UdpSocket gateway_socket_;
  Port gateway_port_;
  std::vector<Synced> synced_;  // reported by the disk since the last turn
  FileDisk disk_;
  Replica replica_;
  resp::Gateway gateway_;
  std::optional<RespServer> resp_;
  Watch watch_;

  bool arrived_ = true;  // something may be waiting in the replica's socket
  bool gateway_arrived_ = true;
  bool handed_over_ = false;
  Time status_due_{};
  Time end_at_ = kNever;  // told to end: by then at the latest
};

}  // namespace norn::host
