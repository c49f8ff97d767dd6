// INFO: the gateway and the replica around it, in Redis's form.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "replica/resp/house.h"

namespace norn::resp {

// The sections named (in lower case; none: all), each "# Name" and its "field:value" lines, ended by CRLF.
std::string info(const House& house, std::span<const std::string> sections);

}  // namespace norn::resp
