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
  std::uint32_t height : 4 = 0;  // 0: a Leaf, else an Inner
  std::uint32_t count : 12 = 0;  // a leaf's runs, an inner node's children
  std::uint32_t size : 16 = 0;   // a leaf's nodes, of all runs
};

// In memory: the header, the label of each run, the nodes of all runs, then where each run ends among
// them, in 16 bits. A leaf takes the room that allocated_size() says for what it holds, so it needs not
// keep how much it has.
struct Leaf : Block {
  static constexpr std::size_t kMaxBytes = 4096;

  static std::size_t bytes_for(std::size_t runs, std::size_t nodes) {
    return sizeof(Block) + runs * (sizeof(std::uint32_t) + sizeof(std::uint16_t)) +
           nodes * sizeof(std::uint32_t);
  }
  std::size_t bytes() const { return bytes_for(count, size); }

  const std::uint32_t* labels() const { return reinterpret_cast<const std::uint32_t*>(this + 1); }
  std::uint32_t* labels() { return reinterpret_cast<std::uint32_t*>(this + 1); }
  const std::uint32_t* values() const { return labels() + count; }
  std::uint32_t* values() { return labels() + count; }
  const std::uint16_t* ends() const { return reinterpret_cast<const std::uint16_t*>(values() + size); }
  std::uint16_t* ends() { return reinterpret_cast<std::uint16_t*>(values() + size); }

  Label label(std::size_t run) const { return Label::from_bits(labels()[run]); }
  std::size_t begin(std::size_t run) const { return run == 0 ? 0 : ends()[run - 1]; }
  std::size_t end(std::size_t run) const { return ends()[run]; }
  std::span<const std::uint32_t> nodes(std::size_t run) const {
    return {values() + begin(run), values() + end(run)};
  }

  // The first run whose label is not below this one.
  std::size_t run_at(Label wanted) const {
    return static_cast<std::size_t>(std::lower_bound(labels(), labels() + count, wanted.bits()) - labels());
  }
  bool contains(Key key) const {
    const std::size_t run = run_at(label_of(key));
    if (run == count || label(run) != label_of(key)) return false;
    const auto all = nodes(run);
    return std::binary_search(all.begin(), all.end(), node_of(key));
  }
  Key front() const { return key(label(0), values()[0]); }
  Key back() const { return key(label(count - 1u), values()[size - 1u]); }
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
