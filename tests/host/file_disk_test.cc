// The disk on real files: by itself, and under a whole replica that is started again on what it left.
#include "replica/host/file_disk.h"

#include <condition_variable>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>

#include "replica/client/client.h"
#include "replica/kv/command.h"
#include "replica/kv/result.h"
#include "replica/replica.h"

#include "tests/host/host_testing.h"
#include "tests/host/limits.h"

namespace norn::host {
namespace {

using storage::File;
using storage::SyncTicket;

// Hands completions over from the disk's threads.
class Completions {
 public:
  struct One {
    SyncTicket ticket;
    DiskStatus status;
  };
  void add(SyncTicket ticket, DiskStatus status) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({ticket, status});
    wake_.notify_one();
  }
  One wait() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return !waiting_.empty(); });
    const One one = waiting_.front();
    waiting_.pop_front();
    return one;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return waiting_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<One> waiting_;
};

class Disk {
 public:
  explicit Disk(const std::string& directory)
      : directory_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
        files_(directory_.get(),
               [this](SyncTicket ticket, DiskStatus status) { done_.add(ticket, status); }) {}

  FileDisk& files() { return files_; }
  Completions& done() { return done_; }

  DiskStatus append(std::string_view text) {
    CHECK(files_.append(File::wal, as_bytes(text)) == DiskStatus::ok);
    files_.sync(File::wal, {++ticket_});
    return complete();
  }
  DiskStatus replace(File file, std::string_view text) {
    const Bytes bytes = as_bytes(text);
    files_.replace(file, std::make_shared<const Buffer>(bytes.begin(), bytes.end()), {++ticket_});
    return complete();
  }

 private:
  DiskStatus complete() {
    const auto [ticket, status] = done_.wait();
    CHECK(ticket == SyncTicket{ticket_});
    CHECK(files_.idle());
    return status;
  }

  Descriptor directory_;
  Completions done_;
  FileDisk files_;  // last: its threads end before what they use
  std::uint64_t ticket_ = 0;
};

// What stands in a file that may have been allocated ahead.
std::string content(std::string text) {
  text.resize(text.find_last_not_of('\0') + 1);
  return text;
}

TEST_CASE("what was synced is read back by the next process, and nothing but zeros behind it") {
  const TemporaryDirectory at;
  {
    Disk disk(at.path());
    CHECK(disk.files().read(File::wal)->empty());
    CHECK(disk.files().read(File::snapshot)->empty());
    CHECK(disk.replace(File::wal, "image") == DiskStatus::ok);
    CHECK(disk.append(" one") == DiskStatus::ok);
    CHECK(disk.append(" two") == DiskStatus::ok);
    CHECK(disk.replace(File::snapshot, "snapshot") == DiskStatus::ok);
    CHECK(content(content_of(at.file("wal"))) == "image one two");
  }
  Disk disk(at.path());
  CHECK(content(std::string(as_text(*disk.files().read(File::wal)))) == "image one two");
  CHECK(as_text(*disk.files().read(File::snapshot)) == "snapshot");
  CHECK(disk.files().error() == 0);
}

TEST_CASE("a WAL grows beyond what was allocated ahead") {
  const TemporaryDirectory at;
  Disk disk(at.path());
  const std::string large(std::size_t{3} << 20, 'x');
  REQUIRE(disk.replace(File::wal, "image") == DiskStatus::ok);
  for (int i = 0; i < 3; ++i) CHECK(disk.append(large) == DiskStatus::ok);
  CHECK(content(content_of(at.file("wal"))) == "image" + large + large + large);
}

TEST_CASE("a file that another process only began to replace is as it was, and the beginning is removed") {
  const TemporaryDirectory at;
  put_content(at.file("wal"), "old");
  put_content(at.file("wal.new"), "half of the n");
  put_content(at.file("snapshot.new"), "half of the n");
  Disk disk(at.path());
  CHECK(as_text(*disk.files().read(File::wal)) == "old");
  CHECK_FALSE(std::filesystem::exists(at.file("wal.new")));
  CHECK_FALSE(std::filesystem::exists(at.file("snapshot.new")));
}

TEST_CASE("an appended record that does not fit is reported as full, and an image that fits is taken") {
  const TemporaryDirectory at;
  Disk disk(at.path());
  const FileSizeLimit limit(8192);
  REQUIRE(disk.replace(File::wal, "image") == DiskStatus::ok);
  CHECK(disk.append(" fits") == DiskStatus::ok);
  CHECK(disk.append(std::string(8192, 'x')) == DiskStatus::full);
  CHECK(content_of(at.file("wal")).starts_with("image fits"));
  CHECK(disk.replace(File::snapshot, std::string(8193, 'x')) == DiskStatus::full);
  CHECK(disk.replace(File::wal, "new image") == DiskStatus::ok);
  CHECK(disk.append(" goes on") == DiskStatus::ok);
  CHECK(content(content_of(at.file("wal"))) == "new image goes on");
  CHECK(disk.files().error() == 0);
}

