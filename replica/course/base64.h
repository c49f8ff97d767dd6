// Base64 (RFC 4648, section 4): how packets travel within JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "replica/base/types.h"

namespace norn::course {

void append_base64(Bytes bytes, std::string& out);
// Nothing unless the text is the one that append_base64 would make of some bytes.
std::optional<Buffer> parse_base64(std::string_view text);

}  // namespace norn::course
