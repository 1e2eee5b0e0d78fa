#include "policy/block_memory.h"

#include <deque>
#include <mutex>
#include <new>

#include <boost/pool/pool.hpp>

namespace allauth::policy::edge_block {
namespace {

// Sanitizers see only what each block has from the general allocator.
#if __has_feature(address_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

constexpr std::size_t kStep = 8;
constexpr std::size_t kLargest = 128;
constexpr std::size_t kFirstChunk = 4096;
constexpr std::size_t kLargestChunk = 8 * 1024;

class Pool {
 public:
  explicit Pool(std::size_t bytes) : blocks_(bytes, kFirstChunk / bytes, kLargestChunk / bytes) {}

  void* take() {
    const std::lock_guard lock(mutex_);
    void* memory = blocks_.malloc();
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  void give_back(void* memory) {
    const std::lock_guard lock(mutex_);
    blocks_.free(memory);
  }

 private:
  std::mutex mutex_;
  boost::pool<> blocks_;
};

// Never destroyed: graphs may outlive whatever ends with the program.
Pool& pool_for(std::size_t bytes) {
  static std::deque<Pool>& pools = *[] {
    auto* made = new std::deque<Pool>;
    for (std::size_t size = kStep; size <= kLargest; size += kStep) made->emplace_back(size);
    return made;
  }();
  return pools[(bytes + kStep - 1) / kStep - 1];
}

bool is_pooled(std::size_t bytes) { return kPooled && bytes != 0 && bytes <= kLargest; }

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
