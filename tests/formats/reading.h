// What the tests of the readers share: reading a text into a history, and comparing histories.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/check/history.h"
#include "sim/formats/formats.h"
#include "sim/formats/history_collector.h"
#include "sim/formats/history_file.h"

namespace norn::sim {

bool same(const Operation& a, const Operation& b);
bool same(const History& a, const History& b);

// In pieces of `at_once` bytes.
ParsedHistory read_text(std::string_view text, std::optional<Format> format = std::nullopt,
                        std::size_t at_once = SIZE_MAX);
std::string error_of(std::string_view text, std::optional<Format> format = std::nullopt);

std::string written(const History& history, Format format);

// Whatever is cut off the text's end, and whatever single byte is another, gives an error of one line that
// names file and line, or a history; never a crash, and the same in small pieces.
void damage(const std::string& text, std::optional<Format> format, std::uint64_t seed);

}  // namespace norn::sim