TEST_CASE("an operation that failed for another reason says for which") {
  const TemporaryDirectory at;
  Disk disk(at.path());
  std::filesystem::create_directory(at.file("snapshot.new"));
  CHECK(disk.replace(File::snapshot, "snapshot") == DiskStatus::failed);
  CHECK(disk.files().error() == EISDIR);
}

// This process's open WAL becomes a file that takes every write and cannot be synced: /dev/null.
void break_sync(const std::string& wal) {
  const Descriptor nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  int broken = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the descriptor that the iterator itself reads
    if (std::filesystem::read_symlink(entry, gone) != wal) continue;
    REQUIRE(dup2(nothing.get(), std::stoi(entry.path().filename())) >= 0);
    ++broken;
  }
  REQUIRE(broken == 1);
}

TEST_CASE("a record that was written and could not be synced has failed, and says why") {
  const TemporaryDirectory at;
  Disk disk(at.path());
  REQUIRE(disk.replace(File::wal, "image") == DiskStatus::ok);
  CHECK(disk.append(" one") == DiskStatus::ok);
  break_sync(at.file("wal"));
  CHECK(disk.append(" two") == DiskStatus::failed);
  CHECK(disk.files().error() == EINVAL);
  CHECK(content(content_of(at.file("wal"))) == "image one");
}

TEST_CASE("a file that cannot be read, or not be synced, is not taken for an empty one") {
  const TemporaryDirectory at;
  std::filesystem::create_directory(at.file("snapshot"));
  REQUIRE(mkfifo(at.file("wal").c_str(), 0600) == 0);  // opens, and cannot be synced
  Disk disk(at.path());
  CHECK_FALSE(disk.files().read(File::snapshot));
  CHECK(disk.files().error() == EISDIR);
  CHECK_FALSE(disk.files().read(File::wal));
  CHECK(disk.files().error() == EINVAL);
}

TEST_CASE("jobs are done in order, and the worker's end waits for them") {
  std::vector<int> done;
  {
    Worker worker;
    for (int i = 0; i < 100; ++i) worker.queue([&done, i] { done.push_back(i); });
  }
  REQUIRE(done.size() == 100);
  CHECK(std::is_sorted(done.begin(), done.end()));
}

constexpr Address kReplica{1};
constexpr Address kClient{2};

ReplicaOptions alone() {
  ReplicaOptions options;
  options.cluster = {7};
  options.raft.id = {1};
  options.raft.voters = {{1}};
  options.addresses = {{}, kReplica};
  options.compact_after_bytes = std::uint64_t{64} << 20;
  return options;
}

client::Options towards_it() {
  client::Options options;
  options.cluster = {7};
  options.replicas = {{{1}, kReplica}};
  return options;
}

struct Sent final : net::Transport {
  void send(Address, Bytes datagram) override { datagrams.emplace_back(datagram.begin(), datagram.end()); }
  std::vector<Buffer> datagrams;
};

// A cluster of one on real files, in virtual time, with its client: time passes only while the disk rests.
class Process {
 public:
  explicit Process(const std::string& directory)
      : disk_(directory),
        replica_(alone(), disk_.files(), Rng(1), now_),
        client_(towards_it(), Rng(2), now_) {
    REQUIRE_FALSE(replica_.stopped());
  }
  void turn() {
    step();
    REQUIRE_FALSE(replica_.stopped());
  }
  void step() {
    if (!disk_.files().idle() || !disk_.done().empty()) {
      const auto [ticket, status] = disk_.done().wait();
      replica_.on_synced(now_, ticket, status);
    } else {
      now_ = std::max(now_, std::min(replica_.deadline(), client_.deadline()));
    }
    if (now_ >= replica_.deadline()) replica_.on_deadline(now_);
    client_.on_deadline(now_);
    client_.settle(now_, asked_);
    for (const Buffer& datagram : std::exchange(asked_.datagrams, {}))
      replica_.on_datagram(now_, kClient, datagram);
    replica_.settle(now_, answered_, disk_.files());
    for (const Buffer& datagram : std::exchange(answered_.datagrams, {}))
      client_.on_datagram(now_, kReplica, datagram);
  }

  void begin(const kv::Command& command) { REQUIRE(client_.submit(now_, 0, kv::encode(command))); }
  // Until the replica has stopped: why it has. Nobody may be answered meanwhile.
  std::string stop() {
    for (int i = 0; !replica_.stopped(); ++i) {
      REQUIRE(i < 1000);
      step();
      REQUIRE_FALSE(answered());
    }
    return *replica_.stopped();
  }

