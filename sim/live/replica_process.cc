#include "sim/live/replica_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <unistd.h>
#include <utility>

#include "replica/host/address.h"
#include "replica/host/failure.h"
#include "replica/host/files.h"

namespace norn::sim {
namespace {

namespace asio = boost::asio;

// Where the content ends: behind it a WAL's file holds zeros only, allocated ahead.
std::size_t content_size(const Buffer& file) {
  const auto last =
      std::find_if(file.rbegin(), file.rend(), [](std::byte byte) { return byte != std::byte{}; });
  return static_cast<std::size_t>(file.rend() - last);
}

}  // namespace

ReplicaProcess::ReplicaProcess(asio::io_context& io, NodeId id, const std::string& folder,
                               std::function<void(Exit)> ended)
    : io_(io),
      data_(folder + "/r" + std::to_string(id.value)),
      log_(data_ + ".log"),
      ended_(std::move(ended)),
      reserved_(io) {
  choose_home();
}

void ReplicaProcess::set_command(std::vector<std::string> command) {
  command_ = std::move(command);
  command_.insert(command_.end(), {"--data", data_});
}

// Takes a free port. One that the system would give to whoever asks for any could be gone by the time that
// the process binds it; these are below.
void ReplicaProcess::choose_home() {
  constexpr std::uint32_t kFirstPort = 20'000;
  constexpr std::uint32_t kPorts = 12'000;
  const std::uint32_t begin = static_cast<std::uint32_t>(getpid()) * 16;  // away from others of our kind
  for (std::uint32_t i = 0; i < kPorts; ++i) {
    home_ =
        host::make_address(INADDR_LOOPBACK, static_cast<std::uint16_t>(kFirstPort + (begin + i) % kPorts));
    if (!reserve()) return;
  }
  throw host::Failure("no UDP port is free on loopback");
}

void ReplicaProcess::reserve_again() {
  if (const auto error = reserve())
    throw host::Failure("somebody else has taken UDP " + host::to_text(home_) + ": " + error.message());
}

// Takes the port, as long as no process has it.
boost::system::error_code ReplicaProcess::reserve() {
  boost::system::error_code error;
  reserved_.open(asio::ip::udp::v4(), error);
  if (!error) reserved_.bind({asio::ip::address_v4(host::ip_of(home_)), host::port_of(home_)}, error);
  boost::system::error_code ignored;
  if (error) reserved_.close(ignored);
  return error;
}

void ReplicaProcess::start() {
  std::error_code none_yet;
  const auto size = std::filesystem::file_size(log_, none_yet);
  log_from_ = none_yet ? 0 : size;
  reserved_.close();
  process_ = std::make_unique<Process>(io_, command_, log_, [this](Exit exit) { on_ended(exit); });
  ++incarnation_;
  paused_ = false;
}

void ReplicaProcess::kill() {
  process_.reset();
  paused_ = false;
  reserve_again();
}

void ReplicaProcess::on_ended(Exit exit) {
  const std::unique_ptr<Process> calls_us = std::move(process_);
  paused_ = false;
  reserve_again();
  ended_(exit);
}

void ReplicaProcess::pause() {
  process_->signal(SIGSTOP);
  paused_ = true;
}

void ReplicaProcess::resume() {
  process_->signal(SIGCONT);
  paused_ = false;
}

std::vector<std::string> ReplicaProcess::lines() const {
  std::vector<std::string> lines;
  std::ifstream log(log_);
  log.seekg(static_cast<std::streamoff>(log_from_));
  for (std::string line; std::getline(log, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::string ReplicaProcess::last_words(std::size_t lines) const {
  const std::vector<std::string> all = this->lines();
  std::string words;
  for (std::size_t i = all.size() - std::min(lines, all.size()); i < all.size(); ++i)
    words += (words.empty() ? "" : " | ") + all[i];
  return words;
}

std::string ReplicaProcess::recovery_note() const {
  constexpr std::string_view kNote = "recovered note=\"";
  for (const std::string& line : lines()) {
    const std::size_t at = line.find(kNote);
    if (at == std::string::npos) continue;
    const std::size_t begin = at + kNote.size();
    return line.substr(begin, line.rfind('"') - begin);
  }
  return {};
}

bool ReplicaProcess::rot(storage::File file, Ratio where, std::uint32_t bits) const {
  const std::string path = data_ + (file == storage::File::wal ? "/wal" : "/snapshot");
  std::optional<Buffer> content = host::read_file(AT_FDCWD, path.c_str());
  const std::size_t size = content ? content_size(*content) : 0;
  if (size == 0) return false;
  const std::size_t room = size * 8 - std::min<std::size_t>(bits, size * 8);  // the last bit to start at
  const std::size_t first = std::min(size * where.ppm / kPpm * 8, room);
  const std::size_t end = std::min(first + bits, size * 8);
  for (std::size_t bit = first; bit < end; ++bit) (*content)[bit / 8] ^= std::byte{1} << (bit % 8);
  const host::Descriptor opened(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const Bytes rotten = Bytes(*content).subspan(first / 8, (end + 7) / 8 - first / 8);
  return opened && host::write_all(opened.get(), first / 8, rotten) == storage::DiskStatus::ok;
}

}  // namespace norn::sim
