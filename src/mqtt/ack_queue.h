// The acknowledgements owed to one side, in the order of the messages they are for. Some come from
// the other side, some are made here for messages that were held back; the receiver must see both in
// the order of its own messages (MQTT 5.0 §4.6), so a local one waits behind older foreign ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/packet_ids.h"

namespace allauth::mqtt {

class AckQueue {
 public:
  // A message was passed on; its acknowledgement will come from the other side.
  void expect(std::uint16_t packet_id);
  // A message was held back: `packet` is its acknowledgement, appended to `out` when its turn comes.
  void answer(std::string packet, std::string& out);
  // The other side's acknowledgement has come. False if none was expected, and nothing is passed on.
  bool arrived(std::uint16_t packet_id, std::string_view packet, std::string& out);

  // Sets the ids of the messages that wait for the other side.
  void mark(PacketIds& used) const;
  // Messages not yet acknowledged.
  std::size_t size() const { return slots_.size() - first_; }

 private:
  struct Slot {
    std::uint16_t packet_id = 0;  // 0: answered here
    std::string packet;           // empty: still awaited
  };
  void flush(std::string& out);

  std::vector<Slot> slots_;
  std::size_t first_ = 0;  // slots before it are done
};

}  // namespace allauth::mqtt
