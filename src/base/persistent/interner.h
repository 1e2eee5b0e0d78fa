// Small numbers for texts: append-only, dense from 0. One table serves all versions of a snapshot: a
// reader of an older version may find ids that are newer than it, which mean nothing there.
//
// A text belongs to a space (a small number, such as its kind), and the same text in two spaces has two
// ids. Look-ups are wait-free and do not allocate; intern() takes a lock when the text is new. Texts and
// ids stay valid as long as the Interner. 35 to 65 bytes per text besides its characters; a look-up touches
// two cache lines of it.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/large_memory.h"

namespace allauth::persistent {

class Interner {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::size_t kMaxText = 0xFFFF;

  Interner();
  ~Interner();
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  // kNone: never interned.
  std::uint32_t find(std::string_view text, std::uint16_t space = 0) const;

  // The same of two texts, in the time that one takes when neither is in the processor's caches.
  struct Name {
    std::string_view text;
    std::uint16_t space = 0;
  };
  std::pair<std::uint32_t, std::uint32_t> find_both(const Name& first, const Name& second) const;

  // The id of the text, a new one if need be. The text must not be longer than kMaxText.
  std::uint32_t intern(std::string_view text, std::uint16_t space = 0);

  // Of an id that find() or intern() gave.
  std::string_view text(std::uint32_t id) const;
  // Has what text() reads fetched into the processor's caches: first where the text is, then the text.
  void fetch(std::uint32_t id) const { __builtin_prefetch(&slot(id)); }
  void fetch_text(std::uint32_t id) const;
  std::uint16_t space(std::uint32_t id) const { return static_cast<std::uint16_t>(entry(id) >> 48); }

  std::uint32_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  // A text is stored as a record [u32 id][u16 space][u16 length][characters]. A slot holds the high 16
  // bits of the text's hash above the record's address; 0 is free.
  struct Table {
    explicit Table(std::size_t size)
        : memory(size * sizeof(std::atomic<std::uint64_t>)),
          slots(static_cast<std::atomic<std::uint64_t>*>(memory.data())),
          mask(size - 1) {}
    const LargeMemory memory;
    std::atomic<std::uint64_t>* const slots;
    const std::size_t mask;
  };
  // An entry, by id, is the record's address with the space above it.
  static constexpr unsigned kFirstChunk = 10;  // chunk n holds 2^(n + 10) entries

  const std::atomic<std::uint64_t>& slot(std::uint32_t id) const {
    const std::uint32_t position = id + (1u << kFirstChunk);
    const auto width = static_cast<unsigned>(std::bit_width(position));
    return chunks_[width - 1 - kFirstChunk].load(std::memory_order_acquire)[position - (1u << (width - 1))];
  }
  std::uint64_t entry(std::uint32_t id) const { return slot(id).load(std::memory_order_acquire); }
  std::uint64_t hash(std::string_view text, std::uint16_t space) const;
  std::uint32_t find(std::string_view text, std::uint16_t space, std::uint64_t hash) const;
  std::uint64_t store(std::string_view text, std::uint16_t space, std::uint32_t id);
  void append(std::uint32_t id, std::uint64_t entry);
  static void insert(Table& table, std::uint64_t hash, std::uint64_t record);
  void grow();

  const std::uint64_t seed_;
  const std::uint64_t key_;
  std::atomic<const Table*> table_;
  std::array<std::atomic<std::atomic<std::uint64_t>*>, 22> chunks_{};
  std::atomic<std::uint32_t> size_{0};

  std::mutex writer_;                           // guards what follows
  std::vector<std::unique_ptr<Table>> tables_;  // the last is in use; a reader may still be in the others
  std::deque<LargeMemory> memory_;              // of the chunks and the records
  char* free_ = nullptr;
  std::size_t free_bytes_ = 0;
  std::size_t next_block_;  // bytes
};

}  // namespace allauth::persistent
