#include "policy/edge_block.h"

#include <bit>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "policy/block_memory.h"

namespace allauth::policy::edge_block {
namespace {

// A child that was split: what hangs to its right now.
struct Split {
  Key first;
  Block* right;
};

// What a leaf of that many bytes is given. Small ones fit exactly, larger ones have up to an eighth to
// grow.
std::size_t allocated_size(std::size_t bytes) {
  const std::size_t step = bytes <= 128 ? 8 : std::bit_ceil(bytes) / 16;
  return (bytes + step - 1) / step * step;
}

Leaf* new_leaf(std::size_t runs, std::size_t nodes) {
  return new (take_block_memory(allocated_size(Leaf::bytes_for(runs, nodes)))) Leaf;
}

void free_leaf(Leaf* leaf) {
  const std::size_t allocated = allocated_size(leaf->bytes());
  leaf->~Leaf();
  give_back_block_memory(leaf, allocated);
}

// With room for that many more.
Leaf* copy_leaf(const Leaf& from, std::size_t more_runs, std::size_t more_nodes) {
  Leaf* to = new_leaf(from.count + more_runs, from.size + more_nodes);
  to->count = from.count;
  to->size = from.size;
  std::memcpy(to->labels(), from.labels(), from.bytes() - sizeof(Block));
  return to;
}

template <class T>
void move(T* to, const T* from, std::size_t count) {
  std::memmove(to, from, count * sizeof(T));
}

// Of the nodes [from, to) of a leaf: the runs [first, last].
struct Runs {
  std::size_t first, last;
};
Runs runs_of(const Leaf& leaf, std::size_t from, std::size_t to) {
  const auto* const ends = leaf.ends();
  const auto run_of = [&](std::size_t node) {
    return static_cast<std::size_t>(std::upper_bound(ends, ends + leaf.count, node) - ends);
  };
  return {run_of(from), run_of(to - 1)};
}

// Appends the nodes [from, to) of `source` to `target`, which has smaller keys only, and room for them.
void append(Leaf& target, const Leaf& source, std::size_t from, std::size_t to) {
  const auto [first, last] = runs_of(source, from, to);
  // The first run may go on with the target's last one.
  const std::size_t joined =
      target.count != 0 && target.label(target.count - 1u) == source.label(first) ? 1 : 0;
  const std::size_t old_runs = target.count;
  const std::size_t old_size = target.size;
  const std::uint32_t* const old_values = target.values();
  const std::uint16_t* const old_ends = target.ends();
  target.count = static_cast<std::uint16_t>(old_runs + (last - first + 1) - joined);
  target.size = static_cast<std::uint16_t>(old_size + to - from);
  move(target.ends(), old_ends, old_runs);
  move(target.values(), old_values, old_size);
  std::memcpy(target.values() + old_size, source.values() + from, (to - from) * sizeof(std::uint32_t));
  for (std::size_t run = first; run <= last; ++run) {
    const std::size_t at = old_runs + (run - first) - joined;
    target.labels()[at] = source.label(run).bits();
    target.ends()[at] = static_cast<std::uint16_t>(old_size + std::min(source.end(run), to) - from);
  }
}

// The nodes [from, to) as a leaf of their own, with room for one more and its run.
Leaf* part_of(const Leaf& leaf, std::size_t from, std::size_t to) {
  const auto [first, last] = runs_of(leaf, from, to);
  Leaf* part = new_leaf(last - first + 1, to - from);
  append(*part, leaf, from, to);
  return part;
}

// Makes the block at `place` ours alone, so that it may be written to.
void own(Block*& place) {
  if (place->refs.load(std::memory_order_acquire) == 1) return;
  Block* copy = nullptr;
  if (place->height == 0) {
    copy = copy_leaf(*static_cast<const Leaf*>(place), 0, 0);
  } else {
    const auto& inner = *static_cast<const Inner*>(place);
    auto* made = new Inner;
    made->height = inner.height;
    made->count = inner.count;
    for (std::size_t i = 0; i < inner.count; ++i) {
      made->first[i] = inner.first[i];
      made->child[i] = inner.child[i];
      retain(*inner.child[i]);
    }
    copy = made;
  }
  release(std::exchange(place, copy));
}

bool has_run(const Leaf& leaf, std::size_t run, Label label) {
  return run < leaf.count && leaf.label(run) == label;
}

// There is room for the node, and for its run if that is new.
void put(Leaf& leaf, Key key) {
  const std::size_t run = leaf.run_at(label_of(key));
  std::uint32_t* const values = leaf.values();
  std::uint16_t* const ends = leaf.ends();
  std::size_t position = leaf.begin(run);
  if (has_run(leaf, run, label_of(key))) {
    position = static_cast<std::size_t>(
        std::lower_bound(values + position, values + leaf.end(run), node_of(key)) - values);
    ++leaf.size;
    move(leaf.ends(), ends, leaf.count);
    move(values + position + 1, values + position, leaf.size - position - 1u);
  } else {
    ++leaf.size;
    ++leaf.count;
    const std::size_t behind = leaf.count - run - 1u;
    move(leaf.ends() + run + 1, ends + run, behind);
    move(leaf.ends(), ends, run);
    leaf.ends()[run] = static_cast<std::uint16_t>(position);
    move(leaf.values() + position + 1, values + position, leaf.size - position - 1u);
    move(leaf.values(), values, position);
    move(leaf.labels() + run + 1, leaf.labels() + run, behind);
    leaf.labels()[run] = label_of(key).bits();
  }
  leaf.values()[position] = node_of(key);
  for (std::size_t after = run; after < leaf.count; ++after) ++leaf.ends()[after];
}

void take(Leaf& leaf, Key key) {
  const std::size_t run = leaf.run_at(label_of(key));
  std::uint32_t* const values = leaf.values();
  std::uint16_t* const ends = leaf.ends();
  const auto position = static_cast<std::size_t>(
      std::lower_bound(values + leaf.begin(run), values + leaf.end(run), node_of(key)) - values);
  const bool whole_run = leaf.end(run) - leaf.begin(run) == 1;
  for (std::size_t after = run; after < leaf.count; ++after) --ends[after];
  --leaf.size;
  const std::size_t nodes_behind = leaf.size - position;
  if (whole_run) {
    --leaf.count;
    const std::size_t behind = leaf.count - run;
    move(leaf.labels() + run, leaf.labels() + run + 1, behind);
    move(leaf.values(), values, position);
    move(leaf.values() + position, values + position + 1, nodes_behind);
    move(leaf.ends(), ends, run);
    move(leaf.ends() + run, ends + run + 1, behind);
  } else {
    move(values + position, values + position + 1, nodes_behind);
    move(leaf.ends(), ends, leaf.count);
  }
}

// The leaf has no room for the key: two of them.
Split split_leaf(Block*& place, Key key) {
  auto* leaf = static_cast<Leaf*>(place);
  if (leaf->back() < key) {  // ascending loads fill their leaves
    Leaf* right = new_leaf(1, 1);
    put(*right, key);
    return {key, right};
  }
  const std::size_t middle = leaf->size / 2u;
  Block* left = part_of(*leaf, 0, middle);
  Block* right = part_of(*leaf, middle, leaf->size);
  release(std::exchange(place, left));
  const Key first = static_cast<const Leaf*>(right)->front();
  insert(key < first ? place : right, key);
  return {first, right};
}

std::optional<Split> insert_leaf(Block*& place, Key key) {
  auto* leaf = static_cast<Leaf*>(place);
  const std::size_t new_runs = has_run(*leaf, leaf->run_at(label_of(key)), label_of(key)) ? 0 : 1;
  const std::size_t needed = Leaf::bytes_for(leaf->count + new_runs, leaf->size + 1u);
  if (needed > Leaf::kMaxBytes) return split_leaf(place, key);
  if (allocated_size(needed) == allocated_size(leaf->bytes())) {
    put(*leaf, key);
    return std::nullopt;
  }
  Leaf* larger = copy_leaf(*leaf, new_runs, 1);
  put(*larger, key);
  release(std::exchange(place, larger));
  return std::nullopt;
}

void erase_leaf(Block*& place, Key key) {
  auto* leaf = static_cast<Leaf*>(place);
  const std::size_t allocated = allocated_size(leaf->bytes());
  take(*leaf, key);
  if (allocated_size(leaf->bytes()) == allocated) return;
  place = leaf->size == 0 ? nullptr : copy_leaf(*leaf, 0, 0);
  leaf->~Leaf();
  give_back_block_memory(leaf, allocated);
}

void insert_child(Inner& inner, std::size_t at, const Split& split) {
  std::copy_backward(inner.first.begin() + at, inner.first.begin() + inner.count,
                     inner.first.begin() + inner.count + 1);
  std::copy_backward(inner.child.begin() + at, inner.child.begin() + inner.count,
                     inner.child.begin() + inner.count + 1);
  inner.first[at] = split.first;
  inner.child[at] = split.right;
  ++inner.count;
}

void remove_child(Inner& inner, std::size_t at) {
  std::copy(inner.first.begin() + at + 1, inner.first.begin() + inner.count, inner.first.begin() + at);
  std::copy(inner.child.begin() + at + 1, inner.child.begin() + inner.count, inner.child.begin() + at);
  --inner.count;
}

Split halve(Inner& inner) {
  constexpr std::size_t kHalf = Inner::kMaxChildren / 2;
  auto* right = new Inner;
  right->height = inner.height;
  right->count = static_cast<std::uint16_t>(inner.count - kHalf);
  std::copy(inner.first.begin() + kHalf, inner.first.begin() + inner.count, right->first.begin());
  std::copy(inner.child.begin() + kHalf, inner.child.begin() + inner.count, right->child.begin());
  inner.count = kHalf;
  return {right->first[0], right};
}

std::optional<Split> insert_below(Block*& place, Key key) {
  own(place);
  if (place->height == 0) return insert_leaf(place, key);
  auto& inner = *static_cast<Inner*>(place);
  const std::size_t at = inner.child_of(key);
  const auto split = insert_below(inner.child[at], key);
  if (!split) return std::nullopt;
  if (inner.count < Inner::kMaxChildren) {
    insert_child(inner, at + 1, *split);
    return std::nullopt;
  }
  const Split half = halve(inner);
  auto& right = *static_cast<Inner*>(half.right);
  if (at < inner.count)
    insert_child(inner, at + 1, *split);
  else
    insert_child(right, at + 1 - inner.count, *split);
  return half;
}

// Joins the leaves at `at` and `at + 1` if both fit well into one.
void merge_leaves(Inner& inner, std::size_t at) {
  if (at + 1 >= inner.count || inner.height != 1) return;
  const auto& left = *static_cast<const Leaf*>(inner.child[at]);
  const auto& right = *static_cast<const Leaf*>(inner.child[at + 1]);
  if (left.bytes() + right.bytes() > Leaf::kMaxBytes / 2) return;
  const std::size_t shared_runs = label_of(left.back()) == right.label(0) ? 1 : 0;
  Leaf* joined = copy_leaf(left, right.count - shared_runs, right.size);
  append(*joined, right, 0, right.size);
  release(inner.child[at + 1]);
  release(std::exchange(inner.child[at], joined));
  remove_child(inner, at + 1);
}

void erase_below(Block*& place, Key key) {
  own(place);
  if (place->height == 0) {
    return erase_leaf(place, key);
  }
  auto& inner = *static_cast<Inner*>(place);
  const std::size_t at = inner.child_of(key);
  erase_below(inner.child[at], key);
  if (inner.child[at] == nullptr) {
    remove_child(inner, at);
    if (inner.count == 0) release(std::exchange(place, nullptr));
    return;
  }
  merge_leaves(inner, at);
  if (at != 0) merge_leaves(inner, at - 1);
}

}  // namespace

void release(Block* block) {
  if (block->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (block->height == 0) {
    return free_leaf(static_cast<Leaf*>(block));
  }
  auto* inner = static_cast<Inner*>(block);
  for (std::size_t i = 0; i < inner->count; ++i) release(inner->child[i]);
  delete inner;
}

bool contains(const Block& root, Key key) {
  const Block* block = &root;
  while (block->height != 0) {
    const auto& inner = *static_cast<const Inner*>(block);
    block = inner.child[inner.child_of(key)];
  }
  return static_cast<const Leaf*>(block)->contains(key);
}

Leaf* make_leaf(Key first, Key second) {
  Leaf* leaf = new_leaf(label_of(first) == label_of(second) ? 1 : 2, 2);
  put(*leaf, first);
  put(*leaf, second);
  return leaf;
}

void insert(Block*& root, Key key) {
  const auto split = insert_below(root, key);
  if (!split) return;
  auto* top = new Inner;
  top->height = static_cast<std::uint16_t>(root->height + 1);
  top->count = 2;
  top->first[0] = 0;
  top->child[0] = root;
  top->first[1] = split->first;
  top->child[1] = split->right;
  root = top;
}

void erase(Block*& root, Key key) {
  erase_below(root, key);
  while (root != nullptr && root->height != 0 && root->count == 1) {
    auto* inner = static_cast<Inner*>(root);
    root = inner->child[0];
    inner->count = 0;
    release(inner);
  }
}

}  // namespace allauth::policy::edge_block
