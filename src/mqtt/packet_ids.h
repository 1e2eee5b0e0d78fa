// The packet identifiers that are in use towards the broker (1 to 65 535; 0 is none).
#pragma once

#include <bitset>
#include <cstdint>

namespace allauth::mqtt {

using PacketIds = std::bitset<65536>;

// The highest one that is free; clients count from below. 0 if all are in use.
inline std::uint16_t highest_free(const PacketIds& used) {
  std::uint16_t id = 65535;
  while (id > 0 && used[id]) --id;
  return id;
}

}  // namespace allauth::mqtt
