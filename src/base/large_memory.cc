#include "base/large_memory.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <new>

#include <sys/mman.h>

namespace allauth {
namespace {

constexpr std::size_t kPage = std::size_t{2} * 1024 * 1024;

// Sanitizers see only what each block has from the general allocator.
#if __has_feature(address_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

constinit std::atomic<std::uint64_t> mapped_bytes{0};

std::size_t whole_pages(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// Whole large pages, at a place where they can be such.
void* map_pages(std::size_t bytes) {
  const std::size_t all = bytes + kPage;
  void* const begin = ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED) throw std::bad_alloc();
  const auto at = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t before = (kPage - at % kPage) % kPage;
  char* const pages = static_cast<char*>(begin) + before;
  if (before != 0) ::munmap(begin, before);
  ::munmap(pages + bytes, all - before - bytes);
  (void)::madvise(pages, bytes, MADV_HUGEPAGE);  // who has none says no, and that is all
  mapped_bytes += bytes;
  return pages;
}

// Regions for pools: small at first, so that a small program stays small. Never given back.
class Regions {
 public:
  struct Region {
    char* begin;
    std::size_t bytes;
  };
  // A part of one, for blocks of that many bytes.
  Region take(std::size_t block) {
    constexpr std::size_t kPart = 32 * 1024;
    const std::size_t bytes = std::max(kPart / block, std::size_t{1}) * block;
    const std::lock_guard lock(mutex_);
    if (left_ < bytes) {
      next_ = std::min(next_ * 2, kPage);
      left_ = std::max(next_, bytes);
      at_ = static_cast<char*>(all_.emplace_back(left_).data());
    }
    const Region part{at_, bytes};
    at_ += bytes;
    left_ -= bytes;
    return part;
  }

 private:
  std::mutex mutex_;
  std::deque<LargeMemory> all_;
  std::size_t next_ = 64 * 1024;
  char* at_ = nullptr;
  std::size_t left_ = 0;
};

Regions& regions() {
  static auto& all = *new Regions;
  return all;
}

}  // namespace

LargeMemory::LargeMemory(std::size_t bytes) : bytes_(bytes < kPage ? bytes : whole_pages(bytes)) {
  data_ = bytes_ < kPage ? std::calloc(1, bytes_) : map_pages(bytes_);
  if (data_ == nullptr) throw std::bad_alloc();
}

LargeMemory::~LargeMemory() {
  if (bytes_ < kPage) {
    std::free(data_);
  } else {
    ::munmap(data_, bytes_);
    mapped_bytes -= bytes_;
  }
}

std::uint64_t LargeMemory::mapped() { return mapped_bytes; }

void* BlockPool::take() {
  if (!kPooled) return ::operator new(bytes_);
  const std::lock_guard lock(mutex_);
  if (free_ != nullptr) {
    Free* const block = free_;
    free_ = block->next;
    return block;
  }
  if (fresh_bytes_ < bytes_) grow();
  char* const block = fresh_;
  fresh_ += bytes_;
  fresh_bytes_ -= bytes_;
  return block;
}

void BlockPool::give_back(void* block) {
  if (!kPooled) return ::operator delete(block);
  const std::lock_guard lock(mutex_);
  free_ = new (block) Free{free_};
}

void BlockPool::grow() {
  const auto region = regions().take(bytes_);
  fresh_ = region.begin;
  fresh_bytes_ = region.bytes;
}

}  // namespace allauth
