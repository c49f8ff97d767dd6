#include "replica/seal/key.h"

#include <cstring>
#include <sodium.h>

#include "replica/base/bytes.h"

namespace norn::seal {
namespace {

constexpr std::string_view kTitle = "norn cluster key, version ";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kIdPurpose =
    "norn key id";  // hashed with the key, so that the id serves nothing else

std::string hex(Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<std::size_t>(byte >> 4)];
    text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return text;
}

// Nothing but lower-case digits, as hex() writes them.
bool unhex(std::string_view text, std::span<std::byte> bytes) {
  if (text.size() != 2 * bytes.size()) return false;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::byte>(high << 4 | low);
  }
  return true;
}

// Takes `prefix` and what follows it up to the line's end from the front of text; nothing if it is not there.
std::string_view take_line(std::string_view& text, std::string_view prefix) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(prefix)) return {};
  const std::string_view rest = text.substr(prefix.size(), end - prefix.size());
  text.remove_prefix(end + 1);
  return rest;
}

}  // namespace

std::uint32_t key_id(const Key& key) {
  std::array<unsigned char, 32> hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(kIdPurpose.data()),
                     kIdPurpose.size(), reinterpret_cast<const unsigned char*>(key.bytes.data()),
                     key.bytes.size());
  std::uint32_t id = 0;
  std::memcpy(&id, hash.data(), sizeof id);
  return id;
}

std::string key_id_text(const Key& key) {
  const std::uint32_t id = key_id(key);
  return hex(std::as_bytes(std::span(&id, 1)));
}

std::string format_key(const Key& key) {
  std::string text(kTitle);
  return text.append(kVersion) + "\nid " + key_id_text(key) + "\nkey " + hex(key.bytes) + "\n";
}

std::variant<Key, std::string> parse_key(std::string_view text) {
  const std::string_view version = take_line(text, kTitle);
  if (version.empty()) return "is not a key file: it does not begin with \"" + std::string(kTitle) + "\"";
  if (version != kVersion) return "is a key file of another version than " + std::string(kVersion);
  const std::string_view id = take_line(text, "id ");
  Key key{};
  if (!unhex(take_line(text, "key "), key.bytes) || !text.empty())
    return "is damaged: after its first line come \"id \" and 8, then \"key \" and 64 hexadecimal digits";
  if (id != key_id_text(key)) return "is damaged: the key is not the one that its id was made for";
  return key;
}

}  // namespace norn::seal
