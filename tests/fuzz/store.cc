// The store: payloads that pass the gate are applied, and reads read, in any order and number. Every answer
// is well formed, and at the end a snapshot brings back the same store. The input is a script of payloads,
// sized.
#include "replica/kv/store.h"

#include "replica/kv/request.h"
#include "replica/kv/result.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

constexpr kv::Options kOptions{
    .sessions_max = 3, .session_bytes_max = 200, .kept_bytes_max = 400, .tombstones_max = 3};

void check_result(Bytes result) {
  const auto parsed = kv::Result::parse(result);
  ASSERT(parsed.has_value());
  ASSERT(equal(kv::encode(*parsed), result));
  const auto view = kv::ResultView::parse(result);
  ASSERT(view.has_value());
  ASSERT(view->size() == parsed->items.size());
  ASSERT(view->status() == parsed->status);
}

}  // namespace

void fuzz(Bytes input) {
  kv::Store store(kOptions);
  Script script(input);
  Buffer result;
  while (!script.empty()) {
    const Bytes payload = script.sized();
    const auto request = kv::Request::parse(payload);
    if (!request) continue;
    const auto command = kv::CommandView::parse(request->command);
    if (!command) continue;
    ASSERT(equal(kv::encode(*request), payload));
    ASSERT(equal(command->bytes(), request->command));
    result.clear();
    if (command->is_read()) {
      store.read(*command, request->time, result);
    } else {
      store.apply(store.applied().next(), payload, result);
    }
    check_result(result);
  }
  Buffer snapshot;
  store.encode(snapshot);
  const auto again = kv::Store::parse(snapshot, kOptions);
  ASSERT(again.has_value());
  ASSERT(*again == store);
}

std::vector<Buffer> seeds() {
  using enum kv::CommandKind;
  const kv::Command commands[] = {
      {.kind = put, .pairs = {{"a", "value"}}},
      {.kind = append, .pairs = {{"a", "more"}}},
      {.kind = compare_and_set, .pairs = {{"a", "other"}}, .expected = "valuemore"},
      {.kind = compare_and_set, .pairs = {{"b", "17"}}},
      {.kind = increment, .pairs = {{"b"}}, .delta = 25},
      {.kind = get, .pairs = {{"b"}}},
      {.kind = multi_put, .pairs = {{"c", "1"}, {"d", "2"}}},
      {.kind = multi_get, .pairs = {{"a"}, {"b"}, {"z"}}},
      {.kind = remove, .pairs = {{"a"}}},
  };
  std::vector<Buffer> all;
  Writer out(all.emplace_back());
  const auto add = [&out](const kv::Request& request) {
    const Buffer payload = kv::encode(request);
    out.integer(static_cast<std::uint16_t>(payload.size()));
    out.bytes(payload);
  };
  add({{}, {1}, {}, kv::encode(kv::Command{.kind = open_session})});
  std::uint64_t sequence = 0;
  for (const kv::Command& command : commands) {
    const Buffer bytes = kv::encode(command);
    add({{1}, {++sequence}, {sequence / 2}, bytes});
    if (sequence % 3 == 0) add({{1}, {sequence}, {sequence / 2}, bytes});  // a retry
  }
  return all;
}

}  // namespace norn::fuzz
