// How an explanation calls operations and values: short, for sentences and for bars.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/check/history.h"
#include "sim/explain/ledger.h"

namespace norn::sim {

// Quoted, bytes that do not print escaped; of a long one its beginning and its end. Absence: "nothing".
std::string shown(std::string_view text);
std::string shown(const std::string& text);
std::string shown(const std::optional<std::string>& text);
std::string shown(MaybeText text);

// 'read of "7"', with "key k" where there are several keys.
std::string deed(const Operation& operation, bool name_keys);
// 'get "7"', 'put "8"', 'cas "7" -> "8"': for a bar.
std::string bar_text(const Operation& operation, bool name_keys);
// All there is to know of it, in lines; long values shortened.
std::string details(const Operation& operation);

// "1.203 s": cut off at as many decimals as it takes to tell the two apart, at least three.
std::pair<std::string, std::string> clocks(Time early, Time late);
std::string clock(Time time);  // whole
// "from 1.203 s to 1.300 s"; of unknown outcome "from 1.203 s, outcome unknown".
std::string span(const Operation& operation);

std::string capital(std::string sentence);  // its first letter

// A, B, ..., Z, A1, B1, ...
std::string letter(std::size_t number);

}  // namespace norn::sim
