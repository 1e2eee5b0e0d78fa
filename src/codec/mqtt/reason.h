// Which reason code is legal in which packet and from whom (MQTT 5.0 §3.x.2.1 of each packet).
#pragma once

#include <string_view>

#include "codec/mqtt/types.h"

namespace allauth::mqtt {

// `type`: CONNACK, an ack, SUBACK, UNSUBACK, DISCONNECT or AUTH; false for all others. A value that is
// no ReasonCode is never legal.
bool may_carry(PacketType type, Sender from, ReasonCode code);

// "topic_alias_invalid"; "unknown" for a value that is no ReasonCode.
std::string_view to_string(ReasonCode);

}  // namespace allauth::mqtt
