// May this principal connect, send or get messages? Answered from one snapshot.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/caller.h"
#include "app/core.h"
#include "app/messaging/topics.h"

namespace allauth::app {

enum class MessageAction {
  connect,      // and stay connected
  publish,      // to a topic
  subscribe,    // to a filter
  unsubscribe,  // from a filter; whoever asks may
  deliver,      // a message on a topic reaches a subscriber
};
std::string_view to_string(MessageAction);

// All that may count. Views are borrowed for the time of the call.
struct MessageQuestion {
  const Authenticated& who;
  MessageAction action;
  std::string_view topic = {};   // or a filter; none to connect
  std::string_view domain = {};  // the only one it may be about, by id or route; empty: any
  std::uint8_t qos = 0;          // as asked for
  bool retain = false;
  std::span<const policy::Property> properties = {};
};

// What of a question an answer depended on. Whatever else is asked, the same answer holds.
struct MessageInputs {
  bool qos = false;
  bool retain = false;
  bool properties = false;
};

struct MessageVerdict {
  Verdict verdict;
  std::string topic = {};       // as the broker shall see it; empty if it is the same
  std::uint8_t qos = kMostQos;  // that is granted at most, whatever was asked for
  MessageInputs depends_on = {};
  // For whoever acts on the verdict: those that came with the credential, to connect.
  std::vector<std::pair<std::string, std::string>> properties = {};
};

// Reasons: those of resolve(), message.denied, message.allowed, message.qos (what is published with a higher
// QoS than the channel has; subscriptions and deliveries are to be lowered), to connect those of
// still_valid(), and of errors policy.failed, state.stale, state.broken.
MessageVerdict may_message(const Core& core, const store::Snapshot& snapshot,
                           const MessageQuestion& question);

}  // namespace allauth::app
