// The values that are more than a number or a name: delays in their shapes, targets, bounds of counters.
#include "sim/scenario/json_fields.h"

namespace norn::sim {
namespace {

using Type = JsonValue::Type;

constexpr std::string_view kDuration = "a duration such as \"150ms\"";
constexpr std::string_view kDelay =
    R"(a delay: "5ms", or an object with one of uniform, exponential, bimodal)";

// The fields of a Delay's shapes but constant; uniform is a list of two.
template <class V, class D>
void exponential_fields(V& v, D& delay) {
  v.required("mean", delay.mean, Lasting{Duration(1)});
  v.field("min", delay.low, Duration{});
  v.field("max", delay.high, Duration{});
}

// `spread` stands for an eighth of Delay::mean: how far each of the two modes reaches.
template <class V>
void bimodal_fields(V& v, auto& fast, auto& slow, auto& spread, auto& share) {
  v.required("fast", fast);
  v.required("slow", slow);
  v.required("slow_share", share);
  v.field("spread", spread, Duration{});
}

void read_shape(std::string_view shape, const JsonValue& json, const std::string& path, Delay& out) {
  if (shape == "exponential") {
    out.shape = Delay::Shape::exponential;
    FieldReader reader(json, path);
    exponential_fields(reader, out);
    reader.finish();
    if (out.high != Duration{} && out.high < out.low) throw JsonProblem{path, "max is below min"};
    return;
  }
  out.shape = Delay::Shape::bimodal;
  Duration spread{};
  FieldReader reader(json, path);
  bimodal_fields(reader, out.low, out.high, spread, out.slow);
  reader.finish();
  if (out.high < out.low) throw JsonProblem{path, "slow is below fast"};
  out.mean = 8 * spread;
}

}  // namespace

void read(const JsonValue& json, const std::string& path, bool& out) {
  if (json.type != Type::boolean) refuse(json, path, "true or false");
  out = json.boolean;
}

void read(const JsonValue& json, const std::string& path, std::string& out) {
  if (json.type != Type::string) refuse(json, path, "a string");
  out = json.text;
}

void read(const JsonValue& json, const std::string& path, Ratio& out) {
  const auto ppm = json.type == Type::number ? scaled(json.text, 6) : std::nullopt;
  const bool fine = json.type == Type::number && !ppm && scaled(json.text, 12);
  if (fine) refuse(json, path, "a probability of at most 6 decimals");
  if (!ppm || *ppm < 0 || *ppm > kPpm) refuse(json, path, "a probability");
  out.ppm = static_cast<std::uint32_t>(*ppm);
}

void read(const JsonValue& json, const std::string& path, Duration& out, Lasting limits) {
  const auto duration = json.type == Type::string ? parse_duration(json.text) : std::nullopt;
  if (!duration) refuse(json, path, kDuration);
  if (*duration < limits.min || *duration > limits.max)
    refuse(json, path, "between " + write_duration(limits.min) + " and " + write_duration(limits.max));
  out = *duration;
}

void read(const JsonValue& json, const std::string& path, Duration& out, Seconds limits) {
  const auto count = json.type == Type::number ? scaled(json.text, 9) : std::nullopt;
  if (!count) refuse(json, path, "a number of seconds");
  if (Duration(*count) < limits.min || Duration(*count) > limits.max)
    refuse(json, path,
           "between " + unscaled(limits.min.count(), 9) + " and " + unscaled(limits.max.count(), 9) +
               " seconds");
  out = Duration(*count);
}

void read(const JsonValue& json, const std::string& path, Delay& out) {
  out = Delay{};
  if (json.type == Type::string) {
    if (!parse_duration(json.text)) refuse(json, path, kDelay);
    return read(json, path, out.low, Lasting{});
  }
  if (json.type != Type::object || json.keys.size() != 1) refuse(json, path, kDelay);
  const std::string& shape = json.keys[0];
  const std::string inner = member_path(path, shape);
  if (shape == "uniform") {
    out.shape = Delay::Shape::uniform;
    const JsonValue& ends = json.items[0];
    if (ends.type != Type::list || ends.items.size() != 2) refuse(ends, inner, "a list of 2");
    read(ends.items[0], element_path(inner, 0), out.low, Lasting{});
    read(ends.items[1], element_path(inner, 1), out.high, Lasting{});
    if (out.high < out.low) throw JsonProblem{inner, "the first of the two is above the second"};
    return;
  }
  if (shape != "exponential" && shape != "bimodal") refuse(json, path, kDelay);
  read_shape(shape, json.items[0], inner, out);
}

JsonValue write(const Delay& delay) {
  if (delay.shape == Delay::Shape::constant) return JsonValue::string(write_duration(delay.low));
  JsonValue result = JsonValue::object();
  if (delay.shape == Delay::Shape::uniform) {
    result.add("uniform", JsonValue::list({JsonValue::string(write_duration(delay.low)),
                                           JsonValue::string(write_duration(delay.high))}));
    return result;
  }
  FieldWriter writer;
  if (delay.shape == Delay::Shape::exponential) {
    exponential_fields(writer, delay);
    result.add("exponential", writer.take());
    return result;
  }
  const Duration spread = delay.mean / 8;
  bimodal_fields(writer, delay.low, delay.high, spread, delay.slow);
  result.add("bimodal", writer.take());
  return result;
}

void read(const JsonValue& json, const std::string& path, Target& out) {
  out = Target{Target::Kind::ids, {}};
  if (json.type == Type::string) {
    const auto names = names_of(Target::Kind{}).subspan(1);  // ids are written as numbers
    out.kind = static_cast<Target::Kind>(1 + read_name(json, path, names));
    return;
  }
  const auto read_id = [](const JsonValue& id, const std::string& at) {
    return NodeId{static_cast<std::uint8_t>(read_whole(id, at, {1, 255}))};
  };
  if (json.type == Type::number) {
    out.ids.push_back(read_id(json, path));
    return;
  }
  if (json.type != Type::list || json.items.empty())
    refuse(json, path, "a replica, a list of some, or such as \"leader\"");
  for (std::size_t i = 0; i < json.items.size(); ++i)
    out.ids.push_back(read_id(json.items[i], element_path(path, i)));
  std::ranges::sort(out.ids);
  if (std::ranges::adjacent_find(out.ids) != out.ids.end()) throw JsonProblem{path, "names a replica twice"};
}

JsonValue write(const Target& target) {
  if (target.kind != Target::Kind::ids) return JsonValue::string(std::string(name_of(target.kind)));
  JsonValue list = JsonValue::list();
  for (const NodeId id : target.ids) list.items.push_back(JsonValue::number(std::to_string(id.value)));
  return list.items.size() == 1 ? list.items[0] : list;
}

void read_drift(const JsonValue& json, const std::string& path, std::int32_t& ppm) {
  constexpr std::int64_t kDriftMax = kPpm / 2;  // clocks at half to one and a half of the true rate
  const auto drift = json.type == Type::number ? scaled(json.text, 6) : std::nullopt;
  if (!drift || *drift < -kDriftMax || *drift > kDriftMax)
    refuse(json, path, "a drift in -0.5..0.5 of at most 6 decimals");
  ppm = static_cast<std::int32_t>(*drift);
}

void read_bounds(const JsonValue& json, const std::string& path, std::vector<Bound>& out) {
  FieldReader reader(json, path);
  for (std::size_t i = 0; i < kCounterNames.size(); ++i) {
    const JsonValue* bound = json.find(kCounterNames[i]);
    reader.ignored(kCounterNames[i]);
    if (!bound) continue;
    out.push_back({.counter = static_cast<Counter>(i), .min = 0, .max = {}});
    const std::string inner = member_path(path, kCounterNames[i]);
    FieldReader ends(*bound, inner);
    ends.field("min", out.back().min, std::uint64_t{0});
    ends.field("max", out.back().max, {});
    ends.finish();
    if (bound->keys.empty()) throw JsonProblem{inner, "has neither min nor max"};
  }
  reader.finish();
}

JsonValue write_bounds(const std::vector<Bound>& bounds) {
  JsonValue result = JsonValue::object();
  for (const Bound& bound : bounds) {
    FieldWriter ends;
    if (bound.min != 0 || !bound.max) ends.required("min", bound.min);
    if (bound.max) ends.required("max", *bound.max);
    result.add(name_of(bound.counter), ends.take());
  }
  return result;
}

std::uint64_t read_whole(const JsonValue& json, const std::string& path, Within limits) {
  const auto value = json.type == Type::number ? scaled(json.text, 0) : std::nullopt;
  if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < limits.min ||
      static_cast<std::uint64_t>(*value) > limits.max)
    refuse(json, path, "a whole number in " + std::to_string(limits.min) + ".." + std::to_string(limits.max));
  return static_cast<std::uint64_t>(*value);
}

std::size_t read_name(const JsonValue& json, const std::string& path,
                      std::span<const std::string_view> names) {
  const auto found = json.type == Type::string ? std::ranges::find(names, json.text) : names.end();
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string all;
  for (const std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  refuse(json, path, "one of " + all);
}

}  // namespace norn::sim
