// Makes the next Snapshot out of one and what was written since: rows when the state is read from the
// database, images when it follows the log. Both end in the same put() functions, so a snapshot that
// followed the log equals one that was rebuilt.
#pragma once

#include <string>
#include <string_view>

#include "base/persistent/hash_trie_editor.h"
#include "model/access.h"
#include "model/policy.h"
#include "model/relationship.h"
#include "store/snapshot/snapshot.h"

namespace allauth::store {

// For one thread. An Error means that rows contradict the schema, which is a bug; the builder must
// then be thrown away.
class SnapshotBuilder {
 public:
  explicit SnapshotBuilder(const Snapshot& base);

  // Before all that it types. What it does not allow any more is gone then.
  Result<void> put(const PolicySchema&);
  Result<void> put(const User&);
  Result<void> put(const Domain&);
  Result<void> put(const Group&);
  Result<void> put(const Client&);
  Result<void> put(const Channel&);
  Result<void> put(const Connection&);
  Result<void> put(const GroupConnection&);
  Result<void> put(const Role&);
  Result<void> put(const RoleMember&);
  Result<void> put(const Credential&);
  Result<void> put(const Session&);
  Result<void> put(const Relationship&);

  // One image of a log entry; empty bytes mean that the row is gone.
  Result<void> apply(ImageKind kind, std::string_view key, std::string_view bytes);

  // Forgets sessions that were revoked before `then`: their access tokens have expired since.
  void forget_revoked_before(Instant then);

  Snapshot freeze(Revision revision);

 private:
  Result<void> remove(ImageKind kind, std::string_view key);
  Result<void> remove_thing(std::string_view kind, std::string_view id);
  template <class Row>
  Result<void> decode_and_put(std::string_view bytes);
  Result<void> close_domain(std::string_view id, Status status);
  Result<void> edge(bool present, const policy::Edge& edge);
  Result<void> relate(bool present, const Relationship& row);
  // The relation's one edge, to the object of that id; none if the id is empty.
  Result<void> only_edge(policy::ObjectRef from, std::string_view relation, policy::ObjectRef to);
  // What a connection stands for.
  Result<void> connect(policy::SubjectRef subject, std::string_view channel, bool publish, bool subscribe);
  // The one edge that leads from a group to what lies in it; none if the group's id is empty. Answers the
  // group's node.
  Result<NodeId> list_in(std::string_view group, std::string_view relation, policy::ObjectRef thing);
  Result<void> put_entry(std::string_view entry);
  Result<void> forget_entry(std::string_view entry);
  NodeId node(std::string_view kind, std::string_view id) const;
  Result<void> put_password(NodeId owner, const Credential& password);
  Result<void> put_token(NodeId owner, const Snapshot::Digest& digest, const Credential& token);
  void put_thing(NodeId node, Thing thing);
  void move_key(persistent::TextTrie<NodeId>::Editor& index, const std::string& before,
                const std::string& after, NodeId node);

  Snapshot base_;
  policy::Graph::Editor graph_;
  policy::Graph frozen_;  // the graph as it is, for look-ups of nodes
  persistent::RadixVector<Thing>::Editor things_;
  persistent::TextTrie<NodeId>::Editor logins_;
  persistent::TextTrie<NodeId>::Editor routes_;
  TopicIndex::Editor topics_;
  persistent::DigestTrie<KeyRecord>::Editor keys_;
  persistent::DigestTrie<std::string>::Editor nodes_;
  persistent::DigestTrie<std::shared_ptr<const TokenRecord>>::Editor tokens_;
  persistent::TextTrie<Instant>::Editor revoked_;
};

}  // namespace allauth::store
