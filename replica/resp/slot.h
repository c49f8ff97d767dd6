// The slot of a key, as Redis Cluster reckons it: CRC16 modulo 16384, of what stands between the first { and
// the next } if that is not empty. A redirect (-MOVED) must name it.
#pragma once

#include <cstdint>
#include <string_view>

namespace norn::resp {

constexpr std::uint16_t crc16(std::string_view text) {  // XMODEM: polynomial 0x1021, from 0
  std::uint16_t crc = 0;
  for (const char c : text) {
    crc = static_cast<std::uint16_t>(crc ^ static_cast<unsigned char>(c) << 8);
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
    }
  }
  return crc;
}

constexpr std::uint16_t slot_of(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % 16384;
}

}  // namespace norn::resp
