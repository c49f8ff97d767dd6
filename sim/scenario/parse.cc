// Text to tree (json.h), tree to structures (parse_fields.h), and then what only shows between the fields
// (validate.h).
#include "sim/scenario/parse.h"

#include <fstream>

#include "sim/scenario/parse_fields.h"
#include "sim/scenario/validate.h"

namespace norn::sim {
namespace {

constexpr std::streamsize kFileSizeMax = 16 << 20;

std::string stem(std::string_view file) {
  if (const std::size_t slash = file.rfind('/'); slash != file.npos) file.remove_prefix(slash + 1);
  if (file.ends_with(".json")) file.remove_suffix(5);
  return std::string(file);
}

template <class T>
void read_fields(const JsonValue& json, T& out) {
  FieldReader reader(json, "");
  fields(reader, out, T{});
  reader.finish();
}

// Throws a JsonProblem.
Scenario read_tree(const JsonValue& json, std::string_view file) {
  Scenario scenario;
  if (json.find("lifetime")) {
    CourseConfig course;
    read_fields(json, course);
    if (const auto problem = validate(course)) throw *problem;
    scenario = course_scenario(course);
    scenario.name = stem(file);
    return scenario;
  }
  scenario.name = stem(file);
  read_fields(json, scenario);
  if (const auto problem = validate(scenario)) throw *problem;
  return scenario;
}

}  // namespace

std::string ParseError::line() const { return file + ": " + (where.empty() ? "" : where + ": ") + what; }

std::variant<Scenario, ParseError> parse_scenario(std::string_view text, std::string_view file) {
  const auto error = [&](const JsonProblem& problem) {
    return ParseError{std::string(file), problem.where, problem.what};
  };
  const auto tree = parse_json(text);
  if (const auto* problem = std::get_if<JsonProblem>(&tree)) return error(*problem);
  try {
    return read_tree(std::get<JsonValue>(tree), file);
  } catch (const JsonProblem& problem) {
    return error(problem);
  }
}

std::variant<Scenario, ParseError> read_scenario(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text;
  for (char block[65536]; in.read(block, sizeof block), in.gcount() > 0;) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kFileSizeMax) return ParseError{file, "", "is larger than a scenario can be"};
  }
  if (!in.eof()) return ParseError{file, "", "cannot be read"};
  return parse_scenario(text, file);
}

std::string to_json(const Scenario& scenario) {
  FieldWriter writer;
  fields(writer, scenario, Scenario{});
  return write_json(writer.take());
}

}  // namespace norn::sim
