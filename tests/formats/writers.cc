// Events in each format: see writers.h.
#include "tests/formats/writers.h"

#include <queue>
#include <utility>
#include <vector>

#include "replica/base/rng.h"

#include "sim/formats/history_file.h"

namespace norn::sim {

namespace {

const char* type_of(Outcome outcome) {
  return outcome == Outcome::ok ? "ok" : outcome == Outcome::fail ? "fail" : "info";
}

std::string text_or_nil(const std::optional<std::string>& text) { return text.value_or("nil"); }

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 16 && text.find_first_not_of("0123456789") == std::string::npos;
}

// A number as a number, all else as a string.
std::string edn_text(const std::optional<std::string>& text) {
  if (!text) return "nil";
  if (is_number(*text)) return *text;
  std::string out = "\"";
  for (const char c : *text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

const char* f_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::get:
      return ":read";
    case OperationKind::compare_and_set:
      return ":cas";
    case OperationKind::append:
      return ":append";
    case OperationKind::remove:
      return ":delete";
    default:
      return ":write";
  }
}

}  // namespace

EventWriter::EventWriter(Format format, std::string& out) : format_(format), out_(out) {
  if (format == Format::table) out_ += "# LIN1\n";
}

void EventWriter::on_call(std::size_t place, const Operation& operation) {
  switch (format_) {
    case Format::json_lines:
      invoked_[place] = lines_;
      write_json(place, operation, "invoke");
      break;
    case Format::edn:
      write_edn(operation, "invoke");
      break;
    case Format::log:
      write_log(operation, "invoke");
      break;
    case Format::table:
      open_[place] = operation;
      break;
  }
}

void EventWriter::on_return(std::size_t place, const Operation& operation) {
  if (operation.outcome == Outcome::pending) return;  // no answer is no line
  switch (format_) {
    case Format::json_lines:
      write_json(place, operation, type_of(operation.outcome));
      invoked_.erase(place);
      break;
    case Format::edn:
      write_edn(operation, type_of(operation.outcome));
      break;
    case Format::log:
      write_log(operation, type_of(operation.outcome));
      break;
    case Format::table:
      write_row(place, operation);
      open_.erase(place);
      break;
  }
}

void EventWriter::on_end() {
  for (const auto& [place, operation] : open_) write_row(place, operation);
}

// As format_history spells it, which is for whole histories: its lines, renumbered.
void EventWriter::write_json(std::size_t place, const Operation& operation, const char* type) {
  const std::string both = format_history({operation});
  std::string line = both.substr(0, both.find('\n') + 1);
  const std::string index = std::to_string(lines_++);
  if (std::string_view(type) != "invoke") {
    line = both.substr(line.size());
    const std::size_t at = line.find(",\"invoke\":0");
    line.replace(at, 11, ",\"invoke\":" + std::to_string(invoked_[place]));
  }
  const std::size_t time = line.find("\"time\":") + 7;
  const std::size_t size = line.find(',', time) - time;
  if (operation.outcome == Outcome::info) {
    line.replace(time, size, last_time_);
  } else {
    last_time_ = line.substr(time, size);
  }
  line.replace(9, 1, index);
  out_ += line;
}

void EventWriter::write_edn(const Operation& operation, const char* type) {
  const KeyAccess& access = operation.accesses[0];
  const bool invokes = std::string_view(type) == "invoke";
  std::string value = "nil";
  if (operation.kind == OperationKind::compare_and_set) {
    value = "[" + edn_text(access.expected) + " " + edn_text(access.argument) + "]";
  } else if (operation.kind == OperationKind::get) {
    if (!invokes) value = edn_text(access.value);
  } else if (operation.kind != OperationKind::remove) {
    value = edn_text(access.argument);
  }
  if (!invokes && operation.kind == OperationKind::compare_and_set && operation.outcome == Outcome::ok &&
      !operation.matched) {
    type = "fail";
  }
  out_ +=
      "{:process " + std::to_string(operation.client) + ", :type :" + type + ", :f " + f_of(operation.kind);
  if (access.key != "register") out_ += ", :key " + edn_text(access.key);
  out_ += ", :value " + value + "}\n";
}

void EventWriter::write_log(const Operation& operation, const char* type) {
  const KeyAccess& access = operation.accesses[0];
  std::string value = operation.outcome == Outcome::ok ? text_or_nil(access.value) : "nil";
  if (operation.kind == OperationKind::compare_and_set) {
    value = "[" + text_or_nil(access.expected) + " " + access.argument + "]";
    if (operation.outcome == Outcome::ok && !operation.matched) type = "fail";
  } else if (operation.kind != OperationKind::get) {
    value = access.argument;
  }
  if (operation.outcome == Outcome::info || operation.outcome == Outcome::fail) value = ":timed-out";
  out_ += "INFO  jepsen.util - " + std::to_string(operation.client) + "\t:" + type + "\t" +
          f_of(operation.kind) + "\t" + value + "\n";
}

