// What the store keeps for a key: the value, and whose put wrote it. So the log itself says to whom the
// answer to each of its entries is due, and a new leader can give those that its predecessor did not.
//
//   envelope := client:u16 size:u32 mid:u8[size] value:rest
#pragma once

#include <optional>
#include <string_view>

#include "replica/base/bytes.h"
#include "replica/course/message.h"

namespace norn::course {

struct Envelope {
  Id client;
  std::string_view mid;
  std::string_view value;

  static std::optional<Envelope> parse(std::string_view kept);
};

std::string enclose(const Envelope& envelope);

}  // namespace norn::course
