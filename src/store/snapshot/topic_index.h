// The topics of channels of all domains (model/topics.h), as a tree of their levels. Persistent: a version is
// immutable and shared by any number of threads, and a change copies what it touches. A question costs a
// look-up or two per level and allocates nothing; it ends after kMaxSteps, so that topics made to be
// ambiguous cannot hold a thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/persistent/hash_trie.h"
#include "base/persistent/radix_vector.h"
#include "model/topics.h"
#include "policy/graph.h"

namespace allauth::store {

using policy::kNoNode;
using policy::NodeId;

struct TopicMatch {
  enum class Kind : std::uint8_t {
    none,      // no channel has the topic, or all of the filter
    one,       // this channel has it
    many,      // the filter goes beyond the topics of one channel
    too_many,  // it took too many steps to tell
  };
  Kind kind = Kind::none;
  NodeId channel = kNoNode;
};

class TopicIndex {
 public:
  static constexpr int kMaxSteps = 1024;

  class Editor;

  // The channel of the domain to which a topic belongs; the name must be valid, without a leading "$".
  TopicMatch find(NodeId domain, std::string_view topic) const;
  // The channel that all topics belong to which the filter matches. It must be valid, and not shared.
  TopicMatch find_all(NodeId domain, std::string_view filter) const;

  // Levels that are remembered, for tests.
  std::size_t size() const { return steps_.size(); }

 private:
  // One level further on from a place in the tree; where a domain's tree begins, `from` is the domain's node.
  struct Step {
    std::uint64_t from;
    std::string level;
    friend bool operator==(const Step&, const Step&) = default;
  };
  struct StepView {
    std::uint64_t from;
    std::string_view level;
    friend bool operator==(const Step& step, const StepView& view) {
      return step.from == view.from && step.level == view.level;
    }
  };
  struct StepHash {
    static std::uint64_t of(std::uint64_t from, std::string_view level) {
      // Places are numbered one by one: spread them, as the trie goes by the high bits.
      return std::hash<std::string_view>{}(level) ^ (from * 0x9E37'79B9'7F4A'7C15);
    }
    std::uint64_t operator()(const Step& step) const { return of(step.from, step.level); }
    std::uint64_t operator()(const StepView& step) const { return of(step.from, step.level); }
  };
  struct Place {
    std::uint64_t number = 0;
    std::uint32_t uses = 0;  // filters that lead here or further
    NodeId here = kNoNode;   // whose filter ends here
    NodeId below = kNoNode;  // whose filter ends here with "#" behind
  };
  // What a channel has.
  struct Owned {
    NodeId domain;
    Topics topics;
  };
  using Steps = persistent::HashTrie<Step, Place, StepHash>;
  class Search;

  Steps steps_;
  persistent::RadixVector<std::shared_ptr<const Owned>> owned_;  // by channel
  std::uint64_t next_ = std::uint64_t{1} << 32;                  // number of the next place; nodes are below
};

// Makes the next version. For one thread at a time.
class TopicIndex::Editor {
 public:
  explicit Editor(TopicIndex base) : steps_(base.steps_), owned_(base.owned_), next_(base.next_) {}

  // Instead of what the channel had before; none: it has no topics any more.
  void assign(NodeId domain, NodeId channel, const Topics& topics);
  TopicIndex freeze();

 private:
  void add(NodeId domain, NodeId channel, std::string_view filter);
  void remove(NodeId domain, NodeId channel, std::string_view filter);

  Steps::Editor steps_;
  persistent::RadixVector<std::shared_ptr<const Owned>>::Editor owned_;
  std::uint64_t next_;
};

}  // namespace allauth::store
