// The encoding of results, and the check of what claims to be one.
#include "replica/kv/result.h"

#include "replica/base/assert.h"

namespace norn::kv {
namespace {

bool fits(Status status, std::size_t items) {
  switch (status) {
    case Status::ok:
      return items >= 1 && items <= kMultiKeysMax;
    case Status::mismatch:
    case Status::not_a_number:
    case Status::overflow:
      return items == 1;
    case Status::too_large:
      return items <= 1;
    case Status::session_evicted:
    case Status::stale_sequence:
    case Status::window_exceeded:
      return items == 0;
  }
  return false;
}

}  // namespace

void encode(const Result& result, Buffer& out) {
  ASSERT(fits(result.status, result.items.size()));
  ResultWriter writer(out, result.status, result.items.size());
  for (const Item& item : result.items) writer.item(item.version, item.value);
}

Buffer encode(const Result& result) {
  Buffer out;
  encode(result, out);
  return out;
}

std::optional<Result> Result::parse(Bytes bytes) {
  const auto view = ResultView::parse(bytes);
  if (!view) return std::nullopt;
  Result result{.status = view->status()};
  result.items.reserve(view->size());
  view->each([&](const ResultView::Item& item) {
    Item& own = result.items.emplace_back();
    own.version = item.version;
    if (item.value) own.value.emplace(*item.value);
  });
  return result;
}

std::optional<ResultView> ResultView::parse(Bytes bytes) {
  if (bytes.size() > kResultSizeMax) return std::nullopt;
  Reader in(bytes);
  const auto status = in.integer<std::uint8_t>();
  if (status > static_cast<std::uint8_t>(Status::window_exceeded)) return std::nullopt;
  ResultView view;
  view.status_ = static_cast<Status>(status);
  view.count_ = in.integer<std::uint8_t>();
  view.items_ = in.rest();
  if (!fits(view.status_, view.count_)) return std::nullopt;
  for (std::uint8_t i = 0; i < view.count_; ++i) {
    in.integer<std::uint64_t>();
    const auto present = in.integer<std::uint8_t>();
    if (present > 1) return std::nullopt;
    if (present == 1) in.sized();
  }
  if (!in.done()) return std::nullopt;
  return view;
}

ResultView::Item ResultView::read(Reader& in) {
  Item item;
  item.version = in.integer<std::uint64_t>();
  if (in.integer<std::uint8_t>() == 1) item.value = in.sized_text();
  return item;
}

}  // namespace norn::kv
