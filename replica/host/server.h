// A replica as a process: the loop that brings datagrams, completed syncs, deadlines and clients' bytes to
// the replica, settles it, and lets its output go. One thread does all of that; only the disk has threads of
// its own.
//
// A turn takes everything that has arrived, so that whatever came together shares a group commit, a round and
// a batch of datagrams.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <vector>

#include "replica/host/data_directory.h"
#include "replica/host/file_disk.h"
#include "replica/host/options.h"
#include "replica/host/ports.h"
#include "replica/host/real_time.h"
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
  void settle(Time now);
  void hand_over(Time now);
  bool ended(Time now) const;
  void watch_socket();
  Time deadline() const;

  ServeOptions options_;
  boost::asio::io_context io_{1};
  RealTime clock_;
  boost::asio::signal_set signals_{io_};
  DataDirectory directory_;
  UdpSocket socket_;
  LocalQueue local_;
  Port port_;
  FileDisk disk_;
  Replica replica_;
  Watch watch_;

  bool received_ = true;  // something may be waiting in the socket
  std::vector<Synced> synced_;
  Time end_at_ = kNever;  // told to end: by then at the latest
};

}  // namespace norn::host
