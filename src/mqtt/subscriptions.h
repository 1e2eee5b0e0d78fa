// What one session has subscribed to through the gateway, and the requests the broker still owes an
// answer for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/mqtt/types.h"
#include "mqtt/guard.h"
#include "mqtt/packet_ids.h"

namespace allauth::mqtt {

// A SUBSCRIBE or UNSUBSCRIBE under way: one entry per filter, in the client's order. Where the answer
// has no codes (UNSUBACK of 3.1.1) there are no entries.
struct PendingRequest {
  struct Entry {
    bool forwarded = false;
    std::uint8_t code = 0;  // our answer, if it was not forwarded
    std::string added;      // the client's filter, if this request made us remember it
  };
  PacketType answer = PacketType::suback;  // or unsuback
  std::uint16_t packet_id = 0;
  std::vector<Entry> entries;
};

// Several filters of the client may mean one filter at the broker, which then has one subscription for
// all of them: it ends with the last.
class Subscriptions {
 public:
  Subscriptions() = default;
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  std::size_t size() const { return filters_.size(); }
  bool contains(std::string_view filter) const { return filters_.contains(filter); }
  // True if a filter of the client means `broker_filter`.
  bool uses_at_broker(std::string_view broker_filter) const { return uses_.contains(broker_filter); }

  struct Added {
    bool fresh = false;  // it was not known before
    std::string orphan;  // the broker's filter that it meant before, if nothing means that any more
  };
  // Remembers what the client calls `filter` and the broker `broker_filter`, and of what was asked with it
  // what the answer depended on.
  Added add(std::string_view filter, std::string_view broker_filter, const Asked& asked = {},
            const DependsOn& depends_on = {});
  // Forgets it. Returns how the broker knew it if nothing else means that, else nothing.
  std::string remove(std::string_view filter);
  // Asks again for each; forgets those that are no longer granted, or now mean another filter, and
  // returns the filters of the broker that nothing means any more. Those that cannot be decided stay.
  std::vector<std::string> take_revoked(Guard& guard);
  // How the client calls a topic of the broker: by one of its filters that the topic matches, so that
  // what is delivered matches a filter of its own [MQTT-3.3.2-3]. Empty if it is called the same, or no
  // filter is known (a session that was kept from an earlier connection).
  std::string name_of(std::string_view broker_topic) const;

  void expect(PendingRequest pending) { pending_.push_back(std::move(pending)); }
  std::optional<PendingRequest> take_pending(PacketType answer, std::uint16_t packet_id);
  // Requests without an answer.
  std::size_t pending() const { return pending_.size(); }
  bool awaits(std::uint16_t packet_id) const;
  // Sets the ids of requests without an answer.
  void mark(PacketIds& used) const;

 private:
  using Uses = std::map<std::string, std::size_t, std::less<>>;
  struct Known {
    Uses::iterator use;
    std::uint8_t qos = 0;    // as asked for
    std::string properties;  // a block; empty if the answer did not depend on them
  };
  std::string release(Uses::iterator use);

  Uses uses_;  // the broker's filters, and how many of the client's mean each
  std::map<std::string, Known, std::less<>> filters_;  // by the client's name
  std::vector<PendingRequest> pending_;
};

}  // namespace allauth::mqtt
