// Key files: made, read, and refused.
#include "replica/host/key_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/host/host_testing.h"
#include "tests/host/limits.h"

namespace norn::host {
namespace {

TEST_CASE("a key that was made is read back, and only its owner may") {
  const TemporaryDirectory at;
  make_key_file(at.file("key"));
  struct stat status {};
  REQUIRE(stat(at.file("key").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  make_key_file(at.file("other"));
  CHECK(read_key_file(at.file("key")) == read_key_file(at.file("key")));
  CHECK_FALSE(read_key_file(at.file("key")) == read_key_file(at.file("other")));
}

TEST_CASE("a key is never overwritten") {
  const TemporaryDirectory at;
  make_key_file(at.file("key"));
  const std::string before = content_of(at.file("key"));
  CHECK(contains(refusal([&] { make_key_file(at.file("key")); }), at.file("key") + " exists already"));
  CHECK(content_of(at.file("key")) == before);
}

TEST_CASE("a key that could not be written whole leaves nothing behind") {
  const TemporaryDirectory at;
  {
    const FileSizeLimit limit(10);
    CHECK(contains(refusal([&] { make_key_file(at.file("key")); }), "cannot write " + at.file("key")));
  }
  CHECK_FALSE(std::filesystem::exists(at.file("key")));
  CHECK(refusal([&] { make_key_file(at.file("nowhere/key")); }) ==
        "cannot write " + at.file("nowhere/key") + ": No such file or directory");
}

TEST_CASE("a key that others may read is refused, with what to do") {
  const TemporaryDirectory at;
  make_key_file(at.file("key"));
  for (const mode_t mode : {0640, 0604, 0620}) {
    REQUIRE(chmod(at.file("key").c_str(), mode) == 0);
    CHECK(contains(refusal([&] { read_key_file(at.file("key")); }), "do: chmod 600 " + at.file("key")));
  }
}

TEST_CASE("what is no key is refused by its file's name") {
  const TemporaryDirectory at;
  const auto refused = [&] { return refusal([&] { read_key_file(at.file("key")); }); };
  CHECK(refused() == "--key-file: cannot read " + at.file("key") + ": No such file or directory");
  make_key_file(at.file("key"));
  const std::string text = content_of(at.file("key"));
  for (const std::string& broken : {std::string(), text.substr(0, text.size() - 2), text + "x"}) {
    put_content(at.file("key"), broken);
    CHECK(refused().starts_with("--key-file: " + at.file("key") + ": "));
  }
  std::filesystem::create_directory(at.file("directory"));
  for (const std::string& other :
       {at.file("directory"), std::string("/dev/null")})  // no advice to chmod those
    CHECK(refusal([&] { read_key_file(other); }) == "--key-file: " + other + " is not a file with a key");
}

TEST_CASE("without a file there is no seal") { CHECK(make_endpoint("", {1}, {}) == nullptr); }

TEST_CASE("chance differs from call to call") { CHECK(system_seed() != system_seed()); }

}  // namespace
}  // namespace norn::host
