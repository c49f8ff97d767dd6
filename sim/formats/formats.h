// Histories in files, whoever wrote them: which format it is, and all its events, in order. Each reader's
// header describes its format.
//
//   jsonl    our JSON Lines                                           history_file.h
//   edn      Jepsen's histories: EDN maps                             jepsen_edn.h
//   log      Jepsen's text log of a single register                   jepsen_log.h
//   table    tab-separated, an operation a line; begins with # LIN1   table.h
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/check/history_sink.h"
#include "sim/formats/source.h"

namespace norn::sim {

enum class Format : std::uint8_t { json_lines, edn, log, table };

std::optional<Format> format_named(std::string_view name);
std::string_view name_of(Format format);

// By the text's first line that says something; a text that says nothing is an empty history, in JSON Lines.
// Reads on as far as it needs, and consumes nothing. Nothing: it is none of them.
std::optional<Format> recognize(Source& source);

// Hands on a whole history, in a format that is named or recognized. Unless the table's, it passes in blocks:
// the memory is that of what is open. An error in one line, "name:line: what is wrong"; empty: all is well.
std::string read_events(Source& source, std::optional<Format> format, HistorySink& sink);

}  // namespace norn::sim
