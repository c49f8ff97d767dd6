// Reading and writing the key's file.
#include "replica/host/key_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replica/base/assert.h"
#include "replica/host/failure.h"
#include "replica/host/files.h"

namespace norn::host {
namespace {

template <typename T>
T system_chance() {
  T value;
  const ssize_t size = getrandom(&value, sizeof value, 0);
  ASSERT(size == static_cast<ssize_t>(sizeof value));  // up to 256 bytes are given whole
  return value;
}

}  // namespace

std::uint64_t system_seed() { return system_chance<std::uint64_t>(); }

void make_key_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST)
    throw Failure(path + " exists already; a cluster that uses it would lose its key, so remove it yourself");
  if (!file) throw Failure("cannot write " + path + ": " + std::strerror(errno));
  const std::string text = seal::format_key(system_chance<seal::Key>());
  if (write_all(file.get(), 0, as_bytes(text)) == DiskStatus::ok && fsync(file.get()) == 0) return;
  const int error = errno;
  unlink(path.c_str());  // half a key would only stand in the way
  throw Failure("cannot write " + path + ": " + std::strerror(error));
}

seal::Key read_key_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    throw Failure("--key-file: cannot read " + path + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw Failure("--key-file: " + path + " is not a file with a key");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw Failure("--key-file: " + path + " may be read by others than its owner; do: chmod 600 " + path);
  const std::optional<std::string> text = read_text(AT_FDCWD, path.c_str());
  if (!text) throw Failure("--key-file: cannot read " + path + ": " + std::strerror(errno));
  const auto key = seal::parse_key(*text);
  if (const auto* error = std::get_if<std::string>(&key))
    throw Failure("--key-file: " + path + ": " + *error);
  return std::get<seal::Key>(key);
}

std::unique_ptr<seal::Endpoint> make_endpoint(const std::string& path, NodeId self,
                                              const std::vector<client::Peer>& replicas) {
  if (path.empty()) return nullptr;
  seal::Names names{self, {}};
  for (const client::Peer& peer : replicas) names.replicas.emplace_back(peer.address, peer.id);
  return std::make_unique<seal::Endpoint>(read_key_file(path), system_chance<seal::Endpoint::Random>(),
                                          std::move(names));
}

}  // namespace norn::host
