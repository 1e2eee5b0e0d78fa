// The state that hot questions are answered from, all in memory: the policy graph and of the
// directory what authentication and messaging need. One Snapshot is one revision, immutable, and any
// number of threads may read it; the next one shares all that did not change.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/persistent/hash_trie.h"
#include "base/persistent/radix_vector.h"
#include "model/access.h"
#include "model/policy.h"
#include "policy/graph.h"
#include "policy/restrictions.h"
#include "store/snapshot/topic_index.h"

namespace allauth::store {

// The few texts that some things have.
struct ThingText {
  std::string route;            // domains and channels
  std::string email, username;  // users
  std::string password_record;  // users: PHC string
};

// A user, client, domain, group or channel.
struct Thing {
  ImageKind kind{};  // zero: there is no such thing (any more)
  Status status = Status::disabled;
  std::uint8_t max_qos = kMostQos;        // of channels: of messages in them
  NodeId domain = kNoNode;                // of groups, clients and channels
  NodeId listed_by = kNoNode;             // the group whose edge leads to this client or group
  std::shared_ptr<const ThingText> text;  // null: all empty

  bool exists() const { return kind != ImageKind{}; }
  bool enabled() const { return exists() && status == Status::enabled; }
};

// What a client key's digest leads to.
struct KeyRecord {
  NodeId owner = kNoNode;
  Instant expires = Instant::max();
};

// What the digest of a user's token leads to.
struct TokenRecord {
  NodeId owner = kNoNode;
  CredentialType type = CredentialType::personal_token;
  CredentialId id;
  Instant expires = Instant::max();
  std::shared_ptr<const policy::Restrictions> restrictions;  // null: none
};

// Whether a snapshot may be answered from.
enum class Trust : std::uint8_t {
  current,
  stale,   // nothing was heard of the log for too long
  broken,  // an entry of the log could not be applied
};

class Snapshot {
 public:
  using Digest = persistent::Digest;

  explicit Snapshot(std::shared_ptr<const policy::CompiledSchema> schema) : graph_(std::move(schema)) {}
  // What is given out instead of one that must not be answered from: it knows nobody and grants nothing,
  // so that whoever forgets to ask check_usable() denies.
  Snapshot(std::shared_ptr<const policy::CompiledSchema> schema, Revision revision, Trust trust)
      : trust_(trust), revision_(revision), graph_(std::move(schema)) {}

  // To be asked before every answer, so that what cannot be decided is an error and no denial.
  // unavailable state.stale, state.broken.
  Result<void> check_usable() const;

  Revision revision() const { return revision_; }
  const policy::Graph& graph() const { return graph_; }
  // The installation's own part of the graph's schema; without a revision if none was ever written.
  const PolicySchema& own_schema() const;

  // kNoNode if nothing of that kind and id was ever seen.
  NodeId find(std::string_view kind, std::string_view id) const;
  // A thing that does not exist for kNoNode and for nodes that are no things.
  const Thing& thing(NodeId node) const;
  const Thing& thing(std::string_view kind, std::string_view id) const { return thing(find(kind, id)); }
  // The id of a node; valid as long as any snapshot of this graph.
  std::string_view id(NodeId node) const { return graph_.name(node).id; }

  // Users by e-mail address or user name, domains by route, channels by route within their domain;
  // kNoNode if there is none.
  NodeId find_login(std::string_view login) const;
  NodeId find_domain_route(std::string_view route) const;
  NodeId find_channel_route(NodeId domain, std::string_view route) const;
  // The topics of channels' own, by domain.
  const TopicIndex& topics() const { return topics_; }

  // Null if no enabled client key has this digest.
  const KeyRecord* find_key(const Digest& digest) const { return keys_.find(digest); }
  // Null if no enabled token of a user has this digest. Valid as long as this snapshot.
  const TokenRecord* find_token(const Digest& digest) const {
    const auto* found = tokens_.find(digest);
    return found != nullptr ? found->get() : nullptr;
  }
  // The name of the node whose token has this digest; null if there is none.
  const std::string* find_node(const Digest& digest) const { return nodes_.find(digest); }
  // True for sessions that were ended before their access tokens expired.
  bool is_revoked(std::string_view session_id) const { return revoked_.find(session_id) != nullptr; }

  // How many there are, for metrics and tests.
  std::size_t keys() const { return keys_.size(); }
  std::size_t tokens() const { return tokens_.size(); }
  std::size_t revoked_sessions() const { return revoked_.size(); }
  // Of the installation's own kinds.
  std::uint64_t relationships() const { return relationships_; }

 private:
  friend class SnapshotBuilder;
  static std::string route_key(NodeId domain, std::string_view route);

  Trust trust_ = Trust::current;
  Revision revision_{};
  policy::Graph graph_;
  std::shared_ptr<const PolicySchema> schema_;  // null: none
  persistent::RadixVector<Thing> things_;
  persistent::TextTrie<NodeId> logins_;
  persistent::TextTrie<NodeId> routes_;
  TopicIndex topics_;
  persistent::DigestTrie<KeyRecord> keys_;
  persistent::DigestTrie<std::string> nodes_;
  persistent::DigestTrie<std::shared_ptr<const TokenRecord>> tokens_;
  persistent::TextTrie<Instant> revoked_;  // since when
  std::uint64_t relationships_ = 0;
};

}  // namespace allauth::store