  bool answered() { return !client_.completions().empty(); }
  kv::Result finish() {
    while (!answered()) turn();
    const client::Completion one = std::move(client_.completions().front());
    client_.completions().clear();
    REQUIRE(one.verdict == client::Verdict::done);
    return *kv::Result::parse(one.result);
  }
  kv::Result ask(const kv::Command& command) {
    begin(command);
    return finish();
  }
  void put(const std::string& key, const std::string& value) {
    CHECK(ask({.kind = kv::CommandKind::put, .pairs = {{key, value}}}).status == kv::Status::ok);
  }
  std::optional<std::string> get(const std::string& key) {
    return ask({.kind = kv::CommandKind::get, .pairs = {{key}}}).items.at(0).value;
  }

  const Replica& replica() const { return replica_; }

 private:
  Time now_{};
  Disk disk_;
  Sent asked_;
  Sent answered_;
  Replica replica_;
  client::Client client_;
};

void check_all_there(Process& process, int count) {
  for (int i = 0; i < count; ++i) {
    CAPTURE(i);
    CHECK(process.get("key" + std::to_string(i)) == "value" + std::to_string(i));
  }
}

TEST_CASE("what was acknowledged is there after any number of restarts, and nobody speaks of a torn tail") {
  const TemporaryDirectory at;
  for (int round = 0; round < 5; ++round) {
    CAPTURE(round);
    Process process(at.path());
    CHECK(process.replica().recovery_note().empty());
    check_all_there(process, round * 10);
    for (int i = round * 10; i < round * 10 + 10; ++i)
      process.put("key" + std::to_string(i), "value" + std::to_string(i));
  }
}

TEST_CASE("a record that a killed process wrote in part is cut, in front of zeros as at the file's end") {
  for (const std::size_t zeros : {0, 1, 4096}) {
    CAPTURE(zeros);
    const TemporaryDirectory at;
    std::string whole;
    {
      Process process(at.path());
      for (int i = 0; i < 10; ++i) process.put("key" + std::to_string(i), "value" + std::to_string(i));
      whole = content_of(at.file("wal"));
      process.put("key10", std::string(1000, 'x'));
    }
    // As if the last record's sync had never completed: its head is there, its run in part.
    const std::string after = content(content_of(at.file("wal")));
    put_content(at.file("wal"),
                after.substr(0, after.size() - 500) + std::string(zeros == 0 ? 0 : 500 + zeros, '\0'));
    Process process(at.path());
    CHECK(contains(process.replica().recovery_note(), " bytes of a torn WAL tail were cut"));
    CHECK(process.replica().raft().fence() == Index{});
    check_all_there(process, 10);
    CHECK(process.get("key10") == std::nullopt);
    process.put("key10", "value10");
  }
}

TEST_CASE("a full disk stops acknowledging and loses nothing; with room again it goes on by itself") {
  const TemporaryDirectory at;
  {
    Process process(at.path());
    for (int i = 0; i < 5; ++i) process.put("key" + std::to_string(i), "value" + std::to_string(i));
    {
      const FileSizeLimit limit(std::filesystem::file_size(at.file("wal")));
      const kv::Command large{.kind = kv::CommandKind::put, .pairs = {{"large", std::string(1 << 20, 'x')}}};
      process.begin(large);
      for (int i = 0; !process.replica().disk_full(); ++i) {
        REQUIRE(i < 1000);
        process.turn();
        if (!process.answered()) continue;
        process.finish();
        process.begin(large);
      }
      for (int i = 0; i < 20; ++i) process.turn();
      CHECK(process.replica().disk_full());
    }
    CHECK(process.finish().status == kv::Status::ok);
    CHECK_FALSE(process.replica().disk_full());
    process.put("key5", "value5");
  }
  Process process(at.path());
  check_all_there(process, 6);
  CHECK(process.get("large")->size() == 1 << 20);
}

// What a failed fdatasync leaves on the disk nobody knows, and a second one that succeeds proves nothing
// (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020): the process ends, and
// the next one reads what is there.
TEST_CASE("when the WAL's sync fails the replica stops, with nothing acknowledged that is not there") {
  const TemporaryDirectory at;
  {
    Process process(at.path());
    for (int i = 0; i < 5; ++i) process.put("key" + std::to_string(i), "value" + std::to_string(i));
    break_sync(at.file("wal"));
    process.begin({.kind = kv::CommandKind::put, .pairs = {{"key5", "lost"}}});
    CHECK(process.stop() == "the disk failed to sync the WAL");
  }
  Process process(at.path());
  CHECK(process.replica().recovery_note().empty());
  check_all_there(process, 5);
  CHECK(process.get("key5") == std::nullopt);
  process.put("key5", "value5");
}

TEST_CASE("a disk that is full from the start: the replica waits, and begins with the first room") {
  const TemporaryDirectory at;
  {
    Process process(at.path());
    process.put("key0", "value0");
  }
  Process process(at.path());
  {
    const FileSizeLimit limit(16);
    for (int i = 0; i < 10; ++i) process.turn();
    CHECK(process.replica().disk_full());
  }
  check_all_there(process, 1);
}

}  // namespace
}  // namespace norn::host
