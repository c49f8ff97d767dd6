// Opening a data directory. Every refusal names the directory, what is wrong with it, and what to do.
#include "replica/host/data_directory.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replica/host/failure.h"

namespace norn::host {
namespace {

constexpr const char* kFirstLine = "norn data directory, version 1\n";

// Also makes what is missing above it, and makes the names durable: else a crash of the machine could take
// away the directory, and all that was acknowledged with it.
void make_directory(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return;
  const std::filesystem::path parent = std::filesystem::absolute(path).parent_path();
  if (parent != path) make_directory(parent);
  std::filesystem::create_directory(path);
  const Descriptor above(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!above || fsync(above.get()) != 0)
    throw std::filesystem::filesystem_error("fsync", parent, std::error_code(errno, std::generic_category()));
}

std::string cluster_line(const Identity& identity) { return "cluster " + identity.cluster + "\n"; }

std::string replica_line(const Identity& identity) {
  std::string line = "replica " + std::to_string(identity.id.value) + " of";
  for (const NodeId voter : identity.voters) line += " " + std::to_string(voter.value);
  return line + "\n";
}

std::string text_of(const Identity& identity) {
  return kFirstLine + cluster_line(identity) + replica_line(identity);
}

}  // namespace

DataDirectory::DataDirectory(std::string path, Identity identity)
    : path_(std::move(path)), identity_(std::move(identity)) {
  try {
    make_directory(path_);
  } catch (const std::filesystem::filesystem_error& error) {
    throw Failure("cannot make the data directory " + path_ + ": " + error.code().message());
  }
  directory_ = Descriptor(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) throw Failure("cannot open the data directory " + path_ + ": " + std::strerror(errno));
  lock();
  check_identity();
}

// The lock goes with the process, however it ends.
void DataDirectory::lock() {
  lock_ = Descriptor(openat(descriptor(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) throw Failure("cannot write in the data directory " + path_ + ": " + std::strerror(errno));
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK)
    throw Failure("cannot lock the data directory " + path_ + ": " + std::strerror(errno));
  throw Failure("the data directory " + path_ + " is in use by another process; stop that one first");
}

void DataDirectory::check_identity() {
  const std::optional<std::string> found = read_text(descriptor(), "identity");
  if (!found) throw Failure("cannot read " + path_ + "/identity: " + std::strerror(errno));
  struct stat wal {};
  const bool has_wal = fstatat(descriptor(), "wal", &wal, 0) == 0;
  const std::string where = "the data directory " + path_ + " ";
  if (found->empty()) {
    if (has_wal && wal.st_size != 0)
      throw Failure(where + "holds a log but no file 'identity': it is not known whose it is");
    return;
  }
  if (!found->starts_with(kFirstLine))
    throw Failure(where + "was written by another version (its file 'identity' does not begin with '" +
                  std::string(kFirstLine, std::strlen(kFirstLine) - 1) + "')");
  if (found->find(cluster_line(identity_)) == std::string::npos)
    throw Failure(where + "belongs to another cluster than '" + identity_.cluster +
                  "'; see its file 'identity', and --cluster-name");
  if (*found != text_of(identity_))
    throw Failure(where + "belongs to another replica, or to a cluster with other members, than '" +
                  replica_line(identity_).substr(0, replica_line(identity_).size() - 1) +
                  "'; see its file 'identity', --id and --cluster");
  if (!has_wal)
    throw Failure(
        where + "has lost its file 'wal', and with it what this replica promised; put it back, or let the " +
        "replica begin anew in an empty directory while all others are up");
  claimed_ = true;
}

// The log's file first, empty: from then on a directory with an owner and without that file has lost it.
void DataDirectory::claim() {
  if (claimed_) return;
  if (write_new(descriptor(), "wal", {}) != DiskStatus::ok)
    throw Failure("cannot write " + path_ + "/wal: " + std::strerror(errno));
  if (write_new(descriptor(), "identity", as_bytes(text_of(identity_))) != DiskStatus::ok)
    throw Failure("cannot write " + path_ + "/identity: " + std::strerror(errno));
  claimed_ = true;
}

}  // namespace norn::host
