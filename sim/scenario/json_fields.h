// A structure's fields are described once, by a function `fields(visitor, structure, defaults)`, and visited
// twice: FieldReader sets them from a JSON object, and knows which keys nobody asked for; FieldWriter makes
// the object, without what is as by default. So what is written can be read, and a key cannot be known to one
// and not to the other.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "sim/scenario/json.h"
#include "sim/scenario/json_values.h"

namespace norn::sim {

// Of whole numbers, both ends included.
struct Within {
  std::uint64_t min = 0;
  std::uint64_t max = 999'999'999'999'999'999;
};
// Of durations; written with a unit.
struct Lasting {
  Duration min{};
  Duration max = std::chrono::hours(24);
};
// Of durations written as a number of seconds, as the course does.
struct Seconds {
  Duration min{};
  Duration max = std::chrono::hours(24);
};

template <class T>
auto default_limits() {
  if constexpr (std::is_same_v<T, Duration>)
    return Lasting{};
  else
    return Within{};
}

[[noreturn]] inline void refuse(const JsonValue& value, std::string_view path, std::string_view what) {
  throw JsonProblem{std::string(path), shown(value) + " is not " + std::string(what)};
}

// Values that are no structures: read throws a JsonProblem, write makes what read takes.
void read(const JsonValue& json, const std::string& path, bool& out);
void read(const JsonValue& json, const std::string& path, std::string& out);
void read(const JsonValue& json, const std::string& path, Ratio& out);
void read(const JsonValue& json, const std::string& path, Delay& out);
void read(const JsonValue& json, const std::string& path, Target& out);
void read(const JsonValue& json, const std::string& path, Duration& out, Lasting limits);
void read(const JsonValue& json, const std::string& path, Duration& out, Seconds limits);
void read_drift(const JsonValue& json, const std::string& path, std::int32_t& ppm);
void read_bounds(const JsonValue& json, const std::string& path, std::vector<Bound>& out);
std::uint64_t read_whole(const JsonValue& json, const std::string& path, Within limits);
std::size_t read_name(const JsonValue& json, const std::string& path,
                      std::span<const std::string_view> names);

JsonValue write(const Delay& delay);
JsonValue write(const Target& target);
JsonValue write_bounds(const std::vector<Bound>& bounds);

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};
template <class T, std::size_t N>
struct IsList<std::array<T, N>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

class FieldReader {
 public:
  // Of an object; both outlive the reader.
  FieldReader(const JsonValue& object, std::string path) : object_(object), path_(std::move(path)) {
    if (object.type != JsonValue::Type::object) refuse(object, path_, "an object");
  }

  // A key that may be missing, and one that may not.
  template <class T, class Limits>
  void field(std::string_view key, T& out, const T&, Limits limits) {
    if (const JsonValue* json = use(key)) read_value(*json, member_path(path_, key), out, limits);
  }
  template <class T>
  void field(std::string_view key, T& out, const T& initial) {
    field(key, out, initial, default_limits<T>());
  }
  template <class T, class Limits>
  void required(std::string_view key, T& out, Limits limits) {
    read_value(need(key), member_path(path_, key), out, limits);
  }
  template <class T>
  void required(std::string_view key, T& out) {
    required(key, out, default_limits<T>());
  }
  // One value for both ends, or a list of the two.
  template <class T, class Limits>
  void range(std::string_view key, T& min, T& max, const T&, const T&, Limits limits) {
    const JsonValue* json = use(key);
    if (!json) return;
    const std::string path = member_path(path_, key);
    if (json->type != JsonValue::Type::list) {
      read_value(*json, path, min, limits);
      max = min;
      return;
    }
    std::array<T, 2> ends{};
    read_value(*json, path, ends, limits);
    if (ends[1] < ends[0]) throw JsonProblem{path, "the first of the two is above the second"};
    min = ends[0];
    max = ends[1];
  }
  void drift(std::string_view key, std::int32_t& ppm, std::int32_t) {
    if (const JsonValue* json = use(key)) read_drift(*json, member_path(path_, key), ppm);
  }
  void drift(std::string_view key, std::optional<std::int32_t>& ppm, const std::optional<std::int32_t>&) {
    if (const JsonValue* json = use(key)) read_drift(*json, member_path(path_, key), ppm.emplace());
  }
  void bounds(std::string_view key, std::vector<Bound>& out, const std::vector<Bound>&) {
    if (const JsonValue* json = use(key)) read_bounds(*json, member_path(path_, key), out);
  }
  // An object within this one whose fields belong to the same structure.
  template <class Visit>
  void group(std::string_view key, Visit visit) {
    FieldReader inner(need(key), member_path(path_, key));
    visit(inner);
    inner.finish();
  }
  // A key that has no place here, for a reason better than being unknown.
  void excluded(std::string_view key, std::string_view why) {
    if (object_.find(key)) throw JsonProblem{member_path(path_, key), std::string(why)};
    known_.push_back(key);
  }
  // A key that may be given, and says nothing.
  void ignored(std::string_view key) { use(key); }

  // Refuses the keys that were not asked for.
  void finish() {
    for (const std::string& key : object_.keys) {
      if (std::ranges::find(known_, key) != known_.end()) continue;
      std::string keys;
      for (const std::string_view known : known_) keys += (keys.empty() ? "" : ", ") + std::string(known);
      throw JsonProblem{member_path(path_, key), "is not a known key; known are " + keys};
    }
  }

