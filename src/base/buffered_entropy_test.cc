#include "base/buffered_entropy.h"

#include <array>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace allauth {
namespace {

TEST(BufferedEntropy, gives_no_bytes_twice_whatever_their_number_and_thread) {
  std::mutex mutex;
  std::set<std::string> seen;
  const auto take = [&] {
    BufferedEntropy entropy;
    for (std::size_t size = 16; size < 9000; size += 97) {
      std::string bytes(size, '\0');
      entropy.fill(std::span(reinterpret_cast<std::uint8_t*>(bytes.data()), size));
      const std::lock_guard lock(mutex);
      for (std::size_t at = 0; at + 16 <= size; at += 16)
        EXPECT_TRUE(seen.insert(bytes.substr(at, 16)).second) << size << " " << at;
    }
  };
  std::jthread other(take);
  take();
}

}  // namespace
}  // namespace allauth
