// MQTT 5.0 properties (§2.2.2): one table says which type each has, where it may stand, whether it
// may repeat and which values it may take. A PropertyView is a validated block of them; reading it
// again cannot fail and allocates nothing.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "codec/mqtt/types.h"
#include "codec/mqtt/wire.h"

namespace allauth::mqtt {

enum class PropertyId : std::uint8_t {
  payload_format = 0x01,
  message_expiry = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_id = 0x0B,
  session_expiry = 0x11,
  assigned_client_id = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_available = 0x28,
  subscription_id_available = 0x29,
  shared_available = 0x2A,
};

enum class PropertyType : std::uint8_t { byte, two_bytes, four_bytes, varint, text, binary, text_pair };

// Where a block of properties stands. Values are bits of PropertyRule::places.
enum class Place : std::uint32_t {
  connect = 1u << 0,
  will = 1u << 1,
  connack = 1u << 2,
  publish_by_client = 1u << 3,
  publish_by_server = 1u << 4,
  puback = 1u << 5,
  pubrec = 1u << 6,
  pubrel = 1u << 7,
  pubcomp = 1u << 8,
  subscribe = 1u << 9,
  suback = 1u << 10,
  unsubscribe = 1u << 11,
  unsuback = 1u << 12,
  disconnect_by_client = 1u << 13,
  disconnect_by_server = 1u << 14,
  auth = 1u << 15,
};

struct PropertyRule {
  PropertyId id;
  PropertyType type;
  std::uint32_t places;
  bool repeats;
  std::uint32_t least;  // of numbers; others have 0
  std::uint32_t most;
};

// All 27, in order of their ids.
std::span<const PropertyRule> property_rules();
const PropertyRule* find_rule(std::uint32_t id);

struct Property {
  PropertyId id{};
  std::uint32_t number = 0;  // byte, two_bytes, four_bytes, varint
  std::string_view text;     // text, binary; the name of a text_pair
  std::string_view value;    // the value of a text_pair
};

// Borrows from the packet that it was decoded from.
class PropertyView {
 public:
  PropertyView() = default;
  // `block`: well-formed properties without their length, as PropertyWriter makes them.
  static PropertyView trusted(std::string_view block) { return PropertyView(block); }

  class iterator {
   public:
    using value_type = Property;
    using difference_type = std::ptrdiff_t;
    iterator() = default;
    explicit iterator(std::string_view rest) : rest_(rest) { ++*this; }
    const Property& operator*() const { return now_; }
    iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return done_; }

   private:
    std::string_view rest_;
    Property now_;
    bool done_ = false;
  };
  iterator begin() const { return iterator(block_); }
  std::default_sentinel_t end() const { return {}; }

  // The first one of that id.
  std::optional<Property> find(PropertyId id) const;
  bool empty() const { return block_.empty(); }
  std::string_view block() const { return block_; }

 private:
  explicit PropertyView(std::string_view block) : block_(block) {}
  std::string_view block_;
};

// Reads length and block, and checks every property for `place`. Faults: 81 for an unknown id, a
// wrong place or broken bytes; 82 for a repetition, a value out of range, or a subscription
// identifier sent by a client; 94 for a topic alias of 0.
Decoded<PropertyView> read_properties(Reader& in, Place place);

// Appends one property. The caller keeps to the table.
void write_property(std::string& out, const Property& property);

}  // namespace allauth::mqtt
