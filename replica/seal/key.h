// The cluster's key, and the text file that carries it from machine to machine:
//
//   file := "norn cluster key, version 1\n" "id " hex{8} "\n" "key " hex{64} "\n"      hex := 0-9 a-f
//
// The id is a hash of the key. It tells keys apart in logs and in the headers of datagrams without telling
// the key, and a file whose two lines do not fit each other is refused. Reading and writing files is the
// host's; so is where the random bytes come from.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <variant>

#include "replica/base/types.h"

namespace norn::seal {

// Whoever has it may speak as any replica and as any client. A fresh one is 32 bytes of the system's
// randomness.
struct Key {
  std::array<std::byte, 32> bytes;
  friend bool operator==(const Key&, const Key&) = default;
};

std::uint32_t key_id(const Key& key);
std::string key_id_text(const Key& key);  // eight hexadecimal digits, as in the file

std::string format_key(const Key& key);

// A whole file's text. An error says on one line, to go after the file's name, what is wrong with it.
std::variant<Key, std::string> parse_key(std::string_view text);

}  // namespace norn::seal
