// The data directory: its lock, its mark, and every refusal.
#include "replica/host/data_directory.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/host/host_testing.h"

namespace norn::host {
namespace {

const Identity kIdentity{"norn", {2}, {{1}, {2}, {3}}};

std::string refused(const std::string& path, const Identity& identity = kIdentity) {
  return refusal([&] { DataDirectory(path, identity).claim(); });
}

TEST_CASE("a data directory is made, with all that is missing above it, and says whose it is") {
  const TemporaryDirectory at;
  DataDirectory made(at.file("of/norn"), kIdentity);
  CHECK_FALSE(std::filesystem::exists(at.file("of/norn/identity")));  // until it is claimed
  made.claim();
  CHECK(content_of(at.file("of/norn/identity")) ==
        "norn data directory, version 1\ncluster norn\nreplica 2 of 1 2 3\n");
}

TEST_CASE("the same replica finds its directory again") {
  const TemporaryDirectory at;
  CHECK(refused(at.path()) == "");
  put_content(at.file("wal"), "something");
  CHECK(refused(at.path()) == "");
}

TEST_CASE("two never share a directory, and it is free when the one has gone") {
  const TemporaryDirectory at;
  {
    const DataDirectory first(at.path(), kIdentity);
    CHECK(refused(at.path()) ==
          "the data directory " + at.path() + " is in use by another process; stop that one first");
  }
  CHECK(refused(at.path()) == "");
}

TEST_CASE("another's directory is refused by what differs") {
  const TemporaryDirectory at;
  REQUIRE(refused(at.path()) == "");
  const std::string where = "the data directory " + at.path() + " ";
  CHECK(refused(at.path(), {"other", {2}, {{1}, {2}, {3}}}) ==
        where + "belongs to another cluster than 'other'; see its file 'identity', and --cluster-name");
  CHECK(refused(at.path(), {"nor", {2}, {{1}, {2}, {3}}}) ==
        where + "belongs to another cluster than 'nor'; see its file 'identity', and --cluster-name");
  CHECK(contains(
      refused(at.path(), {"norn", {3}, {{1}, {2}, {3}}}),
      where + "belongs to another replica, or to a cluster with other members, than 'replica 3 of 1 2 3'"));
  CHECK(contains(refused(at.path(), {"norn", {2}, {{1}, {2}, {4}}}), "other members"));
  CHECK(refused(at.path()) == "");
}

TEST_CASE("another version's directory is refused as that") {
  const TemporaryDirectory at;
  put_content(at.file("identity"), "norn data directory, version 2\nwhatever\n");
  CHECK(contains(refused(at.path()), "was written by another version"));
}

TEST_CASE("a log without an owner is not taken over") {
  const TemporaryDirectory at;
  put_content(at.file("wal"), "something");
  CHECK(contains(refused(at.path()), "holds a log but no file 'identity'"));
  CHECK_FALSE(std::filesystem::exists(at.file("identity")));
}

TEST_CASE("a start that was refused binds nobody") {
  const TemporaryDirectory at;
  CHECK(refusal([&] { const DataDirectory opened(at.path(), {"norn", {2}, {{1}, {2}, {4}}}); }) == "");
  CHECK(refused(at.path()) == "");
}

TEST_CASE("a directory whose log was taken away is refused, and one that a crash left half claimed is not") {
  const TemporaryDirectory at;
  put_content(at.file("wal"), "");
  REQUIRE(refused(at.path()) == "");
  std::filesystem::remove(at.file("wal"));
  CHECK(contains(refused(at.path()), "the data directory " + at.path() + " has lost its file 'wal'"));
}

TEST_CASE("what is no directory, or cannot be written, is refused with the system's reason") {
  const TemporaryDirectory at;
  put_content(at.file("file"), "");
  CHECK(contains(refused(at.file("file")),
                 "cannot make the data directory " + at.file("file") + ": File exists"));
  CHECK(contains(refused(at.file("file/below")),
                 "cannot make the data directory " + at.file("file/below") + ": "));
  CHECK(contains(refused("/proc/norn"), "cannot make the data directory /proc/norn: "));
  CHECK(contains(refused("/proc/self"), "cannot write in the data directory /proc/self: "));
  std::filesystem::create_directory(at.file("identity"));
  CHECK(refused(at.path()) == "cannot read " + at.path() + "/identity: Is a directory");
}

TEST_CASE("a directory that its owner may not write is refused") {
  if (geteuid() == 0) return;  // nothing is forbidden to root
  const TemporaryDirectory at;
  std::filesystem::permissions(at.path(),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  CHECK(refused(at.path()) == "cannot write in the data directory " + at.path() + ": Permission denied");
}

}  // namespace
}  // namespace norn::host
