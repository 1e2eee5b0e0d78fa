#include "codec/mqtt/properties.h"

#include <gtest/gtest.h>

namespace allauth::mqtt {
namespace {

constexpr Place kPlaces[] = {Place::connect,
                             Place::will,
                             Place::connack,
                             Place::publish_by_client,
                             Place::publish_by_server,
                             Place::puback,
                             Place::pubrec,
                             Place::pubrel,
                             Place::pubcomp,
                             Place::subscribe,
                             Place::suback,
                             Place::unsubscribe,
                             Place::unsuback,
                             Place::disconnect_by_client,
                             Place::disconnect_by_server,
                             Place::auth};

Property legal(const PropertyRule& rule) {
  return {.id = rule.id, .number = rule.least, .text = "n", .value = "v"};
}

std::string with_length(std::string_view block) {
  std::string out;
  write_varint(out, static_cast<std::uint32_t>(block.size()));
  out += block;
  return out;
}

// The code that reading the block gives; success if it is accepted.
ReasonCode read(std::string_view block, Place place) {
  const auto bytes = with_length(block);
  Reader in(bytes);
  const auto view = read_properties(in, place);
  return view ? ReasonCode::success : view.error().code;
}

TEST(Properties, every_property_is_accepted_exactly_where_it_belongs) {
  int illegal = 0;
  for (const auto& rule : property_rules()) {
    std::string block;
    write_property(block, legal(rule));
    for (const auto place : kPlaces) {
      const bool fits = (rule.places & static_cast<std::uint32_t>(place)) != 0;
      const bool from_client = rule.id == PropertyId::subscription_id && place == Place::publish_by_client;
      const auto expected = fits          ? ReasonCode::success
                            : from_client ? ReasonCode::protocol_error
                                          : ReasonCode::malformed_packet;
      EXPECT_EQ(read(block, place), expected) << static_cast<int>(rule.id);
      if (!fits) ++illegal;
    }
  }
  EXPECT_EQ(illegal, 27 * 16 - 73);
}

TEST(Properties, a_repetition_is_a_protocol_error_unless_allowed) {
  for (const auto& rule : property_rules()) {
    std::string block;
    write_property(block, legal(rule));
    write_property(block, legal(rule));
    for (const auto place : kPlaces) {
      if ((rule.places & static_cast<std::uint32_t>(place)) == 0) continue;
      const bool repeats = rule.id == PropertyId::user_property ||
                           (rule.id == PropertyId::subscription_id && place == Place::publish_by_server);
      EXPECT_EQ(read(block, place), repeats ? ReasonCode::success : ReasonCode::protocol_error)
          << static_cast<int>(rule.id);
    }
  }
}

TEST(Properties, values_out_of_range_are_protocol_errors) {
  const struct {
    PropertyId id;
    Place place;
    std::uint32_t value;
    ReasonCode code;
  } rows[] = {
      {PropertyId::payload_format, Place::will, 2, ReasonCode::protocol_error},
      {PropertyId::subscription_id, Place::subscribe, 0, ReasonCode::protocol_error},
      {PropertyId::request_problem_information, Place::connect, 2, ReasonCode::protocol_error},
      {PropertyId::request_response_information, Place::connect, 2, ReasonCode::protocol_error},
      {PropertyId::receive_maximum, Place::connect, 0, ReasonCode::protocol_error},
      {PropertyId::maximum_packet_size, Place::connect, 0, ReasonCode::protocol_error},
      {PropertyId::maximum_qos, Place::connack, 2, ReasonCode::protocol_error},
      {PropertyId::retain_available, Place::connack, 2, ReasonCode::protocol_error},
      {PropertyId::wildcard_available, Place::connack, 2, ReasonCode::protocol_error},
      {PropertyId::subscription_id_available, Place::connack, 2, ReasonCode::protocol_error},
      {PropertyId::shared_available, Place::connack, 2, ReasonCode::protocol_error},
      {PropertyId::topic_alias, Place::publish_by_client, 0, ReasonCode::topic_alias_invalid},
  };
  for (const auto& row : rows) {
    std::string block;
    write_property(block, {.id = row.id, .number = row.value});
    EXPECT_EQ(read(block, row.place), row.code) << static_cast<int>(row.id);
  }
}

TEST(Properties, unknown_ids_and_broken_bytes_are_malformed) {
  for (int id = 0; id < 128; ++id) {
    if (find_rule(static_cast<std::uint32_t>(id)) != nullptr) continue;
    EXPECT_EQ(read(std::string(1, static_cast<char>(id)) + "xxxx", Place::connect),
              ReasonCode::malformed_packet);
  }
  for (const auto& rule : property_rules()) {
    std::string block;
    write_property(block, legal(rule));
    block.pop_back();
    for (const auto place : kPlaces) EXPECT_EQ(read(block, place), ReasonCode::malformed_packet);
  }
  Reader in(std::string_view("\x05\x21", 2));
  EXPECT_FALSE(read_properties(in, Place::connect));
}

TEST(Properties, order_and_duplicates_survive) {
  std::string block;
  write_property(block, {.id = PropertyId::user_property, .text = "b", .value = "1"});
  write_property(block, {.id = PropertyId::content_type, .text = "t"});
  write_property(block, {.id = PropertyId::user_property, .text = "a", .value = "2"});
  const auto view = PropertyView::trusted(block);
  std::string again;
  for (const auto& property : view) write_property(again, property);
  EXPECT_EQ(again, block);
  EXPECT_EQ(view.find(PropertyId::user_property)->text, "b");
  EXPECT_FALSE(view.find(PropertyId::topic_alias));
  EXPECT_TRUE(PropertyView().empty());
  EXPECT_EQ(PropertyView().begin(), PropertyView().end());
}

}  // namespace
}  // namespace allauth::mqtt
