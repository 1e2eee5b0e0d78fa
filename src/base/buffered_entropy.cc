#include "base/buffered_entropy.h"

#include <algorithm>
#include <array>

namespace allauth {

void BufferedEntropy::fill(std::span<std::uint8_t> out) {
  thread_local std::array<std::uint8_t, 4096> buffer;
  thread_local std::size_t left = 0;
  if (out.size() > buffer.size()) return SystemEntropy().fill(out);
  if (out.size() > left) {
    SystemEntropy().fill(buffer);
    left = buffer.size();
  }
  const auto given = std::span(buffer).subspan(left - out.size(), out.size());
  std::ranges::copy(given, out.begin());
  std::ranges::fill(given, std::uint8_t{0});
  left -= out.size();
}

}  // namespace allauth
