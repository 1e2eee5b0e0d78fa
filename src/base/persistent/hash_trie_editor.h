// HashTrie::Editor: makes the next version of a HashTrie. Included by hash_trie.h.
#pragma once

#include "base/persistent/hash_trie.h"

namespace allauth::persistent {

// For one thread at a time.
template <class K, class V, class Hash>
class HashTrie<K, V, Hash>::Editor {
 public:
  explicit Editor(HashTrie base) : next_(std::move(base)) {}

  template <class Key>
  const V* find(const Key& key) const {
    return next_.find(key);
  }
  std::size_t size() const { return next_.size(); }

  // Inserts or replaces; true if the key is new.
  bool assign(K key, V value) {
    const std::uint64_t hash = Hash{}(key);
    Place place = descend(hash);
    while (must_split(place, hash, key)) {
      split(place);
      place = {&static_cast<Page*>(*place.node)->nodes[digit(hash, place.level)], place.level + 1};
    }
    Bucket& bucket = own<Bucket>(*place.node);
    const std::size_t at = bucket.index_of(hash, key);
    if (at != bucket.tags.size()) {
      bucket.entries[at].second = std::move(value);
      return false;
    }
    bucket.tags.push_back(static_cast<std::uint32_t>(hash));
    bucket.entries.emplace_back(std::move(key), std::move(value));
    ++next_.size_;
    return true;
  }

  // False if there was no such key. Nothing is copied then.
  template <class Key>
  bool erase(const Key& key) {
    if (next_.find(key) == nullptr) return false;
    const std::uint64_t hash = Hash{}(key);
    Node*& node = *descend(hash).node;
    Bucket& bucket = own<Bucket>(node);
    const std::size_t at = bucket.index_of(hash, key);
    if (bucket.tags.size() == 1) {
      release(std::exchange(node, nullptr));
    } else {
      bucket.tags[at] = bucket.tags.back();
      bucket.tags.pop_back();
      if (at + 1 != bucket.entries.size()) bucket.entries[at] = std::move(bucket.entries.back());
      bucket.entries.pop_back();
    }
    --next_.size_;
    return true;
  }

  HashTrie freeze() {
    token_ = next_edit_token();
    return next_;
  }

 private:
  // Where a bucket hangs or would hang, and how many pages lie above it.
  struct Place {
    Node** node;
    unsigned level;
  };

  // The pages on the way become this editor's own.
  Place descend(std::uint64_t hash) {
    Place place{&next_.root_, 0};
    while (*place.node != nullptr && !(*place.node)->is_bucket) {
      Page& page = own<Page>(*place.node);
      place = {&page.nodes[digit(hash, place.level)], place.level + 1};
    }
    return place;
  }

  static bool must_split(const Place& place, std::uint64_t hash, const K& key) {
    if (*place.node == nullptr || place.level == kLevels) return false;
    const auto& bucket = *static_cast<const Bucket*>(*place.node);
    return bucket.tags.size() >= kBucketSize && bucket.index_of(hash, key) == bucket.tags.size();
  }

  // A page with the bucket's entries in buckets of their own takes the bucket's place.
  void split(const Place& place) {
    Bucket& bucket = own<Bucket>(*place.node);
    auto* page = new Page(token_);
    for (std::size_t i = 0; i < bucket.tags.size(); ++i) {
      Node*& child = page->nodes[digit(Hash{}(bucket.entries[i].first), place.level)];
      Bucket& part = own<Bucket>(child);
      part.tags.push_back(bucket.tags[i]);
      part.entries.push_back(std::move(bucket.entries[i]));
    }
    release(std::exchange(*place.node, page));
  }

  template <class N>
  N& own(Node*& place) {
    if (place == nullptr) {
      place = new N(token_);
    } else if (place->owner != token_) {
      auto* copy = new N(token_);
      copy_content(*static_cast<const N*>(place), *copy);
      release(std::exchange(place, copy));
    }
    return *static_cast<N*>(place);
  }
  static void copy_content(const Bucket& from, Bucket& to) {
    to.tags = from.tags;
    to.entries = from.entries;
  }
  static void copy_content(const Page& from, Page& to) {
    to.nodes = from.nodes;
    for (Node* node : to.nodes) share(node);
  }

  HashTrie next_;
  EditToken token_ = next_edit_token();
};

}  // namespace allauth::persistent
