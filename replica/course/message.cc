#include "replica/course/message.h"

#include <nlohmann/json.hpp>

#include "replica/course/base64.h"

namespace norn::course {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kIndexMax = std::uint64_t{1} << 62;  // as in wire/packet.cc

// A field that is a text; it lives as long as the object.
std::optional<std::string_view> text(const Json& object, const char* name) {
  const auto field = object.find(name);
  if (field == object.end() || !field->is_string()) return std::nullopt;
  return field->get_ref<const std::string&>();
}

std::optional<Id> id(const Json& object, const char* name) {
  const auto field = text(object, name);
  return field ? parse_id(*field) : std::nullopt;
}

std::optional<std::string> sized_text(const Json& object, const char* name, std::size_t min,
                                      std::size_t max) {
  const auto field = text(object, name);
  if (!field || field->size() < min || field->size() > max) return std::nullopt;
  return std::string(*field);
}

std::optional<Request> parse_request(const Json& object, Id client, bool put) {
  auto mid = sized_text(object, "MID", 1, kMidSizeMax);
  auto key = sized_text(object, "key", 1, kKeySizeMax);
  if (!mid || !key) return std::nullopt;
  Request request{client, std::move(*mid), std::move(*key), {}};
  if (!put) return request;
  request.value = sized_text(object, "value", 0, kValueSizeMax);
  return request.value ? std::optional(std::move(request)) : std::nullopt;
}

std::optional<PeerMessage> parse_peer(const Json& object, NodeId from, bool with_packet) {
  const auto answered = object.find("answered");
  if (answered == object.end() || !answered->is_number_unsigned()) return std::nullopt;
  PeerMessage message{from, {answered->get<std::uint64_t>()}, {}};
  if (message.answered.value > kIndexMax) return std::nullopt;
  if (!with_packet) return message;
  const auto encoded = text(object, "packet");
  auto packet = encoded ? parse_base64(*encoded) : std::nullopt;
  if (!packet || packet->empty()) return std::nullopt;
  message.packet = std::move(*packet);
  return message;
}

// A string of JSON, quotes included. Bytes that are not UTF-8 can only come from a peer that is none of ours;
// they are replaced, so that the datagram stays text.
std::string json_text(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string open(const Head& head, std::string_view type) {
  std::string out = R"({"src":")" + text_of(head.src) + R"(","dst":")" + text_of(head.dst);
  out += R"(","leader":")" + text_of(head.leader) + R"(","type":")";
  out += type;
  out += '"';
  return out;
}

std::string answer(const Head& head, std::string_view type, std::string_view mid) {
  return open(head, type) + R"(,"MID":)" + json_text(mid);
}

}  // namespace

std::variant<Request, PeerMessage, Refusal> parse(const Roster& roster, NodeId self,
                                                  std::string_view datagram) {
  const Json object = Json::parse(datagram, nullptr, false);
  if (!object.is_object()) return Refusal::not_json;
  const auto src = id(object, "src");
  const auto dst = id(object, "dst");
  const auto leader = id(object, "leader");
  const auto type = text(object, "type");
  if (!src || !dst || !leader || !type) return Refusal::malformed;
  if (*dst != kEverybody && roster.node(*dst) != self) return Refusal::misplaced;
  const NodeId from = roster.node(*src);
  if (from == self) return Refusal::misplaced;
  if (from) {
    if (*type != "raft" && *type != "answered") return Refusal::misplaced;
    if (auto message = parse_peer(object, from, *type == "raft")) return std::move(*message);
    return Refusal::malformed;
  }
  if (*src == kNobody || (*type != "get" && *type != "put")) return Refusal::misplaced;
  if (auto request = parse_request(object, *src, *type == "put")) return std::move(*request);
  return Refusal::malformed;
}

std::string hello(Id self) { return open({self, kEverybody, kNobody}, "hello") + "}"; }

std::string ok(const Head& head, std::string_view mid, const std::optional<std::string>& value) {
  std::string out = answer(head, "ok", mid);
  if (value) out += R"(,"value":)" + json_text(*value);
  return out + "}";
}

std::string fail(const Head& head, std::string_view mid) { return answer(head, "fail", mid) + "}"; }

std::string redirect(const Head& head, std::string_view mid) { return answer(head, "redirect", mid) + "}"; }

std::string to_peer(const Head& head, Index answered, Bytes packet) {
  std::string out = open(head, packet.empty() ? "answered" : "raft");
  out += R"(,"answered":)" + std::to_string(answered.value);
  if (!packet.empty()) {
    out += R"(,"packet":")";
    append_base64(packet, out);
    out += '"';
  }
  return out + "}";
}

}  // namespace norn::course
