#include "sim/explain/page.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "replica/base/assert.h"

#include "sim/explain/names.h"
#include "sim/explain/picture.h"

namespace norn::sim {

namespace {

// What a page may hold: the first of these with which it is small enough. With the last one it always is:
// what is drawn is bounded, and no text is long.
struct Limits {
  std::size_t context = 0;  // operations drawn in grey
  std::size_t sentences = 0;
  std::size_t rows = 0;
};
constexpr std::array<Limits, 3> kLimits = {{{90, 60, 60}, {30, 30, 30}, {0, 10, 10}}};

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark;
  --page: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --lane: #f3f5f8; --grid: #e3e7ec;
  --read: #2a6fdb; --read-fill: #cfe1fb; --write: #b35900; --write-fill: #fbdcb8; --gone: #7a3fc0; --gone-fill: #e4d5f7;
  --grey: #a9b2bc; --conflict: #c8102e; --time: #4d5762; --value: #1a7f37; --fault: #e0a800; --fault-ink: #6b4e00; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14181d; --ink: #e6eaef; --soft: #a3adb8; --line: #3a424c; --lane: #1b2027; --grid: #262d35;
  --read: #79aefc; --read-fill: #1d3a66; --write: #f2a65a; --write-fill: #5a3510; --gone: #c49bf5; --gone-fill: #43256b;
  --grey: #5d6772; --conflict: #ff6b7d; --time: #9aa5b1; --value: #5fd07c; --fault: #d9a400; --fault-ink: #f3d98a; } }
body { background: var(--page); color: var(--ink); margin: 24px auto; padding: 0 20px; max-width: 1180px;
  font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 24px 0 6px; }
p { margin: 6px 0; } .soft { color: var(--soft); font-size: 14px; }
ol { padding-left: 26px; margin: 6px 0; } li { margin: 4px 0; overflow-wrap: anywhere; }
figure { margin: 16px 0 4px; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; font-size: 14px; } td, th { text-align: left; padding: 3px 14px 3px 0;
  border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
svg { display: block; max-width: 100%; height: auto; } svg text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink); }
svg .caption { font-size: 13px; font-weight: 600; paint-order: stroke; stroke: var(--page); stroke-width: 3px; stroke-opacity: 0.75; }
svg .client, svg .tick, svg .key { fill: var(--soft); }
svg .lane { fill: var(--lane); } svg .axis { stroke: var(--soft); fill: none; } svg .grid { stroke: var(--grid); fill: none; }
svg .break { stroke: var(--soft); stroke-width: 1.5; fill: none; }
svg .bar { stroke-width: 1.5; } svg .bar.read { fill: var(--read-fill); stroke: var(--read); }
svg .bar.write { fill: var(--write-fill); stroke: var(--write); } svg .bar.gone { fill: var(--gone-fill); stroke: var(--gone); }
svg .bar.cited { stroke-dasharray: 4 3; } svg .context { fill: var(--grey); fill-opacity: 0.55; }
svg .edge { stroke-width: 2; fill: none; } svg .edge.read { stroke: var(--read); } svg .edge.write { stroke: var(--write); }
svg .edge.gone { stroke: var(--gone); }
svg .stop.read { stop-color: var(--read); } svg .stop.write { stop-color: var(--write); }
svg .stop.gone { stop-color: var(--gone); } svg .stop.grey { stop-color: var(--grey); }
svg .arrow { fill: none; stroke-width: 1.6; } svg .arrow.time { stroke: var(--time); }
svg .arrow.value { stroke: var(--value); stroke-dasharray: 6 3; } svg .arrow.conflict { stroke: var(--conflict); stroke-width: 2.2; }
svg .head.time { fill: var(--time); } svg .head.value { fill: var(--value); } svg .head.conflict { fill: var(--conflict); }
svg .label { paint-order: stroke; stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; }
svg .label.time { fill: var(--time); } svg .label.value { fill: var(--value); }
svg .label.conflict { fill: var(--conflict); font-weight: 600; }
svg .fault { fill: var(--fault); } svg .fault-edge { stroke: var(--fault); stroke-opacity: 0.55; fill: none; } svg .fault-head { fill: var(--fault); fill-opacity: 0.4; }
svg .fault-text { fill: var(--fault-ink); }
)";

std::string argument(const Explanation& explanation, std::size_t most) {
  std::string html = "<h2>Why</h2>\n<ol>\n";
  for (std::size_t i = 0; i < explanation.argument.size() && i < most; ++i)
    html += "<li>" + escaped(explanation.argument[i]) + "</li>\n";
  html += "</ol>\n";
  if (explanation.argument.size() > most)
    html += "<p>" + std::to_string(explanation.argument.size() - most) + " more steps are left out.</p>\n";
  return html + "<p class='soft'>" + escaped(explanation.minimality) + "</p>\n";
}

std::string table(const History& history, const Explanation& explanation, std::size_t most) {
  std::string html =
      "<h2>Operations</h2>\n<table>\n<tr><th></th><th>operation</th><th>time</th><th>number</th></tr>\n";
  for (std::size_t i = 0; i < explanation.operations.size() && i < most; ++i) {
    const ExplainedOperation& one = explanation.operations[i];
    html += "<tr><td>" + escaped(one.letter) + "</td><td>" + escaped(one.name) + "</td><td>" +
            escaped(span(history[one.place])) + "</td><td>" + std::to_string(one.place) + "</td></tr>\n";
  }
  html += "</table>\n";
  if (explanation.operations.size() > most)
    html += "<p>" + std::to_string(explanation.operations.size() - most) + " more are left out.</p>\n";
  return html;
}

std::string page(const History& history, const Explanation& explanation, const std::vector<FaultSpan>& faults,
                 const Limits& limits) {
  const Picture drawn = picture(history, explanation, faults, limits.context);
  std::string html =
      "<!DOCTYPE html>\n<html lang='en'>\n<head><meta charset='utf-8'>\n"
      "<meta name='viewport' content='width=device-width, initial-scale=1'>\n<title>" +
      escaped(explanation.headline) + "</title>\n<style>" + std::string(kStyle) +
      "</style></head>\n<body>\n<h1>" + escaped(explanation.headline) + "</h1>\n";
  html += "<figure>\n" + drawn.svg + "</figure>\n<p class='soft'>" + escaped(drawn.remarks) + "</p>\n";
  html += argument(explanation, limits.sentences) + table(history, explanation, limits.rows);
  return html + "</body>\n</html>\n";
}

}  // namespace

std::string explanation_page(const History& history, const Explanation& explanation,
                             const std::vector<FaultSpan>& faults) {
  std::string html;
  for (const Limits& limits : kLimits) {
    html = page(history, explanation, faults, limits);
    if (html.size() <= kPageMax) break;
  }
  ASSERT(html.size() <= kPageMax);
  return html;
}

std::string write_explanation(const std::string& path, const History& history, const CheckResult& result,
                              const std::vector<FaultSpan>& faults) {
  const Explanation explanation = explain(history, result);
  if (!explanation.found) return path + ": there is no violation to explain";
  std::ofstream file(path, std::ios::binary);
  file << explanation_page(history, explanation, faults);
  file.close();
  return file ? std::string() : path + ": it cannot be written";
}

}  // namespace norn::sim
