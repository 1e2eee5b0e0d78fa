// What one session has subscribed to through the gateway, and the requests the broker still owes an
// answer for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/guard.h"

namespace allauth::mqtt {

// A SUBSCRIBE under way: one entry per filter, in the client's order.
struct PendingSubscribe {
  struct Entry {
    bool forwarded = false;
    std::uint8_t code = 0;  // our answer, if it was not forwarded
    std::string added;      // the client's filter, if this request made us remember it
  };
  std::uint16_t packet_id = 0;
  std::vector<Entry> entries;
};

class Subscriptions {
 public:
  std::size_t size() const { return filters_.size(); }
  bool contains(std::string_view filter) const { return filters_.contains(filter); }
  // Remembers what the client calls `filter` and the broker `broker_filter`; true if it is new.
  bool add(std::string_view filter, std::string_view broker_filter);
  void remove(std::string_view filter);
  // Asks again for each; forgets those that are no longer granted, or now mean another filter, and
  // returns how the broker knows them. Those that cannot be decided stay.
  std::vector<std::string> take_revoked(Guard& guard);

  void expect(PendingSubscribe pending) { pending_.push_back(std::move(pending)); }
  std::optional<PendingSubscribe> take_pending(std::uint16_t packet_id);
  void expect_unsuback(std::uint16_t packet_id) { unsubscribing_.push_back(packet_id); }
  bool take_unsuback(std::uint16_t packet_id);
  // Requests without an answer.
  std::size_t pending() const { return pending_.size() + unsubscribing_.size(); }
  bool uses(std::uint16_t packet_id) const;

 private:
  std::map<std::string, std::string, std::less<>> filters_;  // client's to broker's
  std::vector<PendingSubscribe> pending_;
  std::vector<std::uint16_t> unsubscribing_;
};

}  // namespace allauth::mqtt
