// A persistent vector u32 -> T: copying it is O(1), versions share their pages, and a change copies
// only the 512-way pages on its path, each at most once per edit. A version is immutable, so any number
// of threads may read (and copy, and drop) versions of their own while an Editor makes the next one.
//
//   RadixVector<int>::Editor edit(v1);
//   edit.at(70'000) = 7;                  // slots never set hold T()
//   RadixVector<int> v2 = edit.freeze();  // v1 is as it was; the editor can go on
//
// T must be default-constructible and copyable; a copy of T is made per slot of a copied page.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "base/large_memory.h"
#include "base/persistent/edit_token.h"

namespace allauth::persistent {

template <class T>
class RadixVector {
 public:
  static constexpr unsigned kBits = 9;
  static constexpr std::uint32_t kWidth = 1u << kBits;

  class Editor;

  RadixVector() = default;
  RadixVector(const RadixVector& other) : root_(other.root_), height_(other.height_) {
    if (root_ != nullptr) root_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  RadixVector(RadixVector&& other) noexcept
      : root_(std::exchange(other.root_, nullptr)), height_(std::exchange(other.height_, 0)) {}
  RadixVector& operator=(RadixVector other) noexcept {
    std::swap(root_, other.root_);
    std::swap(height_, other.height_);
    return *this;
  }
  ~RadixVector() {
    if (root_ != nullptr) release(root_, height_);
  }

  // nullptr: neither this slot nor one near it was ever set; the same as T().
  const T* find(std::uint32_t index) const {
    if (std::uint64_t{index} >> (kBits * height_) != 0) return nullptr;
    const Page* page = root_;
    for (unsigned level = height_; level > 1; --level) {
      if (page == nullptr) return nullptr;
      page = static_cast<const Inner*>(page)->pages[digit(index, level)];
    }
    return page != nullptr ? &static_cast<const Leaf*>(page)->slots[index % kWidth] : nullptr;
  }

 private:
  struct Page {
    explicit Page(EditToken token) : owner(token) {}
    std::atomic<std::uint32_t> refs{1};
    EditToken owner;
  };
  struct Leaf : Page {
    using Page::Page;
    static void* operator new(std::size_t) { return leaf_pool().take(); }
    static void operator delete(void* leaf) { leaf_pool().give_back(leaf); }
    std::array<T, kWidth> slots{};
  };
  struct Inner : Page {
    using Page::Page;
    std::array<Page*, kWidth> pages{};
  };
  static BlockPool& leaf_pool() {
    static auto& pool = *new BlockPool(sizeof(Leaf));
    return pool;
  }

  static std::uint32_t digit(std::uint32_t index, unsigned level) {
    return static_cast<std::uint32_t>(std::uint64_t{index} >> (kBits * (level - 1))) % kWidth;
  }

  // Level 1 is a leaf.
  static void release(Page* page, unsigned level) {
    if (page->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (level == 1) {
      delete static_cast<Leaf*>(page);
      return;
    }
    auto* inner = static_cast<Inner*>(page);
    for (Page* child : inner->pages) {
      if (child != nullptr) release(child, level - 1);
    }
    delete inner;
  }

  Page* root_ = nullptr;
  unsigned height_ = 0;
};

// Makes the next version. For one thread at a time.
template <class T>
class RadixVector<T>::Editor {
 public:
  explicit Editor(RadixVector base) : next_(std::move(base)) {}

  const T* find(std::uint32_t index) const { return next_.find(index); }

  // The slot, for reading and writing; good until the next call of freeze().
  T& at(std::uint32_t index) {
    grow_to(index);
    Page** place = &next_.root_;
    for (unsigned level = next_.height_; level > 1; --level)
      place = &own<Inner>(*place, level).pages[digit(index, level)];
    return own<Leaf>(*place, 1).slots[index % kWidth];
  }

  RadixVector freeze() {
    token_ = next_edit_token();
    return next_;
  }

 private:
  void grow_to(std::uint32_t index) {
    while (next_.height_ == 0 || std::uint64_t{index} >> (kBits * next_.height_) != 0) {
      if (next_.root_ != nullptr) {
        auto* root = new Inner(token_);
        root->pages[0] = next_.root_;
        next_.root_ = root;
      }
      ++next_.height_;
    }
  }

  // Makes the page at `place` this editor's own: a new one, a copy, or the same.
  template <class P>
  P& own(Page*& place, unsigned level) {
    if (place == nullptr) {
      place = new P(token_);
    } else if (place->owner != token_) {
      auto* copy = new P(token_);
      copy_content(*static_cast<const P*>(place), *copy);
      release(std::exchange(place, copy), level);
    }
    return *static_cast<P*>(place);
  }
  static void copy_content(const Leaf& from, Leaf& to) { to.slots = from.slots; }
  static void copy_content(const Inner& from, Inner& to) {
    to.pages = from.pages;
    for (Page* page : to.pages) {
      if (page != nullptr) page->refs.fetch_add(1, std::memory_order_relaxed);
    }
  }

  RadixVector next_;
  EditToken token_ = next_edit_token();
};

}  // namespace allauth::persistent
