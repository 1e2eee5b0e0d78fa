#include "store/usage.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/access.h"
#include "store/rows.h"

namespace allauth::store {
namespace {

constexpr sql::Statement kUsage("usage.load",
                                "SELECT members, clients, channels, groups, roles, connections, client_keys "
                                "FROM domain_usage WHERE domain_id = $1");
constexpr sql::Statement kStoreUsage(
    "usage.store",
    "INSERT INTO domain_usage (domain_id, members, clients, channels, groups, roles, connections, "
    "client_keys) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (domain_id) DO UPDATE SET "
    "members = excluded.members, clients = excluded.clients, channels = excluded.channels, "
    "groups = excluded.groups, roles = excluded.roles, connections = excluded.connections, "
    "client_keys = excluded.client_keys");
constexpr sql::Statement kEraseUsage("usage.erase", "DELETE FROM domain_usage WHERE domain_id = $1");
constexpr sql::Statement kEraseAllUsage("usage.erase_all", "DELETE FROM domain_usage");
constexpr sql::Statement kMembershipsInDomain(
    "usage.memberships",
    "SELECT count(*) FROM (SELECT role_id FROM role_members WHERE scope_kind = 'domain' AND scope_id = $1 "
    "AND subject_kind = 'user' AND subject_id = $2 LIMIT 2) AS part");
constexpr sql::Statement kDomainOfClient("usage.of_client", "SELECT domain_id FROM clients WHERE id = $1");
constexpr sql::Statement kDomainOfChannel("usage.of_channel", "SELECT domain_id FROM channels WHERE id = $1");
constexpr sql::Statement kDomainOfGroup("usage.of_group", "SELECT domain_id FROM groups WHERE id = $1");
constexpr sql::Statement kRecount(
    "usage.recount",
    "INSERT INTO domain_usage (domain_id, members, clients, channels, groups, roles, connections, "
    "client_keys) SELECT d.id, "
    "(SELECT count(DISTINCT m.subject_id) FROM role_members m WHERE m.scope_kind = 'domain' "
    "AND m.scope_id = d.id AND m.subject_kind = 'user'), "
    "(SELECT count(*) FROM clients c WHERE c.domain_id = d.id), "
    "(SELECT count(*) FROM channels c WHERE c.domain_id = d.id), "
    "(SELECT count(*) FROM groups g WHERE g.domain_id = d.id), "
    "(SELECT count(*) FROM roles r WHERE r.scope_kind = 'domain' AND r.scope_id = d.id) + "
    "(SELECT count(*) FROM clients c JOIN roles r ON r.scope_kind = 'client' AND r.scope_id = c.id "
    "WHERE c.domain_id = d.id) + "
    "(SELECT count(*) FROM channels c JOIN roles r ON r.scope_kind = 'channel' AND r.scope_id = c.id "
    "WHERE c.domain_id = d.id) + "
    "(SELECT count(*) FROM groups g JOIN roles r ON r.scope_kind = 'group' AND r.scope_id = g.id "
    "WHERE g.domain_id = d.id), "
    "(SELECT count(*) FROM clients c JOIN connections x ON x.client_id = c.id WHERE c.domain_id = d.id) + "
    "(SELECT count(*) FROM groups g JOIN group_connections x ON x.group_id = g.id WHERE g.domain_id = d.id), "
    "(SELECT count(*) FROM clients c JOIN credentials k ON k.owner_kind = 'client' AND k.owner_id = c.id "
    "WHERE c.domain_id = d.id) FROM domains d");

Result<std::string> domain_by(Read& read, const sql::Statement& statement, std::string_view id) {
  std::string domain;
  const std::array<sql::Value, 1> binds{sql::Value(id)};
  TRY(read.query(statement, binds, [&domain](const sql::Row& row) -> Result<void> {
    domain = row.bytes(0);
    return {};
  }));
  return domain;
}

Result<std::string> domain_of_scope(Read& read, std::string_view kind, std::string_view id) {
  if (kind == kind::domain) return std::string(id);
  if (kind == kind::client) return domain_by(read, kDomainOfClient, id);
  if (kind == kind::channel) return domain_by(read, kDomainOfChannel, id);
  if (kind == kind::group) return domain_by(read, kDomainOfGroup, id);
  return std::string();
}

// A row that is erased may have no more than its key: `whole` then says no, and the row is read.
template <class Row, class Whole, class Count>
Result<std::optional<CountedRow>> with_whole(Read& read, const void* row, Whole whole, Count count_it) {
  const auto& given = *static_cast<const Row*>(row);
  if (whole(given)) return count_it(given);
  const auto stored = [&] {
    if constexpr (requires { given.id; })
      return find<Row>(read, given.id);
    else if constexpr (std::is_same_v<Row, Connection>)
      return find<Row>(read, given.client, given.channel);
    else if constexpr (std::is_same_v<Row, GroupConnection>)
      return find<Row>(read, given.group, given.channel);
    else
      return find<Row>(read, given.role, given.subject_kind, given.subject_id);
  }();
  if (!stored) return fail(stored.error());
  if (!*stored) return std::nullopt;
  return count_it(**stored);
}

std::optional<CountedRow> found(std::string domain, Counted what) {
  if (domain.empty()) return std::nullopt;
  return CountedRow{std::move(domain), what};
}

using MaybeCounted = Result<std::optional<CountedRow>>;

template <class Row>
MaybeCounted in_domain(Read& read, const void* row, Counted what) {
  return with_whole<Row>(
      read, row, [](const Row& r) { return !r.domain.empty(); },
      [&](const Row& r) -> MaybeCounted { return found(r.domain.str(), what); });
}

MaybeCounted count_role(Read& read, const void* row) {
  return with_whole<Role>(
      read, row, [](const Role& r) { return !r.scope_kind.empty(); },
      [&](const Role& r) -> MaybeCounted {
        TRY(auto domain, domain_of_scope(read, r.scope_kind, r.scope_id));
        return found(std::move(domain), Counted::roles);
      });
}

// A user with several roles on a domain is one member: the first role counts when it comes, the last one
// when it goes.
MaybeCounted count_member(Read& read, const void* row) {
  return with_whole<RoleMember>(
      read, row, [](const RoleMember& r) { return !r.scope_kind.empty(); },
      [&](const RoleMember& r) -> MaybeCounted {
        if (r.scope_kind != kind::domain || r.subject_kind != kind::user) return std::nullopt;
        TRY(const auto memberships, count(read, kMembershipsInDomain, r.scope_id, r.subject_id));
        return memberships == 1 ? found(r.scope_id, Counted::members) : std::nullopt;
      });
}

MaybeCounted count_key(Read& read, const void* row) {
  return with_whole<Credential>(
      read, row, [](const Credential& r) { return !r.owner_kind.empty(); },
      [&](const Credential& r) -> MaybeCounted {
        if (r.owner_kind != kind::client) return std::nullopt;
        TRY(auto domain, domain_by(read, kDomainOfClient, r.owner_id));
        return found(std::move(domain), Counted::client_keys);
      });
}

Error exceeded(Counted what, std::int64_t used, std::int64_t quota) {
  constexpr std::array<Reason, kCounted> kReasons{"quota.members",    "quota.clients", "quota.channels",
                                                  "quota.groups",     "quota.roles",   "quota.connections",
                                                  "quota.client_keys"};
  const auto at = static_cast<std::size_t>(what);
  return {.code = Code::conflict,
          .reason = kReasons[at],
          .message = fmt::format("This domain has {} of at most {} {}; this would be more.", used, quota,
                                 what == Counted::client_keys ? "client keys" : kCountedNames[at])};
}

}  // namespace

QuotaRules quota_rules(const Amounts& defaults, Metrics& metrics) {
  QuotaRules rules{.defaults = defaults};
  for (std::size_t i = 0; i < kCounted; ++i)
    rules.refusals[i] = &metrics.counter("allauth_quota_refusals_total",
                                         "Changes refused because a domain's quota is used up.",
                                         fmt::format(R"(what="{}")", kCountedNames[i]));
  return rules;
}

Result<std::optional<CountedRow>> counted_row(Read& read, const Shape& shape, const void* row) {
  switch (shape.kind) {
    case ImageKind::client:
      return in_domain<Client>(read, row, Counted::clients);
    case ImageKind::channel:
      return in_domain<Channel>(read, row, Counted::channels);
    case ImageKind::group:
      return in_domain<Group>(read, row, Counted::groups);
    case ImageKind::connection:
      return in_domain<Connection>(read, row, Counted::connections);
    case ImageKind::group_connection:
      return in_domain<GroupConnection>(read, row, Counted::connections);
    case ImageKind::role:
      return count_role(read, row);
    case ImageKind::role_member:
      return count_member(read, row);
    case ImageKind::credential:
      return count_key(read, row);
    case ImageKind::user:
    case ImageKind::domain:
    case ImageKind::session:
    case ImageKind::signing_key:
    case ImageKind::setting:
    case ImageKind::relationship:
    case ImageKind::policy_schema:
    case ImageKind::annotation:
    case ImageKind::extension:
      return std::nullopt;
  }
  return std::nullopt;
}

Result<Amounts> usage_of(Read& read, std::string_view domain) {
  Amounts used{};
  const std::array<sql::Value, 1> binds{sql::Value(domain)};
  TRY(read.query(kUsage, binds, [&used](const sql::Row& row) -> Result<void> {
    for (std::size_t i = 0; i < kCounted; ++i) used[i] = row.integer(static_cast<int>(i));
    return {};
  }));
  return used;
}

Result<void> recount_usage(sql::Session& session) {
  TRY(session.run(kEraseAllUsage));
  TRY(session.run(kRecount));
  return {};
}

Result<UsageBook::Page*> UsageBook::open(Read& read, const std::string& domain) {
  const auto known = pages_.find(domain);
  if (known != pages_.end()) return &known->second;
  TRY(const auto used, usage_of(read, domain));
  return &pages_.emplace(domain, Page{.used = used, .quotas = std::nullopt}).first->second;
}

Result<void> UsageBook::check(Read& read, const std::string& domain, Page& page,
                              const Amounts& change) const {
  for (std::size_t i = 0; i < kCounted; ++i) {
    if (change[i] <= 0) continue;
    if (!page.quotas) {
      TRY(const auto row, find<Domain>(read, DomainId::trusted(domain)));
      page.quotas = effective(row ? row->quotas : Quotas{}, rules_.defaults);
    }
    const auto quota = (*page.quotas)[i];
    if (quota == 0 || page.used[i] + change[i] <= quota) continue;
    if (rules_.refusals[i] != nullptr) rules_.refusals[i]->add();
    return fail(exceeded(static_cast<Counted>(i), page.used[i], quota));
  }
  return {};
}

Result<void> UsageBook::add(Read& read, const UsageChanges& changes, std::span<const Image> images) {
  for (const auto& image : images)
    if (image.kind == ImageKind::domain)
      if (const auto page = pages_.find(image.key); page != pages_.end()) page->second.quotas.reset();
  for (const auto& [domain, change] : changes) {
    TRY(Page * page, open(read, domain));
    TRY(check(read, domain, *page, change));
  }
  for (const auto& [domain, change] : changes) {
    Page& page = pages_.find(domain)->second;
    for (std::size_t i = 0; i < kCounted; ++i) page.used[i] += change[i];
    page.changed = true;
  }
  for (const auto& image : images)
    if (image.kind == ImageKind::domain && image.bytes.empty()) pages_[image.key].erased = true;
  return {};
}

Result<void> UsageBook::store(sql::Session& session) {
  for (const auto& [domain, page] : pages_) {
    std::vector<sql::Value> binds{sql::Value(std::string_view(domain))};
    if (page.erased) {
      TRY(session.run(kEraseUsage, binds));
      continue;
    }
    if (!page.changed) continue;
    for (const auto amount : page.used) binds.emplace_back(amount);
    TRY(session.run(kStoreUsage, binds));
  }
  return {};
}

}  // namespace allauth::store
