// Results, as a client receives them: both parsers agree on what is one, and what is read is written back the
// same.
#include "replica/kv/result.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {

void fuzz(Bytes input) {
  const auto result = kv::Result::parse(input);
  const auto view = kv::ResultView::parse(input);
  ASSERT(result.has_value() == view.has_value());
  if (!result) return;
  ASSERT(equal(kv::encode(*result), input));
  ASSERT(view->status() == result->status);
  ASSERT(view->size() == result->items.size());
  std::size_t at = 0;
  view->each([&](const kv::ResultView::Item& item) {
    const kv::Item& other = result->items[at++];
    ASSERT(item.version == other.version);
    ASSERT(item.value.has_value() == other.value.has_value());
    ASSERT(!item.value || *item.value == *other.value);
  });
}

std::vector<Buffer> seeds() {
  return {kv::encode(kv::Result{kv::Status::ok, {{"value", 5}, {std::nullopt, 3}}}),
          kv::encode(kv::Result{kv::Status::session_evicted, {}})};
}

}  // namespace norn::fuzz
