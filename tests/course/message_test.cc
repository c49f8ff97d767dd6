// The gate for the course's messages: what is well formed comes in, and nothing else; what leaves is well
// formed.
#include "replica/course/message.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "replica/base/bytes.h"
#include "replica/base/rng.h"
#include "replica/course/base64.h"
#include "replica/course/envelope.h"

namespace norn::course {
namespace {

const Roster kRoster = *Roster::make({{2}, {0}, {1}});
constexpr NodeId kSelf{2};  // 0001

std::variant<Request, PeerMessage, Refusal> read(std::string_view text) {
  return parse(kRoster, kSelf, text);
}

std::optional<Refusal> refusal(std::string_view text) {
  const auto parsed = read(text);
  const auto* why = std::get_if<Refusal>(&parsed);
  return why ? std::optional(*why) : std::nullopt;
}

const std::string kGet =
    R"({"src":"0015","dst":"0001","leader":"FFFF","type":"get","MID":"ABCDEFGH01234567","key":"K"})";
const std::string kPut =
    R"({"src":"0015","dst":"0001","leader":"0002","type":"put","MID":"M1","key":"K","value":"v"})";

std::string peer_text() { return to_peer({{0}, {1}, {0}}, {42}, as_bytes("packet")); }

// kPut with one field's value, as it is in JSON, in the place of its own; nothing: without the field.
std::string with(const char* field, std::optional<nlohmann::json> value) {
  auto put = nlohmann::json::parse(kPut);
  put.erase(field);
  if (value) put[field] = *value;
  return put.dump();
}

TEST_CASE("a client's requests come in") {
  const auto get = read(kGet);
  REQUIRE(std::holds_alternative<Request>(get));
  CHECK(std::get<Request>(get).client == Id{0x15});
  CHECK(std::get<Request>(get).mid == "ABCDEFGH01234567");
  CHECK(std::get<Request>(get).key == "K");
  CHECK_FALSE(std::get<Request>(get).value);
  const auto put = read(" " + kPut + "\n");
  REQUIRE(std::holds_alternative<Request>(put));
  CHECK(std::get<Request>(put).value == "v");
  CHECK_FALSE(refusal(with("dst", "FFFF")));
  CHECK_FALSE(refusal(with("more", "fields")));
  CHECK_FALSE(refusal(with("value", "")));
}

TEST_CASE("a peer's messages come in, with a packet or without") {
  const auto parsed = read(peer_text());
  REQUIRE(std::holds_alternative<PeerMessage>(parsed));
  const auto& message = std::get<PeerMessage>(parsed);
  CHECK(message.from == NodeId{1});
  CHECK(message.answered == Index{42});
  CHECK(as_text(message.packet) == "packet");
  const auto bare = read(to_peer({{2}, {1}, kNobody}, {7}, {}));
  REQUIRE(std::holds_alternative<PeerMessage>(bare));
  CHECK(std::get<PeerMessage>(bare).from == NodeId{3});
  CHECK(std::get<PeerMessage>(bare).packet.empty());
}

TEST_CASE("what is not one JSON object is refused") {
  const std::string deep(60'000, '[');
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"), deep, "[" + kGet + "]",
        kGet + kGet, std::string("\xff\xfe"), std::string(R"({"src":"00)") + "\xff" + R"(5"})"}) {
    CHECK(refusal(text) == Refusal::not_json);
  }
}

TEST_CASE("a field that is missing, of another kind or too large is malformed") {
  for (const char* field : {"src", "dst", "leader", "type", "MID", "key", "value"}) {
    CAPTURE(field);
    CHECK(refusal(with(field, {})) == Refusal::malformed);
    CHECK(refusal(with(field, 1)) == Refusal::malformed);
    CHECK(refusal(with(field, nlohmann::json::array({"0001"}))) == Refusal::malformed);
    CHECK(refusal(with(field, std::string(100'000, 'x'))).has_value());
  }
  for (const char* id : {"", "1", "00015", "00f5", "00G5", "-001", "0x15"}) {
    CHECK(refusal(with("src", id)) == Refusal::malformed);
    CHECK(refusal(with("leader", id)) == Refusal::malformed);
  }
  CHECK(refusal(with("MID", "")) == Refusal::malformed);
  CHECK(refusal(with("key", "")) == Refusal::malformed);
  const auto peer = [](const char* field, nlohmann::json value) {
    auto message = nlohmann::json::parse(peer_text());
    message[field] = std::move(value);
    return message.dump();
  };
  CHECK(refusal(peer("answered", -1)) == Refusal::malformed);
  CHECK(refusal(peer("answered", 1.5)) == Refusal::malformed);
  CHECK(refusal(peer("answered", ~std::uint64_t{0})) == Refusal::malformed);
  CHECK(refusal(peer("packet", "")) == Refusal::malformed);
  CHECK(refusal(peer("packet", "AAA")) == Refusal::malformed);
  CHECK(refusal(peer("packet", 3)) == Refusal::malformed);
}

TEST_CASE("what is for somebody else, or not for the sender to say, is misplaced") {
  CHECK(refusal(with("dst", "0002")) == Refusal::misplaced);
  CHECK(refusal(with("src", "0001")) == Refusal::misplaced);  // itself
  CHECK(refusal(with("src", "0002")) == Refusal::misplaced);  // a replica puts nothing
  CHECK(refusal(with("src", "FFFF")) == Refusal::misplaced);
  CHECK(refusal(with("type", "ok")) == Refusal::misplaced);
  CHECK(refusal(with("type", "raft")) == Refusal::misplaced);
}

TEST_CASE("no start of a message is a message, and no change to its bytes does harm") {
  Rng chance(7);
  for (const std::string& text : {kGet, kPut, peer_text()}) {
    for (std::size_t size = 0; size < text.size(); ++size) CHECK(refusal(text.substr(0, size)).has_value());
    for (int i = 0; i < 2000; ++i) {
      std::string changed = text;
      const std::uint64_t changes = chance.between(1, 4);
      for (std::uint64_t change = 0; change < changes; ++change) {
        const std::uint64_t at = chance.between(0, changed.size() - 1);
        changed[at] = static_cast<char>(chance.between(0, 255));
      }
      read(changed);
    }
  }
}

TEST_CASE("answers are JSON whatever is in them") {
  const std::string odd = "\"\\\n\x01\xc3\xa9";
  const auto message = nlohmann::json::parse(ok({{1}, {0x15}, {2}}, odd, odd));
  CHECK(message == nlohmann::json{{"src", "0001"},
                                  {"dst", "0015"},
                                  {"leader", "0002"},
                                  {"type", "ok"},
                                  {"MID", odd},
                                  {"value", odd}});
  CHECK_FALSE(nlohmann::json::parse(ok({{1}, {0x15}, {2}}, "M")).contains("value"));
  CHECK(nlohmann::json::parse(ok({{1}, {0x15}, {2}}, "M", "")).at("value") == "");
  CHECK_FALSE(nlohmann::json::parse(ok({{1}, {0x15}, {2}}, "M", "\xff"), nullptr, false).is_discarded());
  CHECK(nlohmann::json::parse(redirect({{1}, {0x15}, kNobody}, "M")).at("leader") == "FFFF");
  CHECK(nlohmann::json::parse(fail({{1}, {0x15}, kNobody}, "M")).at("type") == "fail");
  CHECK(hello({0xA1}) == R"({"src":"00A1","dst":"FFFF","leader":"FFFF","type":"hello"})");
}

TEST_CASE("a datagram with the largest packet fits into one of IPv4's") {
  CHECK(to_peer({{1}, {2}, {1}}, {std::uint64_t{1} << 62}, Buffer(kPacketMax)).size() <= 65'507);
}

TEST_CASE("base64: the vectors of RFC 4648, every length, and one text for each run of bytes") {
  const auto encoded = [](std::string_view text) {
    std::string out;
    append_base64(as_bytes(text), out);
    return out;
  };
  CHECK(encoded("") == "");
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foob") == "Zm9vYg==");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xfb\xff\xbf") == "+/+/");
  Rng chance(1);
  std::string bytes;
  for (int size = 0; size < 100; ++size) {
    const auto decoded = parse_base64(encoded(bytes));
    REQUIRE(decoded);
    CHECK(as_text(*decoded) == bytes);
    bytes.push_back(static_cast<char>(chance.between(0, 255)));
  }
  for (const char* text :
       {"A", "AA", "AAA", "=", "====", "A===", "AA=A", "Zg==Zg==", "Zh==", "Zm9=", "Zm9 ", "Zm-v"})
    CHECK_FALSE(parse_base64(text));
}

TEST_CASE("an envelope comes back, and half of one does not") {
  const std::string kept = enclose({{0x15}, "MID", "value"});
  const auto envelope = Envelope::parse(kept);
  REQUIRE(envelope);
  CHECK(envelope->client == Id{0x15});
  CHECK(envelope->mid == "MID");
  CHECK(envelope->value == "value");
  CHECK(Envelope::parse(enclose({{0x15}, "MID", ""}))->value.empty());
  for (std::size_t size = 0; size < 9; ++size) CHECK_FALSE(Envelope::parse(kept.substr(0, size)));
}

TEST_CASE("a roster names its replicas alike in whatever order it was given") {
  const Roster other = *Roster::make({{1}, {2}, {0}});
  for (std::uint16_t i = 0; i < 3; ++i) {
    CHECK(kRoster.node({i}) == other.node({i}));
    CHECK(kRoster.id(kRoster.node({i})) == Id{i});
  }
  CHECK(kRoster.node({3}) == NodeId{});
  CHECK(kRoster.id({}) == kNobody);
  CHECK_FALSE(Roster::make({}));
  CHECK_FALSE(Roster::make({{1}, {1}}));
  CHECK_FALSE(Roster::make({{1}, kEverybody}));
  std::vector<Id> most;
  for (std::uint16_t i = 0; i < kReplicasMax; ++i) most.push_back({i});
  CHECK(Roster::make(most)->nodes().back() == NodeId{kReplicasMax});
  most.push_back({kReplicasMax});
  CHECK_FALSE(Roster::make(most));
  CHECK(parse_id("0A1F") == Id{0x0A1F});
  CHECK(text_of({0x0A1F}) == "0A1F");
}

}  // namespace
}  // namespace norn::course
