#include "codec/mqtt/properties.h"

#include <array>

namespace allauth::mqtt {
namespace {

constexpr std::uint32_t in(std::same_as<Place> auto... places) {
  return (static_cast<std::uint32_t>(places) | ...);
}

using enum Place;
using Id = PropertyId;
using Type = PropertyType;

constexpr std::uint32_t kPublish = in(publish_by_client, publish_by_server);
constexpr std::uint32_t kMessage = kPublish | in(will);
constexpr std::uint32_t kAcks = in(puback, pubrec, pubrel, pubcomp, suback, unsuback);
constexpr std::uint32_t kDisconnect = in(disconnect_by_client, disconnect_by_server);
constexpr std::uint32_t kAll =
    in(connect, connack, subscribe, unsubscribe, auth) | kMessage | kAcks | kDisconnect;
constexpr std::uint32_t kAny32 = 0xFFFFFFFF;

// MQTT 5.0 table 2-4 and the sections of the packets.
constexpr std::array kRules = {
    PropertyRule{Id::payload_format, Type::byte, kMessage, false, 0, 1},
    PropertyRule{Id::message_expiry, Type::four_bytes, kMessage, false, 0, kAny32},
    PropertyRule{Id::content_type, Type::text, kMessage, false, 0, 0},
    PropertyRule{Id::response_topic, Type::text, kMessage, false, 0, 0},
    PropertyRule{Id::correlation_data, Type::binary, kMessage, false, 0, 0},
    // From a client a PUBLISH must not hold it: a protocol error, found by read_properties.
    PropertyRule{Id::subscription_id, Type::varint, in(subscribe, publish_by_server), false, 1, kMaxVarint},
    PropertyRule{Id::session_expiry, Type::four_bytes, in(connect, connack, disconnect_by_client), false, 0,
                 kAny32},
    PropertyRule{Id::assigned_client_id, Type::text, in(connack), false, 0, 0},
    PropertyRule{Id::server_keep_alive, Type::two_bytes, in(connack), false, 0, 0xFFFF},
    PropertyRule{Id::authentication_method, Type::text, in(connect, connack, auth), false, 0, 0},
    PropertyRule{Id::authentication_data, Type::binary, in(connect, connack, auth), false, 0, 0},
    PropertyRule{Id::request_problem_information, Type::byte, in(connect), false, 0, 1},
    PropertyRule{Id::will_delay, Type::four_bytes, in(will), false, 0, kAny32},
    PropertyRule{Id::request_response_information, Type::byte, in(connect), false, 0, 1},
    PropertyRule{Id::response_information, Type::text, in(connack), false, 0, 0},
    PropertyRule{Id::server_reference, Type::text, in(connack, disconnect_by_server), false, 0, 0},
    PropertyRule{Id::reason_string, Type::text, kAcks | kDisconnect | in(connack, auth), false, 0, 0},
    PropertyRule{Id::receive_maximum, Type::two_bytes, in(connect, connack), false, 1, 0xFFFF},
    PropertyRule{Id::topic_alias_maximum, Type::two_bytes, in(connect, connack), false, 0, 0xFFFF},
    PropertyRule{Id::topic_alias, Type::two_bytes, kPublish, false, 1, 0xFFFF},
    PropertyRule{Id::maximum_qos, Type::byte, in(connack), false, 0, 1},
    PropertyRule{Id::retain_available, Type::byte, in(connack), false, 0, 1},
    PropertyRule{Id::user_property, Type::text_pair, kAll, true, 0, 0},
    PropertyRule{Id::maximum_packet_size, Type::four_bytes, in(connect, connack), false, 1, kAny32},
    PropertyRule{Id::wildcard_available, Type::byte, in(connack), false, 0, 1},
    PropertyRule{Id::subscription_id_available, Type::byte, in(connack), false, 0, 1},
    PropertyRule{Id::shared_available, Type::byte, in(connack), false, 0, 1},
};

constexpr std::size_t kIdLimit = 0x2B;

constexpr auto kById = [] {
  std::array<std::uint8_t, kIdLimit> index{};  // 0: unassigned, else position + 1
  for (std::size_t i = 0; i < kRules.size(); ++i)
    index[static_cast<std::size_t>(kRules[i].id)] = static_cast<std::uint8_t>(i + 1);
  return index;
}();

bool is_number(PropertyType type) { return type <= PropertyType::varint; }

Decoded<std::uint32_t> read_number(Reader& in, PropertyType type) {
  if (type == PropertyType::byte) return in.u8();
  if (type == PropertyType::two_bytes) return in.u16();
  if (type == PropertyType::four_bytes) return in.u32();
  return in.varint();
}

Decoded<Property> read_property(Reader& in) {
  TRY(const auto id, in.varint());
  const auto* rule = find_rule(id);
  if (rule == nullptr) return malformed("mqtt.property.unknown");
  Property property{.id = rule->id};
  if (is_number(rule->type)) {
    TRY(property.number, read_number(in, rule->type));
    return property;
  }
  if (rule->type == PropertyType::binary) {
    TRY(property.text, in.binary());
    return property;
  }
  TRY(property.text, in.text());
  if (rule->type == PropertyType::text_pair) {
    TRY(property.value, in.text());
  }
  return property;
}

Decoded<void> check(const Property& property, Place place, std::uint64_t& seen) {
  const auto& rule = *find_rule(static_cast<std::uint32_t>(property.id));
  if ((rule.places & static_cast<std::uint32_t>(place)) == 0) {
    if (property.id == Id::subscription_id && place == publish_by_client)
      return protocol_error("mqtt.property.subscription_id_from_client");
    return malformed("mqtt.property.misplaced");
  }
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(property.id);
  const bool repeats = rule.repeats || (property.id == Id::subscription_id && place == publish_by_server);
  if ((seen & bit) != 0 && !repeats) return protocol_error("mqtt.property.repeated");
  seen |= bit;
  if (is_number(rule.type) && (property.number < rule.least || property.number > rule.most)) {
    if (property.id == Id::topic_alias)
      return std::unexpected(Fault{ReasonCode::topic_alias_invalid, "mqtt.topic_alias.zero"});
    return protocol_error("mqtt.property.out_of_range");
  }
  return {};
}

}  // namespace

std::span<const PropertyRule> property_rules() { return kRules; }

const PropertyRule* find_rule(std::uint32_t id) {
  if (id >= kIdLimit || kById[id] == 0) return nullptr;
  return &kRules[kById[id] - 1u];
}

PropertyView::iterator& PropertyView::iterator::operator++() {
  if (rest_.empty()) {
    done_ = true;
    return *this;
  }
  Reader reader(rest_);
  auto property = read_property(reader);
  if (!property) {  // a view is only made of checked bytes
    done_ = true;
    return *this;
  }
  now_ = *property;
  rest_ = reader.rest();
  return *this;
}

std::optional<Property> PropertyView::find(PropertyId id) const {
  for (const auto& property : *this) {
    if (property.id == id) return property;
  }
  return std::nullopt;
}

Decoded<PropertyView> read_properties(Reader& in, Place place) {
  TRY(const auto size, in.varint());
  TRY(const auto block, in.take(size));
  std::uint64_t seen = 0;
  for (Reader reader(block); !reader.empty();) {
    TRY(const auto property, read_property(reader));
    TRY(check(property, place, seen));
  }
  return PropertyView::trusted(block);
}

void write_property(std::string& out, const Property& property) {
  const auto& rule = *find_rule(static_cast<std::uint32_t>(property.id));
  write_u8(out, static_cast<unsigned>(property.id));
  switch (rule.type) {
    case PropertyType::byte:
      return write_u8(out, property.number);
    case PropertyType::two_bytes:
      return write_u16(out, property.number);
    case PropertyType::four_bytes:
      return write_u32(out, property.number);
    case PropertyType::varint:
      return write_varint(out, property.number);
    case PropertyType::text:
    case PropertyType::binary:
      return write_binary(out, property.text);
    case PropertyType::text_pair:
      write_binary(out, property.text);
      return write_binary(out, property.value);
  }
}

}  // namespace allauth::mqtt
