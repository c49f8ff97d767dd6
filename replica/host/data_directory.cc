// Opening a data directory. Every refusal names the directory, what is wrong with it, and what to do.
#include "replica/host/data_directory.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>

#include "replica/host/failure.h"

namespace norn::host {
namespace {

constexpr const char* kFirstLine = "norn data directory, version 1\n";

std::string cluster_line(const Identity& identity) { return "cluster " + identity.cluster + "\n"; }

std::string replica_line(const Identity& identity) {
  std::string line = "replica " + std::to_string(identity.id.value) + " of";
  for (const NodeId voter : identity.voters) line += " " + std::to_string(voter.value);
  return line + "\n";
}

}  // namespace

DataDirectory::DataDirectory(std::string path, const Identity& identity) : path_(std::move(path)) {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) throw Failure("cannot make the data directory " + path_ + ": " + error.message());
  directory_ = Descriptor(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) throw Failure("cannot open the data directory " + path_ + ": " + std::strerror(errno));
  lock();
  check_identity(identity);
}

// The lock goes with the process, however it ends.
void DataDirectory::lock() {
  lock_ = Descriptor(openat(descriptor(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) throw Failure("cannot write in the data directory " + path_ + ": " + std::strerror(errno));
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    throw Failure("the data directory " + path_ + " is in use by another process; stop that one first");
}

void DataDirectory::check_identity(const Identity& identity) {
  const std::string expected = kFirstLine + cluster_line(identity) + replica_line(identity);
  const std::optional<std::string> found = read_text(descriptor(), "identity");
  if (!found) throw Failure("cannot read " + path_ + "/identity: " + std::strerror(errno));
  if (found->empty()) {
    struct stat wal {};
    if (fstatat(descriptor(), "wal", &wal, 0) == 0)
      throw Failure("the data directory " + path_ +
                    " holds a log but no file 'identity': it is not known whose it is");
    const DiskStatus written = write_new(descriptor(), "identity", as_bytes(expected));
    if (written != DiskStatus::ok)
      throw Failure("cannot write " + path_ + "/identity: " + std::strerror(errno));
    return;
  }
  if (*found == expected) return;
  const std::string where = "the data directory " + path_ + " ";
  if (!found->starts_with(kFirstLine))
    throw Failure(where + "was written by another version (its file 'identity' does not begin with '" +
                  std::string(kFirstLine, std::strlen(kFirstLine) - 1) + "')");
  if (found->find(cluster_line(identity)) == std::string::npos)
    throw Failure(where + "belongs to another cluster than '" + identity.cluster +
                  "'; see its file 'identity', and --cluster-name");
  throw Failure(where + "belongs to another replica, or to a cluster with other members, than '" +
                replica_line(identity).substr(0, replica_line(identity).size() - 1) +
                "'; see its file 'identity', --id and --cluster");
}

}  // namespace norn::host
