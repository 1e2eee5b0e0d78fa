#include "policy/block_memory.h"

#include <deque>
#include <new>

#include "base/large_memory.h"

namespace allauth::policy::edge_block {
namespace {

constexpr std::size_t kStep = 8;
constexpr std::size_t kLargest = 128;

// Never destroyed: graphs may outlive whatever ends with the program.
BlockPool& pool_for(std::size_t bytes) {
  static std::deque<BlockPool>& pools = *[] {
    auto* made = new std::deque<BlockPool>;
    for (std::size_t size = kStep; size <= kLargest; size += kStep) made->emplace_back(size);
    return made;
  }();
  return pools[(bytes + kStep - 1) / kStep - 1];
}

bool is_pooled(std::size_t bytes) { return bytes != 0 && bytes <= kLargest; }

}  // namespace

void* take_block_memory(std::size_t bytes) {
  return is_pooled(bytes) ? pool_for(bytes).take() : ::operator new(bytes);
}

void give_back_block_memory(void* memory, std::size_t bytes) {
  if (is_pooled(bytes))
    pool_for(bytes).give_back(memory);
  else
    ::operator delete(memory);
}

}  // namespace allauth::policy::edge_block
