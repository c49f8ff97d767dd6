#include "replica/resp/render.h"

#include <string>

#include "replica/resp/call.h"

namespace norn::resp {
namespace {

using kv::ResultView;
using kv::Status;

constexpr std::string_view kForeign = "ERR the store's answer is that of another command";

// The only item, if there is one.
std::optional<ResultView::Item> only_item(const ResultView& result) {
  if (result.size() != 1) return std::nullopt;
  ResultView::Item only;
  result.each([&](const ResultView::Item& item) { only = item; });
  return only;
}

bool render_error(const ResultView& result, Form form, Reply& reply) {
  switch (result.status()) {
    case Status::ok:
    case Status::mismatch:
      return false;
    case Status::not_a_number:
      reply.error("ERR value is not an integer or out of range");
      return true;
    case Status::overflow:
      reply.error("ERR increment or decrement would overflow");
      return true;
    case Status::too_large:
      if (form == Form::number) {
        reply.error("ERR string exceeds maximum allowed size (" + std::to_string(kv::kValueSizeMax) +
                    " bytes)");
      } else if (form == Form::keys) {
        reply.error("ERR too many keys for one reply: use SCAN");
      } else {
        reply.error("ERR the reply would exceed " + std::to_string(kv::kResultSizeMax) +
                    " bytes; nothing was changed");
      }
      return true;
    case Status::session_evicted:
      reply.error("SESSION evicted: no such session (any more); whether the write happened is not known");
      return true;
    case Status::stale_sequence:
      reply.error("SESSION stale: the sequence is too old for its result to be kept");
      return true;
    case Status::window_exceeded:
      reply.error("SESSION ahead: the sequence is too far ahead; nothing was changed");
      return true;
  }
  return false;
}

void render_number(const ResultView::Item& item, Reply& reply) {
  const auto number = parse_integer(item.value.value_or("0"));
  number ? reply.integer(*number) : reply.error(kForeign);
}

void render_time(const ResultView::Item& item, bool seconds, Reply& reply) {
  if (!item.value) return reply.integer(-2);
  const auto left = parse_integer(*item.value);
  if (!left) return reply.error(kForeign);
  reply.integer(seconds && *left >= 0 ? *left / 1000 + (*left % 1000 >= 500 ? 1 : 0) : *left);
}

void render_keys(std::string_view packed, Reply& reply) {
  std::size_t count = 0;
  Reader counting(as_bytes(packed));
  while (counting.ok() && !counting.done()) {
    counting.sized();
    ++count;
  }
  if (!counting.ok()) return reply.error(kForeign);
  reply.array(count);
  Reader in(as_bytes(packed));
  while (!in.done()) reply.bulk(in.sized_text());
}

void render_values(const ResultView& result, Reply& reply) {
  reply.array(result.size());
  result.each([&](const ResultView::Item& item) { item.value ? reply.bulk(*item.value) : reply.null(); });
}

void render_present(const ResultView& result, Reply& reply) {
  std::int64_t count = 0;
  result.each([&](const ResultView::Item& item) { count += item.value.has_value(); });
  reply.integer(count);
}

void render_item(Form form, const ResultView::Item& item, bool met, Reply& reply) {
  switch (form) {
    case Form::status:
      return met ? reply.ok() : reply.null();
    case Form::value:
      return item.value ? reply.bulk(*item.value) : reply.null();
    case Form::number:
      return render_number(item, reply);
    case Form::applied:
      return reply.integer(met ? 1 : 0);
    case Form::type:
      return reply.simple(item.value ? "string" : "none");
    case Form::seconds:
      return render_time(item, true, reply);
    case Form::milliseconds:
      return render_time(item, false, reply);
    case Form::keys:
      return render_keys(item.value.value_or(""), reply);
    case Form::keys_onwards:
      reply.array(2);
      reply.bulk(std::to_string(item.version));
      return render_keys(item.value.value_or(""), reply);
    default:
      return reply.error(kForeign);
  }
}

}  // namespace

void render(Form form, const ResultView& result, Reply& reply) {
  if (render_error(result, form, reply)) return;
  const bool met = result.status() == Status::ok;
  if (form == Form::status && met) return reply.ok();  // of one key, or of many
  if (form == Form::values) return render_values(result, reply);
  if (form == Form::present) return render_present(result, reply);
  const auto item = only_item(result);
  item ? render_item(form, *item, met, reply) : reply.error(kForeign);
}

void render_transaction(Plan& plan, const ResultView& result, Reply& reply) {
  const auto item = only_item(result);
  if (result.status() != Status::ok || !item || !item->value) {
    if (!render_error(result, Form::transaction, reply)) reply.error(kForeign);
    return;
  }
  reply.array(plan.size());
  Reader in(as_bytes(*item->value));
  for (; !plan.empty(); plan.pop()) {
    const Step& step = plan[0];
    if (!step.is_command()) {
      reply.raw(as_text(plan.text()));
      continue;
    }
    const auto one = ResultView::parse(in.sized());
    one&& in.ok() ? render(step.form, *one, reply) : reply.error(kForeign);
  }
}

}  // namespace norn::resp
