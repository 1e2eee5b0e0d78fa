#include "base/persistent/interner.h"

#include <cstring>

namespace allauth::persistent {
namespace {

constexpr std::size_t kFirstTable = 256;
constexpr std::size_t kFirstBlock = 64 * 1024;
constexpr std::size_t kLargestBlock = 2 * 1024 * 1024;
constexpr std::uint64_t kAddress = (std::uint64_t{1} << 48) - 1;  // user-space pointers fit 48 bits

constexpr std::uint64_t kTag = ~kAddress;

struct Header {
  std::uint32_t id;
  std::uint16_t space;
  std::uint16_t length;
};

const char* at_address(std::uint64_t word) {
  return reinterpret_cast<const char*>(static_cast<std::uintptr_t>(word & kAddress));
}
Header header_of(const char* record) {
  Header header;
  std::memcpy(&header, record, sizeof header);
  return header;
}
std::string_view text_of(const char* record) { return {record + sizeof(Header), header_of(record).length}; }

// A multiply-and-fold hash: the two halves of a 128-bit product.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* at, std::size_t bytes) {
  std::uint64_t word = 0;
  if (bytes != 0) std::memcpy(&word, at, bytes);
  return word;
}

}  // namespace

// The seed differs from process to process with the address space layout, so that nobody can prepare
// ids that all fall into one place.
Interner::Interner()
    : seed_(fold(reinterpret_cast<std::uintptr_t>(this), 0x9E3779B97F4A7C15ull)),
      key_(fold(seed_ ^ 0xA0761D6478BD642Full, 0xE7037ED1A0B428DBull)),
      next_block_(kFirstBlock) {
  tables_.push_back(std::make_unique<Table>(kFirstTable));
  table_.store(tables_.back().get(), std::memory_order_release);
}

Interner::~Interner() = default;

std::uint64_t Interner::hash(std::string_view text, std::uint16_t space) const {
  std::uint64_t state = seed_ ^ (std::uint64_t{space} << 32 | text.size());
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 16; left -= 16, at += 16) state = fold(load(at, 8) ^ key_, load(at + 8, 8) ^ state);
  const std::uint64_t low = load(at, std::min<std::size_t>(left, 8));
  const std::uint64_t high = left > 8 ? load(at + 8, left - 8) : 0;
  return fold(fold(low ^ key_, high ^ state) ^ seed_, key_);
}

std::string_view Interner::text(std::uint32_t id) const { return text_of(at_address(entry(id))); }

void Interner::fetch_text(std::uint32_t id) const {
  const std::uint64_t record = entry(id);
  __builtin_prefetch(at_address(record));
  __builtin_prefetch(at_address(record + 32));
}

std::uint32_t Interner::find(std::string_view text, std::uint16_t space) const {
  return find(text, space, hash(text, space));
}

std::uint32_t Interner::find(std::string_view text, std::uint16_t space, std::uint64_t hash) const {
  const Table& table = *table_.load(std::memory_order_acquire);
  for (std::size_t at = hash & table.mask;; at = (at + 1) & table.mask) {
    const std::uint64_t slot = table.slots[at].load(std::memory_order_acquire);
    if (slot == 0) return kNone;
    if (((slot ^ hash) & kTag) != 0) continue;
    const char* const record = at_address(slot);
    const Header header = header_of(record);
    if (header.space == space && text_of(record) == text) return header.id;
  }
}

// What both look-ups read first is fetched at once: the two slots, then the two records behind them, which
// may lie across two cache lines.
std::pair<std::uint32_t, std::uint32_t> Interner::find_both(const Name& first, const Name& second) const {
  const std::array hashes{hash(first.text, first.space), hash(second.text, second.space)};
  const Table& table = *table_.load(std::memory_order_acquire);
  for (const std::uint64_t hash : hashes) __builtin_prefetch(&table.slots[hash & table.mask]);
  for (const std::uint64_t hash : hashes) {
    const std::uint64_t slot = table.slots[hash & table.mask].load(std::memory_order_relaxed);
    __builtin_prefetch(at_address(slot));
    __builtin_prefetch(at_address(slot + 32));
  }
  return {find(first.text, first.space, hashes[0]), find(second.text, second.space, hashes[1])};
}

std::uint32_t Interner::intern(std::string_view text, std::uint16_t space) {
  const std::uint64_t hashed = hash(text, space);
  if (const std::uint32_t id = find(text, space, hashed); id != kNone) return id;
  const std::lock_guard lock(writer_);
  if (const std::uint32_t id = find(text, space, hashed); id != kNone) return id;
  const std::uint32_t id = size_.load(std::memory_order_relaxed);
  const std::uint64_t record = store(text, space, id);
  append(id, std::uint64_t{space} << 48 | record);
  if ((std::size_t{id} + 1) * 3 > (tables_.back()->mask + 1) * 2) grow();
  insert(*tables_.back(), hashed, record);
  size_.store(id + 1, std::memory_order_release);
  return id;
}

std::uint64_t Interner::store(std::string_view text, std::uint16_t space, std::uint32_t id) {
  const Header header{id, space, static_cast<std::uint16_t>(text.size())};
  const std::size_t need = sizeof header + text.size();
  if (need > free_bytes_) {
    free_bytes_ = std::max(need, next_block_);
    free_ = static_cast<char*>(memory_.emplace_back(free_bytes_).data());
    next_block_ = std::min(next_block_ * 2, kLargestBlock);
  }
  char* const record = free_;
  std::memcpy(record, &header, sizeof header);
  if (!text.empty()) std::memcpy(record + sizeof header, text.data(), text.size());
  free_ += need;
  free_bytes_ -= need;
  return reinterpret_cast<std::uintptr_t>(record);
}

void Interner::append(std::uint32_t id, std::uint64_t entry) {
  const std::uint32_t position = id + (1u << kFirstChunk);
  const auto width = static_cast<unsigned>(std::bit_width(position));
  auto& chunk = chunks_[width - 1 - kFirstChunk];
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    void* const memory = memory_.emplace_back(sizeof(std::atomic<std::uint64_t>) << (width - 1)).data();
    chunk.store(static_cast<std::atomic<std::uint64_t>*>(memory), std::memory_order_release);
  }
  chunk.load(std::memory_order_relaxed)[position - (1u << (width - 1))].store(entry,
                                                                              std::memory_order_release);
}

void Interner::insert(Table& table, std::uint64_t hash, std::uint64_t record) {
  std::size_t at = hash & table.mask;
  while (table.slots[at].load(std::memory_order_relaxed) != 0) at = (at + 1) & table.mask;
  table.slots[at].store((hash & kTag) | record, std::memory_order_release);
}

void Interner::grow() {
  auto larger = std::make_unique<Table>((tables_.back()->mask + 1) * 2);
  const std::uint32_t count = size_.load(std::memory_order_relaxed);
  for (std::uint32_t id = 0; id < count; ++id)
    insert(*larger, hash(text(id), space(id)), entry(id) & kAddress);
  tables_.push_back(std::move(larger));
  table_.store(tables_.back().get(), std::memory_order_release);
}

}  // namespace allauth::persistent
