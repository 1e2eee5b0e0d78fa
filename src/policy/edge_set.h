// The edges of one node in one direction: a persistent sorted set of (label, node) in 8 bytes plus what
// it needs. None and one edge need nothing more; up to about a thousand are one packed block (run
// headers of label and end, then the nodes); beyond that blocks hang in a B+-tree, so that a change to
// a node with a million edges copies some 5 KiB.
//
// Copies share blocks, which are counted. A change touches a block in place only if nobody else has it;
// so a set that others may read at the same time must not be changed, only copied.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "policy/edge_block.h"
#include "policy/label.h"

namespace allauth::policy {

class EdgeSet {
 public:
  constexpr EdgeSet() = default;
  EdgeSet(const EdgeSet& other) : word_(other.word_) {
    if (has_block()) edge_block::retain(*block());
  }
  EdgeSet(EdgeSet&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  EdgeSet& operator=(EdgeSet other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  constexpr ~EdgeSet() {
    if (has_block()) edge_block::release(block());
  }

  bool empty() const { return word_ == 0; }
  bool contains(Label label, std::uint32_t node) const;

  // How many nodes the label has, if that is quick to say: kMany for a set that is a tree.
  static constexpr std::size_t kMany = ~std::size_t{0};
  std::size_t count_hint(Label label) const;

  // Has what is behind it fetched into the processor's caches.
  void prefetch() const {
    if (has_block()) __builtin_prefetch(block());
  }

  // Calls f(Label, std::span<const std::uint32_t> nodes) for the labels in [first, last], ascending,
  // nodes ascending too; a label may come in several pieces. Stops when f returns false.
  template <class F>
  bool visit(Label first, Label last, F&& f) const {
    if (word_ == 0) return true;
    if (!has_block()) {
      const std::uint32_t node = inline_node();
      return inline_label() < first || last < inline_label() || f(inline_label(), std::span(&node, 1));
    }
    return visit_block(*block(), first, last, f);
  }
  template <class F>
  bool visit(Label label, F&& f) const {
    return visit(label, label, [&](Label, std::span<const std::uint32_t> nodes) { return f(nodes); });
  }

  // False: nothing to do.
  bool insert(Label label, std::uint32_t node);
  bool erase(Label label, std::uint32_t node);

 private:
  // word_: 0 = empty; bit 0 set = one edge (31 bits label, 32 bits node); else a Block's address.
  constexpr bool has_block() const { return word_ != 0 && (word_ & 1) == 0; }
  edge_block::Block* block() const {
    return reinterpret_cast<edge_block::Block*>(static_cast<std::uintptr_t>(word_));
  }
  void set_block(edge_block::Block* block) { word_ = reinterpret_cast<std::uintptr_t>(block); }
  Label inline_label() const { return Label::from_bits(static_cast<std::uint32_t>(word_ >> 33)); }
  std::uint32_t inline_node() const { return static_cast<std::uint32_t>(word_ >> 1); }
  void set_inline(Label label, std::uint32_t node) {
    word_ = std::uint64_t{label.bits()} << 33 | std::uint64_t{node} << 1 | 1;
  }
  void simplify();

  template <class F>
  static bool visit_block(const edge_block::Block& block, Label first, Label last, F& f) {
    if (block.height != 0) {
      const auto& inner = static_cast<const edge_block::Inner&>(block);
      for (std::size_t i = inner.child_of(edge_block::key(first, 0)); i < inner.count; ++i) {
        if (i != 0 && edge_block::label_of(inner.first[i]) > last) break;
        if (!visit_block(*inner.child[i], first, last, f)) return false;
      }
      return true;
    }
    const auto& leaf = static_cast<const edge_block::Leaf&>(block);
    for (std::size_t run = leaf.run_at(first); run < leaf.count && leaf.label(run) <= last; ++run) {
      if (!f(leaf.label(run), leaf.nodes(run))) return false;
    }
    return true;
  }

  std::uint64_t word_ = 0;
};

static_assert(sizeof(EdgeSet) == 8);

}  // namespace allauth::policy
