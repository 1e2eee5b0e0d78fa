// Memory for what grows to many megabytes and is read all over: from 2 MiB on it lies on large pages where
// the system has them to give (Linux: transparent huge pages, by madvise), so that the processor has fewer
// places of pages to look up. Where it has none, these are ordinary pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace allauth {

// Zeroed, aligned to 16 bytes. Ends the program with std::bad_alloc if there is none.
class LargeMemory {
 public:
  explicit LargeMemory(std::size_t bytes);
  ~LargeMemory();
  LargeMemory(const LargeMemory&) = delete;
  LargeMemory& operator=(const LargeMemory&) = delete;

  void* data() const { return data_; }

  // What all of them that are mapped pages have together, which statistics of malloc() do not count. Any
  // thread.
  static std::uint64_t mapped();

 private:
  void* data_;
  const std::size_t bytes_;
};

// Blocks of one size, from large memory that goes to the next who takes one and never back to the system. Any
// thread may take, and any other give back. Static pools must not be destroyed: blocks may outlive whatever
// ends with the program.
class BlockPool {
 public:
  // At least 8; they are aligned to 8 bytes.
  explicit BlockPool(std::size_t bytes) : bytes_((bytes + 7) / 8 * 8) {}

  void* take();
  void give_back(void* block);

 private:
  struct Free {
    Free* next;
  };
  void grow();

  const std::size_t bytes_;
  std::mutex mutex_;  // guards what follows
  Free* free_ = nullptr;
  char* fresh_ = nullptr;  // never taken yet
  std::size_t fresh_bytes_ = 0;
};

}  // namespace allauth
