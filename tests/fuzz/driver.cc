// Makes a program of a fuzz target: of libFuzzer's kind in the build for it (preset fuzz), and one that
// replays inputs in every other. Both write the target's seeds, too.
//
//   fuzz_TARGET FILE|FOLDER...     replays the inputs; dies with the first that is a finding
//   fuzz_TARGET --seeds FOLDER     writes the seeds, a file each
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

void write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::size_t number = 0;
  for (const Buffer& seed : seeds()) {
    std::ofstream file(folder / ("seed-" + std::to_string(++number)), std::ios::binary);
    file.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
  }
}

bool seeds_wanted(int count, char** arguments) {
  if (count != 3 || std::string_view(arguments[1]) != "--seeds") return false;
  write_seeds(arguments[2]);
  return true;
}

}  // namespace
}  // namespace norn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  norn::fuzz::fuzz({reinterpret_cast<const std::byte*>(input), size});
  return 0;
}

#ifdef NORN_FUZZ

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  if (norn::fuzz::seeds_wanted(*count, *arguments)) std::exit(0);
  return 0;
}

#else

namespace norn::fuzz {
namespace {

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::fprintf(stderr, "%s\n", path.c_str());  // the last one named is the culprit
  fuzz(as_bytes(text));
}

int replay_all(int count, char** arguments) {
  std::size_t replayed = 0;
  for (int i = 1; i < count; ++i) {
    if (!std::filesystem::is_directory(arguments[i])) {
      replay(arguments[i]);
      ++replayed;
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
      replay(entry.path());
      ++replayed;
    }
  }
  for (const Buffer& seed : seeds()) fuzz(seed);
  std::fprintf(stderr, "%zu inputs and the seeds replayed\n", replayed);
  return replayed > 0 ? 0 : 2;
}

}  // namespace
}  // namespace norn::fuzz

int main(int count, char** arguments) {
  if (norn::fuzz::seeds_wanted(count, arguments)) return 0;
  return norn::fuzz::replay_all(count, arguments);
}

#endif
