// One replica as a process: `replica serve` on a data directory of its own, killed and started again as often
// as a scenario asks. While it is down its port stays taken, so that nobody else gets it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replica/base/types.h"
#include "replica/storage/disk.h"

#include "sim/live/process.h"

namespace norn::sim {

class ReplicaProcess {
 public:
  // Takes a free port of loopback's. Files: FOLDER/rID and FOLDER/rID.log. Throws host::Failure.
  ReplicaProcess(boost::asio::io_context& io, NodeId id, const std::string& folder,
                 std::function<void(Exit)> ended);

  Address home() const { return home_; }
  // The program and all its arguments but for the data directory, which is added.
  void set_command(std::vector<std::string> command);

  void start();   // it is down. Throws host::Failure
  void kill();    // it is up: SIGKILL
  void pause();   // SIGSTOP
  void resume();  // SIGCONT
  bool up() const { return process_ != nullptr; }
  bool paused() const { return paused_; }
  std::uint32_t incarnation() const { return incarnation_; }  // from 1

  // The last lines that it has written since it was started, at most so many, as one line.
  std::string last_words(std::size_t lines) const;
  // What it said at its start about what it found on its disk; empty: nothing.
  std::string recovery_note() const;

  // As Stage::rot. The file is changed under the process, if it is up.
  bool rot(storage::File file, Ratio where, std::uint32_t bits) const;

 private:
  void on_ended(Exit exit);
  void choose_home();
  void reserve_again();
  boost::system::error_code reserve();
  std::vector<std::string> lines() const;  // written since it was started

  boost::asio::io_context& io_;
  std::string data_;
  std::string log_;
  std::function<void(Exit)> ended_;
  std::vector<std::string> command_;
  Address home_;
  boost::asio::ip::udp::socket reserved_;
  std::unique_ptr<Process> process_;
  bool paused_ = false;
  std::uint32_t incarnation_ = 0;
  std::uint64_t log_from_ = 0;  // where in the log its present, or last, process began to write
};

}  // namespace norn::sim