 private:
  const JsonValue* use(std::string_view key) {
    known_.push_back(key);
    return object_.find(key);
  }
  const JsonValue& need(std::string_view key) {
    const JsonValue* json = use(key);
    if (!json) throw JsonProblem{member_path(path_, key), "is missing"};
    return *json;
  }

  template <class T, class Limits>
  static void read_value(const JsonValue& json, const std::string& path, T& out, Limits limits) {
    if constexpr (IsOptional<T>::value) {
      read_value(json, path, out.emplace(), limits);
    } else if constexpr (IsList<T>::value) {
      read_list(json, path, out, limits);
    } else if constexpr (std::is_enum_v<T>) {
      out = static_cast<T>(read_name(json, path, names_of(T{})));
    } else if constexpr (std::is_same_v<T, NodeId>) {
      out.value = static_cast<std::uint8_t>(read_whole(json, path, {1, 255}));
    } else if constexpr (std::is_same_v<T, Duration>) {
      read(json, path, out, limits);
    } else if constexpr (std::unsigned_integral<T> && !std::is_same_v<T, bool>) {
      limits.max = std::min<std::uint64_t>(limits.max, std::numeric_limits<T>::max());
      out = static_cast<T>(read_whole(json, path, limits));
    } else if constexpr (requires(FieldReader & reader) { fields(reader, out, out); }) {
      FieldReader reader(json, path);
      fields(reader, out, T{});
      reader.finish();
    } else {
      read(json, path, out);
    }
  }

  template <class T, std::size_t N, class Limits>
  static void read_list(const JsonValue& json, const std::string& path, std::array<T, N>& out,
                        Limits limits) {
    if (json.type != JsonValue::Type::list || json.items.size() != N)
      refuse(json, path, "a list of " + std::to_string(N));
    for (std::size_t i = 0; i < N; ++i) read_value(json.items[i], element_path(path, i), out[i], limits);
  }
  template <class T, class Limits>
  static void read_list(const JsonValue& json, const std::string& path, std::vector<T>& out, Limits limits) {
    if (json.type != JsonValue::Type::list) refuse(json, path, "a list");
    for (std::size_t i = 0; i < json.items.size(); ++i)
      read_value(json.items[i], element_path(path, i), out.emplace_back(), limits);
  }

  const JsonValue& object_;
  std::string path_;
  std::vector<std::string_view> known_;
};

class FieldWriter {
 public:
  template <class T, class Limits>
  void field(std::string_view key, const T& value, const T& initial, Limits limits) {
    if (!(value == initial)) object_.add(key, value_of(value, limits));
  }
  template <class T>
  void field(std::string_view key, const T& value, const T& initial) {
    field(key, value, initial, default_limits<T>());
  }
  template <class T, class Limits>
  void required(std::string_view key, const T& value, Limits limits) {
    object_.add(key, value_of(value, limits));
  }
  template <class T>
  void required(std::string_view key, const T& value) {
    required(key, value, default_limits<T>());
  }
  template <class T, class Limits>
  void range(std::string_view key, const T& min, const T& max, const T& min_initial, const T& max_initial,
             Limits limits) {
    if (min == min_initial && max == max_initial) return;
    if (min == max)
      object_.add(key, value_of(min, limits));
    else
      object_.add(key, JsonValue::list({value_of(min, limits), value_of(max, limits)}));
  }
  void drift(std::string_view key, std::int32_t ppm, std::int32_t initial) {
    if (ppm != initial) object_.add(key, JsonValue::number(unscaled(ppm, 6)));
  }
  void drift(std::string_view key, const std::optional<std::int32_t>& ppm,
             const std::optional<std::int32_t>&) {
    if (ppm) object_.add(key, JsonValue::number(unscaled(*ppm, 6)));
  }
  void bounds(std::string_view key, const std::vector<Bound>& value, const std::vector<Bound>&) {
    if (!value.empty()) object_.add(key, write_bounds(value));
  }
  template <class Visit>
  void group(std::string_view key, Visit visit) {
    FieldWriter inner;
    visit(inner);
    object_.add(key, inner.take());
  }
  void excluded(std::string_view, std::string_view) {}
  void ignored(std::string_view) {}

  JsonValue take() { return std::move(object_); }

 private:
  template <class T, class Limits>
  static JsonValue value_of(const T& value, Limits limits) {
    if constexpr (IsOptional<T>::value) {
      return value_of(*value, limits);
    } else if constexpr (IsList<T>::value) {
      JsonValue list = JsonValue::list();
      for (const auto& item : value) list.items.push_back(value_of(item, limits));
      return list;
    } else if constexpr (std::is_enum_v<T>) {
      return JsonValue::string(std::string(name_of(value)));
    } else if constexpr (std::is_same_v<T, NodeId>) {
      return JsonValue::number(std::to_string(value.value));
    } else if constexpr (std::is_same_v<T, Duration>) {
      if constexpr (std::is_same_v<Limits, Seconds>)
        return JsonValue::number(unscaled(value.count(), 9));
      else
        return JsonValue::string(write_duration(value));
    } else if constexpr (std::is_same_v<T, Ratio>) {
      return JsonValue::number(unscaled(value.ppm, 6));
    } else if constexpr (std::is_same_v<T, bool>) {
      return JsonValue::of(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return JsonValue::string(value);
    } else if constexpr (std::integral<T>) {
      return JsonValue::number(std::to_string(value));
    } else if constexpr (requires(FieldWriter & writer) { fields(writer, value, value); }) {
      FieldWriter writer;
      fields(writer, value, T{});
      return writer.take();
    } else {
      return write(value);
    }
  }

  JsonValue object_ = JsonValue::object();
};

}  // namespace norn::sim
