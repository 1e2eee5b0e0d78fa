// Random bytes without a system call for each request.
#pragma once

#include "base/clock.h"

namespace allauth {

// The kernel's randomness, fetched a few hundred ids at a time by each thread, and wiped as it is given
// out. For ids, of which every request makes some: keys and tokens come from SystemEntropy. Thread-safe.
class BufferedEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace allauth
