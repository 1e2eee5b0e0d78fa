#include "policy/block_memory.h"

#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace allauth::policy::edge_block {
namespace {

struct Taken {
  unsigned char* memory;
  std::size_t bytes;
  unsigned char mark;
};

bool is_untouched(const Taken& taken) {
  for (std::size_t i = 0; i < taken.bytes; ++i)
    if (taken.memory[i] != taken.mark) return false;
  return true;
}

// Takes and gives back at random; answers what it still has.
std::vector<Taken> churn(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Taken> held;
  for (int step = 0; step < 20'000; ++step) {
    if (held.empty() || random() % 5 < 3) {
      const std::size_t bytes = 8 + random() % 200;
      held.push_back({static_cast<unsigned char*>(take_block_memory(bytes)), bytes,
                      static_cast<unsigned char>(random())});
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(held.back().memory) % 8, 0u);
      std::memset(held.back().memory, held.back().mark, bytes);
    } else {
      std::swap(held[random() % held.size()], held.back());
      EXPECT_TRUE(is_untouched(held.back()));
      give_back_block_memory(held.back().memory, held.back().bytes);
      held.pop_back();
    }
  }
  return held;
}

TEST(BlockMemory, IsNobodyElsesAndGoesBackFromAnyThread) {
  std::vector<std::vector<Taken>> held(3);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < held.size(); ++i) threads.emplace_back([&held, i] { held[i] = churn(i + 1); });
  for (auto& thread : threads) thread.join();
  for (const auto& all : held) {
    EXPECT_FALSE(all.empty());
    for (const Taken& taken : all) {
      EXPECT_TRUE(is_untouched(taken));
      give_back_block_memory(taken.memory, taken.bytes);
    }
  }
}

}  // namespace
}  // namespace allauth::policy::edge_block
