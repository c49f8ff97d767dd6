// Batches: commands that are executed one after the other within one entry, or one read.
//
// Their results travel as one, so together they must fit. A batch stops behind the command with which its
// results exceed kBatchResultSizeMax, or before a read whose result would exceed kResultSizeMax; the client
// sees from the number of results how far it came, and asks again for the rest, which was not executed. It
// never stops before the first, whose result always fits. A whole batch does not stop: there, a command whose
// result might not fit is passed over, and says too_large.
#include "replica/kv/store.h"

namespace norn::kv {
namespace {

// Leaves room for every command to say too_large.
constexpr std::size_t kRoom = kResultSizeMax - kBatchCommandsMax * 8;
constexpr std::size_t kHeadSize = 2 + 8 + 1 + 4;  // of a result with one item, besides its value
static_assert(kReadSizeMax + kHeadSize + 4 <= kRoom, "any first command's result fits");

// A bound for the result of a command that is not a read, which must be known before it is executed.
std::size_t result_size_max(const CommandView& command) {
  const bool brings_value = command.kind() == CommandKind::take || command.kind() == CommandKind::set ||
                            command.kind() == CommandKind::compare_and_set;
  return kHeadSize + (brings_value ? kValueSizeMax : command.key_count() * kHeadSize + 32);
}

}  // namespace

// Executes the command by execute_one(command), which appends its result.
template <typename Execute>
void Store::run_batch(const CommandView& batch, Buffer& result, Execute&& execute_one) const {
  const std::size_t begin = result.size();
  const bool whole = batch.has(kBatchWhole);
  ResultWriter(result, Status::ok, 1).item(applied_.value, std::string_view());
  std::size_t executed = 0;
  batch.each_command([&](const CommandView& command) {
    const std::size_t at = result.size();
    Writer(result).integer(std::uint32_t{0});
    bool fits = command.is_read() || result.size() - begin + result_size_max(command) <= kRoom;
    if (fits) execute_one(command);
    fits = fits && result.size() - begin <= kRoom;
    if (!fits && !whole && executed > 0) {
      result.resize(at);
      return false;
    }
    if (!fits) {
      result.resize(at + sizeof(std::uint32_t));
      ResultWriter(result, Status::too_large);
    }
    Writer(result).patch(at, static_cast<std::uint32_t>(result.size() - at - sizeof(std::uint32_t)));
    ++executed;
    return whole || result.size() - begin <= kBatchResultSizeMax;
  });
  Writer(result).patch(begin + kHeadSize - 4, static_cast<std::uint32_t>(result.size() - begin - kHeadSize));
}

void Store::batch(const CommandView& command, Buffer& result) {
  run_batch(command, result, [&](const CommandView& one) { execute(one, result); });
}

void Store::read_batch(const CommandView& command, std::uint64_t time, Buffer& result) const {
  run_batch(command, result, [&](const CommandView& one) { read(one, time, result); });
}

}  // namespace norn::kv
