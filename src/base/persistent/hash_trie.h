// A persistent hash map: a trie of 512-way pages over buckets of at most 64 entries. Copying it is
// O(1), versions share pages, and a change copies one bucket and the pages on its path, each at most
// once per edit. Versions are immutable and may be read by any number of threads; find() does not
// allocate.
//
//   DigestTrie<UserId>::Editor edit(v1);
//   edit.assign(digest, user);
//   DigestTrie<UserId> v2 = edit.freeze();  // v1 is as it was; the editor can go on
//
// Keys that share a hash of 64 bits end up in one bucket, which then is searched key by key.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/persistent/edit_token.h"

namespace allauth::persistent {

using Digest = std::array<std::uint8_t, 32>;

// For keys that are uniform already (an HMAC, a SHA-256).
struct DigestHash {
  std::uint64_t operator()(const Digest& digest) const {
    std::uint64_t hash;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
  }
};
struct TextHash {
  std::uint64_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

template <class K, class V, class Hash>
class HashTrie {
 public:
  class Editor;

  HashTrie() = default;
  HashTrie(const HashTrie& other) : root_(share(other.root_)), size_(other.size_) {}
  HashTrie(HashTrie&& other) noexcept
      : root_(std::exchange(other.root_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  HashTrie& operator=(HashTrie other) noexcept {
    std::swap(root_, other.root_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~HashTrie() { release(root_); }

  std::size_t size() const { return size_; }

  // `Key`: K or what K compares equal to (a string_view for std::string). The value lives as long as
  // this version.
  template <class Key>
  const V* find(const Key& key) const {
    const std::uint64_t hash = Hash{}(key);
    const Node* node = root_;
    for (unsigned level = 0; node != nullptr && !node->is_bucket; ++level)
      node = static_cast<const Page*>(node)->nodes[digit(hash, level)];
    if (node == nullptr) return nullptr;
    const auto& bucket = *static_cast<const Bucket*>(node);
    const std::size_t at = bucket.index_of(hash, key);
    return at != bucket.tags.size() ? &bucket.entries[at].second : nullptr;
  }

  // Calls visit(key, value) for each entry, in no useful order.
  template <class Visit>
  void for_each(Visit visit) const {
    walk(root_, visit);
  }

 private:
  static constexpr unsigned kBits = 9;
  static constexpr unsigned kLevels = 64 / kBits;
  static constexpr std::size_t kBucketSize = 64;

  struct Node {
    Node(bool bucket, EditToken token) : is_bucket(bucket), owner(token) {}
    std::atomic<std::uint32_t> refs{1};
    bool is_bucket;
    EditToken owner;
  };
  struct Bucket : Node {
    explicit Bucket(EditToken token) : Node(true, token) {}
    template <class Key>
    std::size_t index_of(std::uint64_t hash, const Key& key) const {
      const auto tag = static_cast<std::uint32_t>(hash);
      for (std::size_t i = 0; i < tags.size(); ++i) {
        if (tags[i] == tag && entries[i].first == key) return i;
      }
      return tags.size();
    }
    std::vector<std::uint32_t> tags;  // the low bits of the hashes; the pages use the high ones
    std::vector<std::pair<K, V>> entries;
  };
  struct Page : Node {
    explicit Page(EditToken token) : Node(false, token) {}
    std::array<Node*, 1u << kBits> nodes{};
  };

  static std::size_t digit(std::uint64_t hash, unsigned level) {
    return static_cast<std::size_t>(hash >> (64 - kBits * (level + 1))) % (1u << kBits);
  }
  static Node* share(Node* node) {
    if (node != nullptr) node->refs.fetch_add(1, std::memory_order_relaxed);
    return node;
  }
  static void release(Node* node) {
    if (node == nullptr || node->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (node->is_bucket) {
      delete static_cast<Bucket*>(node);
      return;
    }
    auto* page = static_cast<Page*>(node);
    for (Node* child : page->nodes) release(child);
    delete page;
  }
  template <class Visit>
  static void walk(const Node* node, Visit& visit) {
    if (node == nullptr) return;
    if (node->is_bucket) {
      for (const auto& [key, value] : static_cast<const Bucket*>(node)->entries) visit(key, value);
      return;
    }
    for (const Node* child : static_cast<const Page*>(node)->nodes) walk(child, visit);
  }

  Node* root_ = nullptr;
  std::size_t size_ = 0;
};

template <class V>
using DigestTrie = HashTrie<Digest, V, DigestHash>;
template <class V>
using TextTrie = HashTrie<std::string, V, TextHash>;

}  // namespace allauth::persistent

#include "base/persistent/hash_trie_editor.h"  // HashTrie::Editor
