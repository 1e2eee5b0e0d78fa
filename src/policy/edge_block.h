// The blocks behind an EdgeSet: packed leaves and the inner nodes of a B+-tree over them.
// Internal to edge_set.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "policy/label.h"

namespace allauth::policy::edge_block {

// Edges are ordered by label, then node.
using Key = std::uint64_t;
constexpr Key key(Label label, std::uint32_t node) { return Key{label.bits()} << 32 | node; }
constexpr Label label_of(Key key) { return Label::from_bits(static_cast<std::uint32_t>(key >> 32)); }
constexpr std::uint32_t node_of(Key key) { return static_cast<std::uint32_t>(key); }

struct Block {
  std::atomic<std::uint32_t> refs{1};
  std::uint16_t height;  // 0: a Leaf, else an Inner
  std::uint16_t count;   // a leaf's runs, an inner node's children
};

// In memory: the header, then `capacity` words: per run its label and the end of its nodes, then the
// nodes of all runs.
struct Leaf : Block {
  static constexpr std::size_t kMaxWords = 1023;

  std::uint16_t size;      // nodes of all runs
  std::uint16_t capacity;  // words

  std::uint32_t* words() { return reinterpret_cast<std::uint32_t*>(this + 1); }
  const std::uint32_t* words() const { return reinterpret_cast<const std::uint32_t*>(this + 1); }
  std::size_t used() const { return std::size_t{count} * 2 + size; }

  Label label(std::size_t run) const { return Label::from_bits(words()[run * 2]); }
  std::size_t begin(std::size_t run) const { return run == 0 ? 0 : words()[run * 2 - 1]; }
  std::size_t end(std::size_t run) const { return words()[run * 2 + 1]; }
  const std::uint32_t* values() const { return words() + std::size_t{count} * 2; }
  std::uint32_t* values() { return words() + std::size_t{count} * 2; }
  std::span<const std::uint32_t> nodes(std::size_t run) const {
    return {values() + begin(run), values() + end(run)};
  }

  // The first run whose label is not below this one.
  std::size_t run_at(Label wanted) const {
    std::size_t low = 0;
    for (std::size_t high = count; low < high;) {
      const std::size_t middle = (low + high) / 2;
      if (label(middle) < wanted)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }
  bool contains(Key key) const {
    const std::size_t run = run_at(label_of(key));
    if (run == count || label(run) != label_of(key)) return false;
    const auto all = nodes(run);
    return std::binary_search(all.begin(), all.end(), node_of(key));
  }
  Key front() const { return key(label(0), values()[0]); }
  Key back() const { return key(label(count - 1u), values()[size - 1]); }
};

struct Inner : Block {
  static constexpr std::size_t kMaxChildren = 64;

  std::array<Key, kMaxChildren> first;  // of child i: not above its smallest key; first[0] counts as 0
  std::array<Block*, kMaxChildren> child;

  // The child where the key is or would be.
  std::size_t child_of(Key key) const {
    const auto after = std::upper_bound(first.begin() + 1, first.begin() + count, key);
    return static_cast<std::size_t>(after - first.begin()) - 1;
  }
};

inline void retain(Block& block) { block.refs.fetch_add(1, std::memory_order_relaxed); }
void release(Block* block);

bool contains(const Block& root, Key key);

// The key must be missing. `root` may be replaced, by a tree one higher if need be.
void insert(Block*& root, Key key);
// The key must be there. `root` may be replaced; nullptr if that was all.
void erase(Block*& root, Key key);

// A leaf of these two keys, in order.
Leaf* make_leaf(Key first, Key second);

}  // namespace allauth::policy::edge_block