void EventWriter::write_row(std::size_t place, const Operation& operation) {
  const KeyAccess& access = operation.accesses[0];
  std::string first = "-";
  std::string second = "-";
  std::string result = operation.outcome == Outcome::ok     ? "ok"
                       : operation.outcome == Outcome::fail ? "fail"
                                                            : "?";
  char kind = 'w';
  if (operation.kind == OperationKind::get) {
    kind = 'r';
    if (operation.outcome == Outcome::ok) result = text_or_nil(access.value);
  } else if (operation.kind == OperationKind::compare_and_set) {
    kind = 'c';
    first = text_or_nil(access.expected);
    second = access.argument;
    if (operation.outcome == Outcome::ok && !operation.matched)
      result = operation.value_known ? text_or_nil(access.value) : "fail";
  } else if (operation.kind == OperationKind::remove) {
    kind = 'd';
  } else {
    if (operation.kind == OperationKind::append) kind = 'a';
    first = access.argument;
  }
  const auto nanoseconds = [](Time time) { return std::to_string(time.time_since_epoch().count()); };
  out_ += std::to_string(place) + '\t' + std::to_string(operation.client) + '\t' + access.key + '\t' + kind +
          '\t' + first + '\t' + second + '\t' + result + '\t' + nanoseconds(operation.call) + '\t' +
          (operation.back == kNever ? "-" : nanoseconds(operation.back)) + '\n';
}

namespace {

// Clients call and come back by a queue of instants; an operation takes effect as it comes back.
class Inventor {
 public:
  Inventor(const LongHistory& recipe, HistorySink& sink)
      : recipe_(recipe), sink_(sink), rng_(recipe.seed), clients_(recipe.clients) {}

  void run() {
    for (std::uint32_t i = 0; i < recipe_.clients; ++i) queue_.emplace(1 + rng_.between(0, 2'000'000), i);
    while (!queue_.empty()) {
      const auto [now, client] = queue_.top();
      queue_.pop();
      if (clients_[client].busy) {
        give_back(clients_[client], Time(Duration(static_cast<std::int64_t>(now))));
        queue_.emplace(now + 1 + rng_.between(0, 300'000), client);
      } else if (calls_ < recipe_.operations) {
        call(client, Time(Duration(static_cast<std::int64_t>(now))));
        queue_.emplace(now + 200'000 + rng_.between(0, 3'000'000), client);
      }
    }
    sink_.on_end();
  }

 private:
  struct Client {
    bool busy = false;
    std::size_t place = 0;
    Operation operation;
  };
  struct Value {
    std::optional<std::string> text;
    std::uint64_t version = 0;
  };

  void call(std::uint32_t client, Time now) {
    Client& it = clients_[client];
    it.busy = true;
    it.place = calls_++;
    it.operation = {};
    it.operation.client = client;
    it.operation.call = now;
    it.operation.accesses.resize(1);
    KeyAccess& access = it.operation.accesses[0];
    access.key = recipe_.log ? "register" : "key-" + std::to_string(rng_.between(1, recipe_.keys));
    const std::uint64_t kind = rng_.between(0, 9);
    it.operation.kind = kind < 5   ? OperationKind::get
                        : kind < 9 ? OperationKind::put
                                   : OperationKind::compare_and_set;
    if (kind >= 5) access.argument = (recipe_.log ? "" : "v") + std::to_string(it.place);
    if (kind == 9) access.expected = values_[access.key].text;
    sink_.on_call(it.place, it.operation);
  }

  void give_back(Client& it, Time now) {
    it.busy = false;
    it.operation.outcome = Outcome::ok;
    it.operation.back = now;
    KeyAccess& access = it.operation.accesses[0];
    Value& value = values_[access.key];
    it.operation.matched =
        it.operation.kind == OperationKind::compare_and_set && access.expected == value.text;
    if (it.operation.matched || it.operation.kind == OperationKind::put) {
      value = {access.argument, ++version_};
    } else {
      access.value = value.text;
    }
    access.version = value.version;
    sink_.on_return(it.place, it.operation);
  }

  using Turn = std::pair<std::uint64_t, std::uint32_t>;  // when, which client

  const LongHistory& recipe_;
  HistorySink& sink_;
  Rng rng_;
  std::vector<Client> clients_;
  std::map<std::string, Value> values_;
  std::uint64_t version_ = 0;
  std::size_t calls_ = 0;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> queue_;
};

}  // namespace

void invent(const LongHistory& recipe, HistorySink& sink) { Inventor(recipe, sink).run(); }

}  // namespace norn::sim
