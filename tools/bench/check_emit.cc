// Histories for a pipe: see check_emit.h.
#include "tools/bench/check_emit.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sim/formats/json_line.h"

#include "tests/check/generated.h"
#include "tests/formats/writers.h"

namespace norn::sim::bench {
namespace {

// Writes what it is given, in pieces. An operation without an answer gets a second line, "info", when its
// client calls again; or, untold, none.
class Emitter final : public HistorySink {
 public:
  explicit Emitter(bool untold) : untold_(untold), writer_(Format::json_lines, text_) {}

  void on_call(std::size_t place, const Operation& operation) override {
    if (!untold_) {
      if (const auto open = open_.find(operation.client); open != open_.end()) {
        open->second.second.outcome = Outcome::info;
        writer_.on_return(open->second.first, open->second.second);
      }
      open_[operation.client] = {place, operation};
    }
    writer_.on_call(place, operation);
    empty(std::size_t{1} << 18);
  }
  void on_return(std::size_t place, const Operation& operation) override {
    open_.erase(operation.client);
    writer_.on_return(place, operation);
  }
  void on_end() override { empty(0); }

 private:
  void empty(std::size_t above) {
    if (text_.size() <= above) return;
    std::fwrite(text_.data(), 1, text_.size(), stdout);
    text_.clear();
  }

  bool untold_;
  std::string text_;
  EventWriter writer_;
  std::unordered_map<std::uint32_t, std::pair<std::size_t, Operation>> open_;  // by client
};

// Of one key: what the generator knows.
std::optional<OperationKind> kind_named(std::string_view name) {
  const auto found = std::ranges::find(kKindsInJson, name);
  if (found == kKindsInJson.end()) return std::nullopt;
  const auto kind = static_cast<OperationKind>(found - kKindsInJson.begin());
  return is_multi(kind) ? std::nullopt : std::optional(kind);
}

std::optional<std::vector<OperationKind>> kinds_named(std::string_view names) {
  std::vector<OperationKind> kinds;
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    const std::optional<OperationKind> kind = kind_named(names.substr(0, comma));
    if (!kind) return std::nullopt;
    kinds.push_back(*kind);
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 1);
  }
  if (kinds.empty()) return std::nullopt;
  return kinds;
}

template <class Number>
bool read_number(const std::string& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end;
}

}  // namespace

int emit(const std::vector<std::string>& arguments) {
  Shape shape;
  shape.clients = 20;
  std::uint64_t seed = 1;
  bool untold = false;
  const auto bad = [] {
    std::fputs(kEmitUsage, stderr);
    return 2;
  };
  const std::optional<std::vector<OperationKind>> kinds =
      kinds_named(arguments.empty() ? std::string_view{} : arguments[0]);
  if (!kinds) return bad();
  shape.kinds = *kinds;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--untold") {
      untold = true;
      continue;
    }
    if (++i == arguments.size()) return bad();
    const std::string& text = arguments[i];
    const bool read = name == "--operations" ? read_number(text, shape.operations)
                      : name == "--keys"     ? read_number(text, shape.keys)
                      : name == "--clients"  ? read_number(text, shape.clients)
                      : name == "--unknown"  ? read_number(text, shape.unknown.ppm)
                      : name == "--domain"   ? read_number(text, shape.domain)
                      : name == "--seed"     ? read_number(text, seed)
                                             : false;
    if (!read) return bad();
  }
  if (shape.keys == 0 || shape.clients == 0) return bad();
  Emitter emitter(untold);
  generate(shape, seed, emitter);
  return 0;
}

}  // namespace norn::sim::bench
