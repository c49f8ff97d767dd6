// The WAL's file, block by block, on whatever file system the tests have.
#include "replica/host/wal_file.h"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>

#include "tests/host/host_testing.h"
#include "tests/host/limits.h"

namespace norn::host {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kAtOnce = 64 * kBlock;

// Text in which no two places close to each other look the same.
std::string text_of(std::size_t size, std::size_t from) {
  std::string text;
  while (text.size() < size) text += std::to_string(from + text.size()) + ' ';
  text.resize(size);
  return text;
}

WalFile open_wal(const std::string& path, const std::string& content) {
  put_content(path, content);
  return {Descriptor(open(path.c_str(), O_RDWR | O_CLOEXEC)), as_bytes(content), content.size()};
}

void check_content(const std::string& path, const std::string& expected) {
  const std::string found = content_of(path);
  REQUIRE(found.size() >= expected.size());
  CHECK(found.compare(0, expected.size(), expected) == 0);
  CHECK(found.find_first_not_of('\0', expected.size()) == std::string::npos);
}

TEST_CASE("appends of any size follow one another, with nothing but zeros behind them") {
  const std::array<std::size_t, 12> sizes{1, 100,        kBlock - 101, 1,       kBlock,      kBlock - 1,
                                          3, 2 * kBlock, kAtOnce - 1,  kAtOnce, kAtOnce + 1, 300};
  for (const std::size_t begun : {std::size_t{0}, std::size_t{1}, kBlock - 1, kBlock, kBlock + 700}) {
    for (const bool prepared : {false, true}) {
      CAPTURE(begun);
      CAPTURE(prepared);
      const TemporaryDirectory at;
      std::string expected = text_of(begun, 0);
      WalFile wal = open_wal(at.file("wal"), expected);
      for (const std::size_t size : sizes) {
        CAPTURE(size);
        if (prepared) wal.prepare();
        const std::string more = text_of(size, expected.size());
        expected += more;
        REQUIRE(wal.append(as_bytes(more)) == DiskStatus::ok);
        check_content(at.file("wal"), expected);
      }
    }
  }
}

TEST_CASE("what is prepared is room with zeros, and it is not prepared again before half is used") {
  const TemporaryDirectory at;
  WalFile wal = open_wal(at.file("wal"), "image");
  wal.prepare();
  const std::size_t size = content_of(at.file("wal")).size();
  CHECK(size >= WalFile::kAhead);
  check_content(at.file("wal"), "image");
  REQUIRE(wal.append(as_bytes(" more")) == DiskStatus::ok);
  wal.prepare();
  CHECK(content_of(at.file("wal")).size() == size);
  check_content(at.file("wal"), "image more");
}

TEST_CASE("a file that may not grow to a whole block is full, and not broken") {
  const TemporaryDirectory at;
  WalFile wal = open_wal(at.file("wal"), "image");
  const FileSizeLimit limit(kBlock + 1000);
  wal.prepare();
  CHECK(wal.append(as_bytes(text_of(3000, 5))) == DiskStatus::ok);
  check_content(at.file("wal"), "image" + text_of(3000, 5));
  CHECK(wal.append(as_bytes(text_of(3000, 3005))) == DiskStatus::full);
  CHECK(content_of(at.file("wal")).starts_with("image" + text_of(3000, 5)));
}

}  // namespace
}  // namespace norn::host
