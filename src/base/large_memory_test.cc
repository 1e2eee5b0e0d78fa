#include "base/large_memory.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace allauth {
namespace {

constexpr std::size_t kMiB = std::size_t{1024} * 1024;

TEST(LargeMemory, IsZeroedAndWritable) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{4096}, 2 * kMiB, 5 * kMiB + 3}) {
    const LargeMemory memory(bytes);
    auto* const at = static_cast<unsigned char*>(memory.data());
    EXPECT_TRUE(std::all_of(at, at + bytes, [](unsigned char byte) { return byte == 0; })) << bytes;
    std::memset(at, 0xA5, bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(at) % 16, 0u);
  }
}

TEST(LargeMemory, LiesOnLargePagesAndGoesBack) {
  const auto before = LargeMemory::mapped();
  {
    const LargeMemory small(kMiB), large(3 * kMiB);
    EXPECT_EQ(LargeMemory::mapped() - before, 4 * kMiB);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large.data()) % (2 * kMiB), 0u);
  }
  EXPECT_EQ(LargeMemory::mapped(), before);
}

TEST(BlockPool, GivesEachBlockToOneAtATime) {
  static BlockPool& pool = *new BlockPool(4112);
  std::deque<std::set<void*>> taken(3);
  std::vector<std::thread> threads;
  for (auto& mine : taken)
    threads.emplace_back([&mine] {
      for (int i = 0; i < 2'000; ++i) {
        void* const block = pool.take();
        std::memset(block, i, 4112);
        if (i % 3 == 0)
          pool.give_back(block);
        else
          EXPECT_TRUE(mine.insert(block).second);
      }
    });
  for (auto& thread : threads) thread.join();
  std::set<char*> all;
  for (const auto& mine : taken)
    for (void* const block : mine) all.insert(static_cast<char*>(block));
  EXPECT_EQ(all.size(), 3u * 1'333);
  const auto overlap = std::ranges::adjacent_find(all, [](char* a, char* b) { return b - a < 4112; });
  EXPECT_EQ(overlap, all.end());
  for (char* const block : all) pool.give_back(block);
}

}  // namespace
}  // namespace allauth
