#include "policy/edge_block.h"

#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace allauth::policy::edge_block {
namespace {

// A child that was split: what hangs to its right now.
struct Split {
  Key first;
  Block* right;
};

// Small leaves fit the allocator's 16-byte steps exactly; larger ones get room to grow.
std::size_t capacity_for(std::size_t words) {
  if (words > 32) words += words / 4;
  const std::size_t rounded = words <= 3 ? 3 : (words - 3 + 3) / 4 * 4 + 3;
  return std::min(rounded, Leaf::kMaxWords);
}

Leaf* new_leaf(std::size_t words) {
  const std::size_t capacity = capacity_for(words);
  void* memory = ::operator new(sizeof(Leaf) + capacity * sizeof(std::uint32_t));
  auto* leaf = new (memory) Leaf;
  leaf->height = 0;
  leaf->count = 0;
  leaf->size = 0;
  leaf->capacity = static_cast<std::uint16_t>(capacity);
  return leaf;
}

Leaf* copy_leaf(const Leaf& from, std::size_t words) {
  Leaf* to = new_leaf(words);
  to->count = from.count;
  to->size = from.size;
  std::memcpy(to->words(), from.words(), from.used() * sizeof(std::uint32_t));
  return to;
}

// Appends the nodes [from, to) of `source` to `target`, which has room and smaller keys only.
void append(Leaf& target, const Leaf& source, std::size_t from, std::size_t to) {
  std::size_t first = 0;
  while (source.end(first) <= from) ++first;
  std::size_t last = first;
  while (source.end(last) < to) ++last;
  // The first run may go on with the target's last one.
  const std::size_t joined =
      target.count != 0 && target.label(target.count - 1u) == source.label(first) ? 1 : 0;
  const std::size_t added = last - first + 1 - joined;
  const std::size_t old_size = target.size;
  std::memmove(target.values() + added * 2, target.values(), old_size * sizeof(std::uint32_t));
  for (std::size_t run = first; run <= last; ++run) {
    const std::size_t at = target.count + (run - first) - joined;
    target.words()[at * 2] = source.label(run).bits();
    target.words()[at * 2 + 1] = static_cast<std::uint32_t>(old_size + std::min(source.end(run), to) - from);
  }
  target.count = static_cast<std::uint16_t>(target.count + added);
  target.size = static_cast<std::uint16_t>(old_size + to - from);
  std::memcpy(target.values() + old_size, source.values() + from, (to - from) * sizeof(std::uint32_t));
}

// Makes the block at `place` ours alone, so that it may be written to.
void own(Block*& place) {
  if (place->refs.load(std::memory_order_acquire) == 1) return;
  Block* copy = nullptr;
  if (place->height == 0) {
    const auto& leaf = *static_cast<const Leaf*>(place);
    copy = copy_leaf(leaf, leaf.used());
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

void move_words(std::uint32_t* to, const std::uint32_t* from, std::size_t count) {
  std::memmove(to, from, count * sizeof(std::uint32_t));
}

// There is room for the node and a new run.
void put(Leaf& leaf, Key key) {
  const std::size_t run = leaf.run_at(label_of(key));
  std::uint32_t* const values = leaf.values();
  std::size_t position = leaf.begin(run);
  if (run < leaf.count && leaf.label(run) == label_of(key)) {
    position = static_cast<std::size_t>(
        std::lower_bound(values + position, values + leaf.end(run), node_of(key)) - values);
    move_words(values + position + 1, values + position, leaf.size - position);
    values[position] = node_of(key);
  } else {
    move_words(values + position + 3, values + position, leaf.size - position);
    move_words(values + 2, values, position);
    values[position + 2] = node_of(key);
    std::uint32_t* const header = leaf.words() + run * 2;
    move_words(header + 2, header, (leaf.count - run) * 2);
    header[0] = label_of(key).bits();
    header[1] = static_cast<std::uint32_t>(position);
    ++leaf.count;
  }
  ++leaf.size;
  for (std::size_t after = run; after < leaf.count; ++after) ++leaf.words()[after * 2 + 1];
}

void take(Leaf& leaf, Key key) {
  const std::size_t run = leaf.run_at(label_of(key));
  std::uint32_t* const values = leaf.values();
  const auto position = static_cast<std::size_t>(
      std::lower_bound(values + leaf.begin(run), values + leaf.end(run), node_of(key)) - values);
  const bool whole_run = leaf.end(run) - leaf.begin(run) == 1;
  for (std::size_t after = run; after < leaf.count; ++after) --leaf.words()[after * 2 + 1];
  const std::size_t behind = leaf.size - position - 1u;
  if (whole_run) {
    std::uint32_t* const header = leaf.words() + run * 2;
    move_words(header, header + 2, (leaf.count - run - 1u) * 2);
    move_words(values - 2, values, position);
    move_words(values + position - 2, values + position + 1, behind);
    --leaf.count;
  } else {
    move_words(values + position, values + position + 1, behind);
  }
  --leaf.size;
}

std::optional<Split> insert_leaf(Block*& place, Key key) {
  auto* leaf = static_cast<Leaf*>(place);
  if (leaf->used() + 3 <= leaf->capacity) {
    put(*leaf, key);
    return std::nullopt;
  }
  if (leaf->used() + 3 <= Leaf::kMaxWords) {
    Leaf* larger = copy_leaf(*leaf, leaf->used() + 3);
    put(*larger, key);
    release(std::exchange(place, larger));
    return std::nullopt;
  }
  Leaf* right = new_leaf(Leaf::kMaxWords);
  if (leaf->back() < key) {  // ascending loads fill their leaves
    put(*right, key);
    return Split{key, right};
  }
  const std::size_t middle = leaf->size / 2u;
  append(*right, *leaf, middle, leaf->size);
  Leaf* left = new_leaf(leaf->used());
  append(*left, *leaf, 0, middle);
  release(std::exchange(place, left));
  const Key first = right->front();
  put(key < first ? *left : *right, key);
  return Split{first, right};
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
  if (left.used() + right.used() > Leaf::kMaxWords / 2) return;
  Leaf* joined = copy_leaf(left, left.used() + right.used());
  append(*joined, right, 0, right.size);
  release(inner.child[at + 1]);
  release(std::exchange(inner.child[at], joined));
  remove_child(inner, at + 1);
}

void erase_below(Block*& place, Key key) {
  own(place);
  if (place->height == 0) {
    auto& leaf = *static_cast<Leaf*>(place);
    take(leaf, key);
    if (leaf.size == 0) release(std::exchange(place, nullptr));
    return;
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
    auto* leaf = static_cast<Leaf*>(block);
    leaf->~Leaf();
    ::operator delete(leaf);
    return;
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
  Leaf* leaf = new_leaf(label_of(first) == label_of(second) ? 4 : 6);
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
