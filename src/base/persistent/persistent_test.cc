#include <map>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "base/persistent/hash_trie.h"
#include "base/persistent/interner.h"
#include "base/persistent/radix_vector.h"

namespace allauth::persistent {
namespace {

using Random = std::mt19937;

std::uint32_t spread_index(Random& random) {
  // All heights of the tree: from a few slots to the full 32 bits.
  return static_cast<std::uint32_t>(random()) >> (random() % 32);
}

TEST(RadixVectors, AgreeWithAMapAndKeepOldVersions) {
  Random random(1);
  std::map<std::uint32_t, std::string> model;
  std::vector<std::pair<RadixVector<std::string>, std::map<std::uint32_t, std::string>>> versions;
  RadixVector<std::string>::Editor edit{RadixVector<std::string>()};
  for (int step = 0; step < 3000; ++step) {
    const std::uint32_t index = spread_index(random);
    const std::string value = "v" + std::to_string(step);
    edit.at(index) = value;
    model[index] = value;
    ASSERT_EQ(*edit.find(index), value);
    if (step % 300 == 0) versions.emplace_back(edit.freeze(), model);
  }
  versions.emplace_back(edit.freeze(), model);
  for (const auto& [version, expected] : versions) {
    for (const auto& [index, value] : model) {
      const std::string* found = version.find(index);
      const auto want = expected.find(index);
      ASSERT_EQ(found != nullptr ? *found : "", want != expected.end() ? want->second : "") << index;
    }
  }
}

TEST(RadixVectors, FindNothingInAnEmptyOne) {
  const RadixVector<int> empty;
  EXPECT_EQ(empty.find(0), nullptr);
  EXPECT_EQ(empty.find(~0u), nullptr);
}

TEST(RadixVectors, AreNotChangedByAnEditorThatGoesOnAfterAFreeze) {
  RadixVector<int>::Editor edit{RadixVector<int>()};
  edit.at(3) = 1;
  const RadixVector<int> one = edit.freeze();
  edit.at(3) = 2;
  edit.at(100'000) = 3;
  EXPECT_EQ(*one.find(3), 1);
  EXPECT_EQ(one.find(100'000), nullptr);
  EXPECT_EQ(*edit.freeze().find(3), 2);
}

template <class Trie, class MakeKey>
void agree_with_a_map(MakeKey make_key) {
  Random random(2);
  using Key = decltype(make_key(0u));
  std::map<Key, int> model;
  std::vector<std::pair<Trie, std::map<Key, int>>> versions;
  typename Trie::Editor edit{Trie()};
  for (int step = 0; step < 20'000; ++step) {
    const Key key = make_key(random() % 6000);
    if (random() % 3 == 0) {
      ASSERT_EQ(edit.erase(key), model.erase(key) != 0);
    } else {
      ASSERT_EQ(edit.assign(key, step), model.insert_or_assign(key, step).second);
    }
    ASSERT_EQ(edit.size(), model.size());
    if (step % 2500 == 0) versions.emplace_back(edit.freeze(), model);
  }
  versions.emplace_back(edit.freeze(), model);
  for (const auto& [version, expected] : versions) {
    std::map<Key, int> seen;
    version.for_each([&](const Key& key, int value) { seen.emplace(key, value); });
    ASSERT_EQ(seen, expected);
    for (unsigned n = 0; n < 6000; ++n) {
      const Key key = make_key(n);
      const int* found = version.find(key);
      ASSERT_EQ(found != nullptr, expected.contains(key));
      if (found != nullptr) {
        ASSERT_EQ(*found, expected.at(key));
      }
    }
  }
}

Digest digest_of(unsigned n) {
  std::minstd_rand random(n + 1);
  Digest digest;
  for (auto& byte : digest) byte = static_cast<std::uint8_t>(random() >> 8);
  return digest;
}

TEST(HashTries, AgreeWithAMapForDigests) { agree_with_a_map<DigestTrie<int>>(digest_of); }

TEST(HashTries, AgreeWithAMapForTexts) {
  agree_with_a_map<TextTrie<int>>([](unsigned n) { return "key-" + std::to_string(n); });
}

struct PoorHash {  // 16 different hashes, all alike in their upper bits
  std::uint64_t operator()(unsigned key) const { return key % 16; }
};
TEST(HashTries, StandKeysWithEqualHashes) {
  agree_with_a_map<HashTrie<unsigned, int, PoorHash>>([](unsigned n) { return n; });
}

TEST(HashTries, FindTextsByView) {
  TextTrie<int>::Editor edit{TextTrie<int>()};
  edit.assign("abc", 1);
  EXPECT_EQ(*edit.freeze().find(std::string_view("abc")), 1);
  EXPECT_EQ(edit.freeze().find(std::string_view("ab")), nullptr);
}

TEST(Interners, NumberTextsDenselyPerSpace) {
  Interner interner;
  std::map<std::pair<std::uint16_t, std::string>, std::uint32_t> model;
  for (unsigned n = 0; n < 20'000; ++n) {
    const auto space = static_cast<std::uint16_t>(n % 3 * 30'000);
    const std::string text(n % 50, static_cast<char>('a' + n % 26));
    const auto known = model.find({space, text});
    EXPECT_EQ(interner.find(text, space), known == model.end() ? Interner::kNone : known->second);
    const std::uint32_t id = interner.intern(text, space);
    EXPECT_EQ(id, model.try_emplace({space, text}, static_cast<std::uint32_t>(model.size())).first->second);
    EXPECT_EQ(interner.find_both({text, space}, {"missing", space}), std::pair(id, Interner::kNone));
    EXPECT_EQ(interner.find_both({"", 0}, {text, space}), std::pair(0u, id));
  }
  EXPECT_EQ(interner.size(), model.size());
  for (const auto& [key, id] : model) {
    EXPECT_EQ(interner.text(id), key.second);
    EXPECT_EQ(interner.space(id), key.first);
  }
}

TEST(Interners, KeepTextsWithNulAndOfTheGreatestLength) {
  Interner interner;
  const std::string longest(Interner::kMaxText, 'x');
  const std::string with_nul("a\0b", 3);
  EXPECT_EQ(interner.text(interner.intern(longest)), longest);
  EXPECT_EQ(interner.text(interner.intern(with_nul)), with_nul);
  EXPECT_EQ(interner.find("a"), Interner::kNone);
  EXPECT_EQ(interner.find(""), Interner::kNone);
}

// One writer, three readers, each with versions of its own: meant for the thread sanitizer.
TEST(PersistentContainers, AreReadWhileTheNextVersionIsMade) {
  struct Version {
    RadixVector<std::uint32_t> squares;
    TextTrie<std::uint32_t> numbers;
    std::uint32_t count = 0;
  };
  Interner names;
  std::mutex guard;
  Version published;
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> mistakes{0};

  auto read = [&](unsigned seed) {
    Random random(seed);
    while (!done.load(std::memory_order_acquire)) {
      const Version mine = [&] {
        const std::lock_guard lock(guard);
        return published;
      }();
      for (int i = 0; i < 50 && mine.count != 0; ++i) {
        const auto n = static_cast<std::uint32_t>(random() % mine.count);
        const std::string name = "n" + std::to_string(n);
        const std::uint32_t* square = mine.squares.find(n * 7);
        const std::uint32_t* number = mine.numbers.find(name);
        const auto [id, newest] = names.find_both({name}, {"n" + std::to_string(mine.count - 1)});
        const bool right = square != nullptr && *square == n * n && number != nullptr && *number == n &&
                           id != Interner::kNone && names.text(id) == name && newest != Interner::kNone;
        if (!right) mistakes.fetch_add(1);
      }
    }
  };
  std::vector<std::thread> readers;
  for (unsigned seed = 0; seed < 3; ++seed) readers.emplace_back(read, seed);

  RadixVector<std::uint32_t>::Editor squares{RadixVector<std::uint32_t>()};
  TextTrie<std::uint32_t>::Editor numbers{TextTrie<std::uint32_t>()};
  for (std::uint32_t n = 0; n < 20'000; ++n) {
    const std::string name = "n" + std::to_string(n);
    names.intern(name);
    squares.at(n * 7) = n * n;
    numbers.assign(name, n);
    if (n % 20 == 0) {
      Version next{squares.freeze(), numbers.freeze(), n + 1};
      const std::lock_guard lock(guard);
      std::swap(published, next);
    }
  }
  done.store(true, std::memory_order_release);
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(mistakes.load(), 0u);
}

}  // namespace
}  // namespace allauth::persistent
