#include "store/snapshot/builder.h"

#include <span>

#include "base/text.h"
#include "model/catalogue.h"
#include "policy/core_schema.h"
#include "store/image.h"
#include "store/snapshot/role_grants.h"

namespace allauth::store {
namespace {

constexpr policy::ObjectRef kPlatform{kind::platform, kPlatformId};
constexpr std::string_view kMember = "member";
constexpr std::string_view kInside = "inside";  // of a group: the clients in it and below

policy::Edge within(std::string_view kind, std::string_view id, std::string_view relation,
                    policy::ObjectRef in) {
  return {{kind, id}, relation, {in}};
}

std::shared_ptr<const ThingText> text_of(ThingText text) {
  const bool empty =
      text.route.empty() && text.email.empty() && text.username.empty() && text.password_record.empty();
  return empty ? nullptr : std::make_shared<const ThingText>(std::move(text));
}

const ThingText& text_or_empty(const Thing& thing) {
  static const ThingText kEmpty;
  return thing.text ? *thing.text : kEmpty;
}

// A number that means nothing allows the least.
std::uint8_t most_qos(const Channel& channel) {
  const auto most = channel.max_qos.value_or(kMostQos);
  return most >= 0 && most <= kMostQos ? static_cast<std::uint8_t>(most) : 0;
}

}  // namespace

SnapshotBuilder::SnapshotBuilder(const Snapshot& base)
    : base_(base),
      graph_(base.graph_),
      frozen_(base.graph_),
      things_(base.things_),
      logins_(base.logins_),
      routes_(base.routes_),
      topics_(base.topics_),
      keys_(base.keys_),
      nodes_(base.nodes_),
      tokens_(base.tokens_),
      revoked_(base.revoked_) {}

NodeId SnapshotBuilder::node(std::string_view kind, std::string_view id) const {
  const auto definition = frozen_.schema().find_definition(kind);
  return definition ? frozen_.find(*definition, id) : kNoNode;  // names are shared by all versions
}

Result<void> SnapshotBuilder::edge(bool present, const policy::Edge& edge) {
  TRY(present ? graph_.add(edge) : graph_.remove(edge));
  return {};
}

Result<void> SnapshotBuilder::only_edge(policy::ObjectRef from, std::string_view relation,
                                        policy::ObjectRef to) {
  return graph_.replace(from, relation, to.id.empty() ? std::nullopt : std::optional(policy::SubjectRef{to}));
}

Result<NodeId> SnapshotBuilder::list_in(std::string_view group, std::string_view relation,
                                        policy::ObjectRef thing) {
  const NodeId before = things_.at(node(thing.kind, thing.id)).listed_by;
  if (before != kNoNode && frozen_.name(before).id != group)
    TRY(edge(false, {frozen_.name(before), relation, {thing}}));
  if (group.empty()) return kNoNode;
  TRY(edge(true, {{kind::group, group}, relation, {thing}}));
  return node(kind::group, group);
}

// Keeps a unique text pointing at its node when it changes.
void SnapshotBuilder::move_key(persistent::TextTrie<NodeId>::Editor& index, const std::string& before,
                               const std::string& after, NodeId node) {
  if (before == after) return;
  if (const NodeId* owner = index.find(before); owner != nullptr && *owner == node) index.erase(before);
  if (!after.empty()) index.assign(after, node);
}

void SnapshotBuilder::put_thing(NodeId node, Thing thing) {
  Thing& slot = things_.at(node);
  const ThingText& before = text_or_empty(slot);
  const ThingText& after = text_or_empty(thing);
  move_key(logins_, before.email, after.email, node);
  move_key(logins_, before.username, after.username, node);
  const NodeId domain = slot.exists() ? slot.domain : thing.domain;
  const auto route = [&](const std::string& text) {
    return text.empty() ? text : Snapshot::route_key(domain, text);
  };
  move_key(routes_, route(before.route), route(after.route), node);
  slot = std::move(thing);
}

Result<void> SnapshotBuilder::put(const PolicySchema& schema) {
  TRY(auto compiled, policy::core_schema_with(schema.text, frozen_.schema()));
  TRY(graph_.set_schema(std::move(compiled)));
  frozen_ = graph_.freeze();
  base_.schema_ = std::make_shared<const PolicySchema>(schema);
  return {};
}

Result<void> SnapshotBuilder::put(const User& user) {
  const auto& id = user.id.str();
  TRY(edge(true, {{kind::user, id}, "self", {{kind::user, id}}}));
  TRY(edge(true, within(kind::user, id, "platform", kPlatform)));
  const NodeId at = node(kind::user, id);
  ThingText text{.email = user.email,
                 .username = user.username,
                 .password_record = text_or_empty(things_.at(at)).password_record};
  put_thing(at, {.kind = ImageKind::user, .status = user.status, .text = text_of(std::move(text))});
  return {};
}

// The edges that stand for what its status is, unless that is enabled.
Result<void> SnapshotBuilder::close_domain(std::string_view id, Status status) {
  const policy::ObjectRef domain{kind::domain, id};
  TRY(edge(status != Status::enabled, {domain, "closed", {domain}}));
  TRY(edge(status == Status::disabled, {domain, "disabled", {domain}}));
  return edge(status == Status::frozen, {domain, "frozen", {domain}});
}

Result<void> SnapshotBuilder::put(const Domain& domain) {
  const auto& id = domain.id.str();
  TRY(edge(true, within(kind::domain, id, "platform", kPlatform)));
  TRY(close_domain(id, domain.status));
  put_thing(node(kind::domain, id),
            {.kind = ImageKind::domain, .status = domain.status, .text = text_of({.route = domain.route})});
  return {};
}

// The edges that let rights through are there while the group is enabled.
Result<void> SnapshotBuilder::put(const Group& group) {
  const policy::ObjectRef self{kind::group, group.id.str()};
  const policy::ObjectRef parent{kind::group, group.parent.str()};
  const policy::ObjectRef nothing{kind::group, {}};
  const bool enabled = group.status == Status::enabled;
  TRY(only_edge(self, "domain", {kind::domain, group.domain.str()}));
  TRY(only_edge(self, "parent", parent));
  TRY(only_edge(self, "above", enabled ? parent : nothing));
  TRY(only_edge(self, "effect", enabled ? self : nothing));
  TRY(const NodeId listed_by, list_in(enabled ? parent.id : nothing.id, "subgroup", self));
  put_thing(node(self.kind, self.id), {.kind = ImageKind::group,
                                       .status = group.status,
                                       .domain = node(kind::domain, group.domain.str()),
                                       .listed_by = listed_by});
  return {};
}

Result<void> SnapshotBuilder::put(const Client& client) {
  const auto& id = client.id.str();
  TRY(edge(true, within(kind::client, id, "domain", {kind::domain, client.domain.str()})));
  TRY(only_edge({kind::client, id}, "group", {kind::group, client.group.str()}));
  TRY(const NodeId listed_by, list_in(client.group.str(), "client", {kind::client, id}));
  put_thing(node(kind::client, id), {.kind = ImageKind::client,
                                     .status = client.status,
                                     .domain = node(kind::domain, client.domain.str()),
                                     .listed_by = listed_by});
  return {};
}

Result<void> SnapshotBuilder::put(const Channel& channel) {
  const auto& id = channel.id.str();
  TRY(edge(true, within(kind::channel, id, "domain", {kind::domain, channel.domain.str()})));
  TRY(only_edge({kind::channel, id}, "group", {kind::group, channel.group.str()}));
  const NodeId at = node(kind::channel, id);
  const NodeId domain = node(kind::domain, channel.domain.str());
  topics_.assign(domain, at, channel.topics);
  put_thing(at, {.kind = ImageKind::channel,
                 .status = channel.status,
                 .max_qos = most_qos(channel),
                 .domain = domain,
                 .text = text_of({.route = channel.route})});
  return {};
}

Result<void> SnapshotBuilder::connect(policy::SubjectRef subject, std::string_view channel, bool publish,
                                      bool subscribe) {
  TRY(edge(publish, {{kind::channel, channel}, "publisher", subject}));
  return edge(subscribe, {{kind::channel, channel}, "subscriber", subject});
}

Result<void> SnapshotBuilder::put(const Connection& connection) {
  return connect({{kind::client, connection.client.str()}}, connection.channel.str(), connection.publish,
                 connection.subscribe);
}

Result<void> SnapshotBuilder::put(const GroupConnection& connection) {
  return connect({{kind::group, connection.group.str()}, kInside}, connection.channel.str(),
                 connection.publish, connection.subscribe);
}

Result<void> SnapshotBuilder::put(const Role& role) {
  TRY(const auto granted, project_grants(frozen_.schema(), role));
  std::vector<policy::ObjectRef> objects;
  for (const auto& grants : granted) {
    const auto object = objects.emplace_back(grants.object());
    if (object.kind == kind::catalogue) TRY(put_entry(object.id));
    TRY(graph_.set_grants(object, role.id.str(), policy::Effect::allow, grants.allowed));
    TRY(graph_.set_grants(object, role.id.str(), policy::Effect::deny, grants.denied));
  }
  for (const auto& object : graph_.keep_grants({kind::role, role.id.str()}, objects))
    if (object.kind == kind::catalogue) TRY(forget_entry(object.id));
  return only_edge({kind::role, role.id.str()}, "scope", {role.scope_kind, role.scope_id});
}

// An entry of the catalogue lies in the one above as long as something is granted there, or in it.
Result<void> SnapshotBuilder::put_entry(std::string_view entry) {
  for (auto above = catalogue_parent(entry); !above.empty(); above = catalogue_parent(entry = above))
    TRY(edge(true, within(kind::catalogue, entry, "within", {kind::catalogue, above})));
  return {};
}

Result<void> SnapshotBuilder::forget_entry(std::string_view entry) {
  for (; !catalogue_parent(entry).empty(); entry = catalogue_parent(entry)) {
    const policy::Graph now = graph_.freeze();
    const NodeId at = node(kind::catalogue, entry);
    const auto [first, last] = std::pair(policy::Label::grants().first, policy::Label::denials().second);
    const auto none = [](policy::Label, std::span<const NodeId>) { return false; };
    if (!now.resources(at).empty() || !now.subjects(at).visit(first, last, none)) return {};
    TRY(graph_.replace({kind::catalogue, entry}, "within", std::nullopt));
  }
  return {};
}

Result<void> SnapshotBuilder::put(const RoleMember& member) {
  return edge(true, {{kind::role, member.role.str()}, kMember, {{member.subject_kind, member.subject_id}}});
}

Result<void> SnapshotBuilder::put_password(NodeId owner, const Credential& password) {
  if (owner == kNoNode) return {};
  Thing thing = things_.at(owner);
  ThingText text = text_or_empty(thing);
  text.password_record = password.status == Status::enabled ? password.verifier : std::string();
  thing.text = text_of(std::move(text));
  put_thing(owner, std::move(thing));
  return {};
}

Result<void> SnapshotBuilder::put_token(NodeId owner, const Snapshot::Digest& digest,
                                        const Credential& token) {
  if (token.status != Status::enabled) {
    tokens_.erase(digest);
    return {};
  }
  auto record =
      std::make_shared<TokenRecord>(TokenRecord{.owner = owner,
                                                .type = token.type,
                                                .id = token.id,
                                                .expires = token.expires_at.value_or(Instant::max()),
                                                .restrictions = nullptr});
  if (token.type == CredentialType::personal_token) {
    policy::Restrictions restrictions;
    for (const auto& text : token.scopes) {
      TRY(auto scope, policy::parse_scope(text));
      restrictions.scopes.push_back(std::move(scope));
    }
    record->restrictions = std::make_shared<const policy::Restrictions>(std::move(restrictions));
  }
  tokens_.assign(digest, std::move(record));
  return {};
}

Result<void> SnapshotBuilder::put(const Credential& credential) {
  const NodeId owner = node(credential.owner_kind, credential.owner_id);
  if (credential.type == CredentialType::password) return put_password(owner, credential);
  const auto& bytes = credential.digest.bytes;
  Snapshot::Digest digest;
  if (bytes.size() != digest.size())
    return fail(Code::bug, "snapshot.digest", "A credential has a digest of the wrong size.");
  std::memcpy(digest.data(), bytes.data(), digest.size());
  const bool enabled = credential.status == Status::enabled;
  switch (credential.type) {
    case CredentialType::client_key:
      if (enabled)
        keys_.assign(digest, {owner, credential.expires_at.value_or(Instant::max())});
      else
        keys_.erase(digest);
      return {};
    case CredentialType::node_token:
      if (enabled)
        nodes_.assign(digest, credential.owner_id);
      else
        nodes_.erase(digest);
      return {};
    case CredentialType::personal_token:
    case CredentialType::user_key:
      return put_token(owner, digest, credential);
    case CredentialType::password:
      break;
  }
  return fail(Code::bug, "snapshot.credential", "A credential is of a type that this version does not know.");
}

Result<void> SnapshotBuilder::put(const Session& session) {
  if (session.state == SessionState::revoked) revoked_.assign(session.id.str(), session.stamp.updated_at);
  return {};
}

// Writes refuse what the schema does not allow, so the graph does not meet it. What the product's own rows
// stand for is never said by others.
Result<void> SnapshotBuilder::relate(bool present, const Relationship& row) {
  if (!is_own_kind(row.resource_kind))
    return fail(Code::bug, "snapshot.relationship", "A relationship is of a kind that is the product's own.");
  const policy::Edge edge{{row.resource_kind, row.resource_id},
                          row.relation,
                          {{row.subject_kind, row.subject_id}, row.subject_relation}};
  TRY(const bool changed, present ? graph_.add(edge) : graph_.remove(edge));
  if (changed) base_.relationships_ += present ? 1 : std::uint64_t(-1);
  return {};
}

Result<void> SnapshotBuilder::put(const Relationship& row) {
  if (!row.caveat.empty() || !row.caveat_context.empty() || row.expires_at)
    return fail(Code::bug, "snapshot.relationship",
                "A relationship holds under a condition that this version cannot enforce.");
  return relate(true, row);
}

template <class Row>
Result<void> SnapshotBuilder::decode_and_put(std::string_view bytes) {
  TRY(const Row row, decode_image<Row>(bytes));
  return put(row);
}

Result<void> SnapshotBuilder::apply(ImageKind kind, std::string_view key, std::string_view bytes) {
  if (bytes.empty()) return remove(kind, key);
  switch (kind) {
    case ImageKind::policy_schema:
      return decode_and_put<PolicySchema>(bytes);
    case ImageKind::user:
      return decode_and_put<User>(bytes);
    case ImageKind::credential:
      return decode_and_put<Credential>(bytes);
    case ImageKind::domain:
      return decode_and_put<Domain>(bytes);
    case ImageKind::group:
      return decode_and_put<Group>(bytes);
    case ImageKind::client:
      return decode_and_put<Client>(bytes);
    case ImageKind::channel:
      return decode_and_put<Channel>(bytes);
    case ImageKind::connection:
      return decode_and_put<Connection>(bytes);
    case ImageKind::group_connection:
      return decode_and_put<GroupConnection>(bytes);
    case ImageKind::role:
      return decode_and_put<Role>(bytes);
    case ImageKind::role_member:
      return decode_and_put<RoleMember>(bytes);
    case ImageKind::session:
      return decode_and_put<Session>(bytes);
    case ImageKind::relationship:
      return decode_and_put<Relationship>(bytes);
    case ImageKind::signing_key:
    case ImageKind::setting:
    case ImageKind::annotation:
    case ImageKind::extension:
      return {};
  }
  return fail(Code::bug, "snapshot.image",
              "The log holds an image of a kind that this version does not know.");
}

Result<void> SnapshotBuilder::remove_thing(std::string_view kind, std::string_view id) {
  const NodeId at = node(kind, id);
  if (at == kNoNode) return {};
  if (kind == kind::client) TRY(list_in({}, "client", {kind, id}));
  if (kind == kind::group) TRY(list_in({}, "subgroup", {kind, id}));
  const NodeId domain = things_.at(at).domain;
  topics_.assign(domain, at, {});
  put_thing(at, Thing{.domain = domain});
  things_.at(at) = {};
  if (kind == kind::user) {
    TRY(edge(false, {{kind, id}, "self", {{kind, id}}}));
    return edge(false, within(kind, id, "platform", kPlatform));
  }
  if (kind == kind::domain) {
    TRY(close_domain(id, Status::enabled));
    return edge(false, within(kind, id, "platform", kPlatform));
  }
  constexpr std::string_view kOfGroup[] = {"domain", "parent", "above", "effect"};
  constexpr std::string_view kOfOthers[] = {"domain", "group"};
  const auto relations = kind == kind::group ? std::span<const std::string_view>(kOfGroup) : kOfOthers;
  for (const auto relation : relations) TRY(graph_.replace({kind, id}, relation, std::nullopt));
  return {};
}

// Rows are erased only after what they grant was taken back by an image of its own (a disabled
// credential, a role without grants), so their going needs nothing more here.
Result<void> SnapshotBuilder::remove(ImageKind kind, std::string_view key) {
  switch (kind) {
    case ImageKind::user:
      return remove_thing(kind::user, key);
    case ImageKind::domain:
      return remove_thing(kind::domain, key);
    case ImageKind::group:
      return remove_thing(kind::group, key);
    case ImageKind::client:
      return remove_thing(kind::client, key);
    case ImageKind::channel:
      return remove_thing(kind::channel, key);
    case ImageKind::connection: {
      const auto parts = split(key, '/');
      if (parts.size() != 2) break;
      return connect({{kind::client, parts[0]}}, parts[1], false, false);
    }
    case ImageKind::group_connection: {
      const auto parts = split(key, '/');
      if (parts.size() != 2) break;
      return connect({{kind::group, parts[0]}, kInside}, parts[1], false, false);
    }
    case ImageKind::role_member: {
      const auto parts = split(key, '/');
      if (parts.size() != 3) break;
      return edge(false, {{kind::role, parts[0]}, kMember, {{parts[1], parts[2]}}});
    }
    case ImageKind::role:
      return graph_.replace({kind::role, key}, "scope", std::nullopt);
    case ImageKind::relationship: {
      const auto row = parse_relationship_key(key);
      if (!row) break;
      return relate(false, *row);
    }
    case ImageKind::policy_schema:
      return put(PolicySchema{.name = std::string(key)});
    case ImageKind::credential:
    case ImageKind::session:
    case ImageKind::signing_key:
    case ImageKind::setting:
    case ImageKind::annotation:
    case ImageKind::extension:
      return {};
  }
  return fail(Code::bug, "snapshot.image", "The log holds an image with a broken key.");
}

void SnapshotBuilder::forget_revoked_before(Instant then) {
  std::vector<std::string> old;
  base_.revoked_.for_each([&](const std::string& session, Instant since) {
    if (since < then) old.push_back(session);
  });
  for (const auto& session : old) revoked_.erase(session);
}

Snapshot SnapshotBuilder::freeze(Revision revision) {
  Snapshot next(base_);
  next.revision_ = revision;
  next.graph_ = graph_.freeze();
  next.things_ = things_.freeze();
  next.logins_ = logins_.freeze();
  next.routes_ = routes_.freeze();
  next.topics_ = topics_.freeze();
  next.keys_ = keys_.freeze();
  next.nodes_ = nodes_.freeze();
  next.tokens_ = tokens_.freeze();
  next.revoked_ = revoked_.freeze();
  return next;
}

}  // namespace allauth::store
