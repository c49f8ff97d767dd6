// Files on the real file system: whole, synced, or refused with a reason.
#include "replica/host/files.h"

#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/host/host_testing.h"
#include "tests/host/limits.h"

namespace norn::host {
namespace {

struct Fixture {
  TemporaryDirectory directory;
  Descriptor open_directory{open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  int number() const { return open_directory.get(); }
};

TEST_CASE("a new file replaces the old one whole, and nothing else is left") {
  const Fixture at;
  put_content(at.directory.file("name"), "an older and longer content");
  CHECK(write_new(at.number(), "name", as_bytes("new")) == DiskStatus::ok);
  CHECK(content_of(at.directory.file("name")) == "new");
  CHECK_FALSE(std::filesystem::exists(at.directory.file("name.new")));
  CHECK(write_new(at.number(), "name", {}) == DiskStatus::ok);
  CHECK(content_of(at.directory.file("name")).empty());
}

TEST_CASE("only the owner may read what is written") {
  const Fixture at;
  REQUIRE(write_new(at.number(), "name", as_bytes("new")) == DiskStatus::ok);
  struct stat status {};
  REQUIRE(stat(at.directory.file("name").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("room behind the content reads as zeros, and the file is kept open for it") {
  const Fixture at;
  Descriptor kept;
  REQUIRE(write_new(at.number(), "name", as_bytes("content"), 100, &kept) == DiskStatus::ok);
  CHECK(content_of(at.directory.file("name")) == "content" + std::string(100, '\0'));
  REQUIRE(kept);
  CHECK(write_all(kept.get(), 7, as_bytes(" goes on")) == DiskStatus::ok);
  CHECK(content_of(at.directory.file("name")).starts_with("content goes on"));
}

TEST_CASE("a file of several pieces is written whole") {
  const Fixture at;
  std::string large((std::size_t{9} << 20) + 1, 'x');
  for (std::size_t i = 0; i < large.size(); i += 1000) large[i] = static_cast<char>('a' + i / 1000 % 26);
  REQUIRE(write_new(at.number(), "name", as_bytes(large)) == DiskStatus::ok);
  CHECK(content_of(at.directory.file("name")) == large);
}

TEST_CASE("without room the old file stays, and the trial is removed") {
  const Fixture at;
  put_content(at.directory.file("name"), "old");
  {
    const FileSizeLimit limit(4096);
    CHECK(write_new(at.number(), "name", Buffer(4097)) == DiskStatus::full);
    CHECK(write_new(at.number(), "name", Buffer(4097), 100) == DiskStatus::full);
  }
  CHECK(content_of(at.directory.file("name")) == "old");
  CHECK_FALSE(std::filesystem::exists(at.directory.file("name.new")));
}

TEST_CASE("where there is no room ahead the content is written all the same") {
  const Fixture at;
  const FileSizeLimit limit(4096);
  CHECK(write_new(at.number(), "name", Buffer(4096), 100) == DiskStatus::ok);
  CHECK(content_of(at.directory.file("name")).size() == 4096);
}

TEST_CASE("a device without room is full, a place that cannot be written has failed") {
  const Descriptor device(open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(device);
  CHECK(write_all(device.get(), 0, as_bytes("x")) == DiskStatus::full);
  const Fixture at;
  std::filesystem::create_directory(at.directory.file("name.new"));
  CHECK(write_new(at.number(), "name", as_bytes("x")) == DiskStatus::failed);
  CHECK(errno == EISDIR);
}

TEST_CASE("no file reads as empty, an unreadable one as nothing") {
  const Fixture at;
  const auto none = read_file(at.number(), "name");
  REQUIRE(none);
  CHECK(none->empty());
  std::filesystem::create_directory(at.directory.file("directory"));
  CHECK_FALSE(read_file(at.number(), "directory"));
  CHECK(errno == EISDIR);
  put_content(at.directory.file("name"), "content");
  CHECK(read_text(at.number(), "name") == "content");
}

TEST_CASE("a descriptor closes its file once, and never another one's") {
  int number = -1;
  {
    Descriptor first(open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = first.get();
    Descriptor second(std::move(first));
    CHECK_FALSE(first);
    first = std::move(second);
    CHECK(first.get() == number);
    CHECK(fcntl(number, F_GETFD) >= 0);
  }
  CHECK(fcntl(number, F_GETFD) < 0);
}

}  // namespace
}  // namespace norn::host
