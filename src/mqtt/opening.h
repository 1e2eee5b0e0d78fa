// What a CONNECT said, kept until the broker has accepted it. The client's password is not part of it.
// Of a will, where it goes stays known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/mqtt/packet.h"
#include "mqtt/session.h"

namespace allauth::mqtt {

// Where a will goes: kept as long as the broker may publish it, to ask again.
struct Session::WillTopic {
  std::uint8_t qos = 0;
  bool retain = false;
  std::string topic;         // as the client named it
  std::string broker_topic;  // as the broker was told
  std::string properties;    // a block

  Asked asked() const { return {qos, retain, PropertyView::trusted(properties)}; }
  // The verdict on the will as the broker has it, now that this is the answer.
  Verdict after(const TopicVerdict& answer) const {
    const auto& now = answer.topic.empty() ? topic : answer.topic;
    const bool moved = answer.verdict.granted() && now != broker_topic;
    return moved ? Verdict::deny("will.moved") : answer.verdict;
  }
};

struct Session::Opening {
  struct OwnedWill {
    QoS qos = QoS::at_most_once;
    WillTopic to;
    std::string payload;
  };

  explicit Opening(const Connect& connect);
  std::uint32_t number(PropertyId id, std::uint32_t absent) const;
  // What the broker's CONNECT has instead of `properties` and those of the will; empty before 5.0.
  std::string broker_properties(const SessionLimits& limits) const;
  std::string broker_will_properties(const SessionLimits& limits) const;

  Version version;
  bool bridge = false;
  bool clean = true;
  std::uint16_t keep_alive = 0;
  std::string properties;
  std::string client_id;
  std::string assigned_client_id;  // told to a 5.0 client that has none
  std::optional<OwnedWill> will;
  std::vector<NamedValue> told;  // to the broker, instead of the client's
};

}  // namespace allauth::mqtt
