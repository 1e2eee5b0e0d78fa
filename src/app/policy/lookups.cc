#include "app/policy/lookups.h"

#include <fmt/format.h>

#include "app/access/questions.h"
#include "app/lists/page_token.h"
#include "app/lists/plan.h"
#include "policy/lookup_resources.h"
#include "policy/lookup_subjects.h"

namespace allauth::app {
namespace {

constexpr std::size_t kDefaultSize = 50;
// Of a tree that is answered as one message.
constexpr std::uint32_t kExpandWork = 20'000;

// What a page token is good for. No id has such a character.
std::string made_for(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part).append(1, '\n');
  return text;
}

Result<policy::PageRequest> plan_page(const PageOf& page, const std::string& made_for, Revision revision) {
  if (page.size > kMaxPageSize)
    return fail(Code::invalid, "page.size", "A page has 1 to 1000 items.", "page_size");
  policy::PageRequest request{.limit = page.size == 0 ? kDefaultSize : page.size, .total = page.count};
  if (page.token.empty()) return request;
  auto last = parse_id_token(page.token, made_for);
  if (!last) return fail(Code::invalid, "page.token", "This is not a page token of this list.", "page_token");
  request.after = policy::Cursor{.last = *std::move(last), .revision = to_number(revision)};
  return request;
}

PageEnd end_of(const policy::IdPage& page, const std::string& made_for, Revision revision) {
  return {.next_token = page.next ? make_page_token({page.next->last}, made_for) : std::string(),
          .total = page.total,
          .revision = revision};
}

std::unexpected<Error> not_about_others() {
  return fail(Code::denied, "lookup.subject",
              "What others may reach is for those who may read the policy of the platform.", "subject");
}
std::unexpected<Error> not_about_that() {
  return fail(Code::denied, "lookup.object",
              "Who may do something there is for those who may see the roles there.", "object");
}

// By the decision that a check makes of each.
Result<void> add_ways(const Core& core, const store::Snapshot& snapshot, const policy::ResourceQuery& query,
                      std::vector<Reached>& objects) {
  std::vector<policy::CheckQuery> checks;
  checks.reserve(objects.size());
  for (const Reached& object : objects)
    checks.push_back({.subject = query.subject,
                      .restrictions = query.restrictions,
                      .permission = query.permission,
                      .object = {query.kind, object.id}});
  const policy::Graph& graph = snapshot.graph();
  const auto decisions = core.engine.check_many(graph, to_number(snapshot.revision()), checks, query.limits);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    TRY(const policy::Decision decision, decisions[i]);
    objects[i].rule = graph.schema().rule_name(decision.rule());
    for (const auto node : decision.evidence()) {
      const policy::ObjectRef name = graph.name(node);
      if (name != checks[i].object)
        objects[i].through.push_back({std::string(name.kind), std::string(name.id)});
    }
  }
  return {};
}

}  // namespace

Result<ReachedPage> lookup_resources(const Core& core, const Caller& caller, const ResourceLookup& query) {
  TRY(auto asking, Asking::begin(core, caller));
  const auto self = caller.who.principal.subject();
  const policy::SubjectRef subject = query.subject.value_or(self);
  const bool own = subject == self;
  if (!own && !asking.caller_may("can_policy_read", {kind::platform, kPlatformId})) return not_about_others();
  const store::Snapshot& snapshot = asking.snapshot();
  const auto token_for = made_for({"lookup.resources", subject.object.kind, subject.object.id,
                                   subject.relation, query.permission, query.kind});
  policy::ResourceQuery wanted{.subject = subject,
                               .restrictions = own ? caller.who.restrictions.get() : nullptr,
                               .permission = asking.name_permission(query.kind, query.permission),
                               .kind = query.kind};
  wanted.limits.stop = query.stop;
  TRY(wanted.page, plan_page(query.page, token_for, snapshot.revision()));
  TRY(auto found, policy::lookup_resources(snapshot.graph(), to_number(snapshot.revision()), wanted));
  ReachedPage page{.objects = {}, .end = end_of(found, token_for, snapshot.revision())};
  page.objects.reserve(found.ids.size());
  for (auto& id : found.ids) page.objects.push_back({.id = std::move(id)});
  if (query.ways) {
    TRY(add_ways(core, snapshot, wanted, page.objects));
  }
  return page;
}

Result<HoldersPage> lookup_subjects(const Core& core, const Caller& caller, const SubjectLookup& query) {
  TRY(auto asking, Asking::begin(core, caller));
  if (!asking.may_see_roles_of(query.object)) return not_about_that();
  const store::Snapshot& snapshot = asking.snapshot();
  const auto token_for = made_for(
      {"lookup.subjects", query.object.kind, query.object.id, query.permission, query.kind, query.relation});
  policy::SubjectQuery wanted{.object = query.object,
                              .permission = asking.name_permission(query.object.kind, query.permission),
                              .kind = query.kind,
                              .relation = query.relation};
  wanted.limits.stop = query.stop;
  TRY(wanted.page, plan_page(query.page, token_for, snapshot.revision()));
  TRY(auto found, policy::lookup_subjects(snapshot.graph(), to_number(snapshot.revision()), wanted));
  PageEnd end = end_of(found.named, token_for, snapshot.revision());
  return HoldersPage{.ids = std::move(found.named.ids),
                     .everyone = found.everyone,
                     .excluded = std::move(found.excluded),
                     .end = std::move(end)};
}

Result<Expanded> expand(const Core& core, const Caller& caller, const policy::ObjectRef& object,
                        std::string_view permission, const std::atomic<bool>* stop) {
  TRY(auto asking, Asking::begin(core, caller));
  if (!asking.may_see_roles_of(object)) return not_about_that();
  Expanded expanded{.snapshot = asking.keep_snapshot(), .tree = {}};
  TRY(expanded.tree, policy::expand(expanded.snapshot->graph(),
                                    {.object = object,
                                     .permission = asking.name_permission(object.kind, permission),
                                     .limits = {.max_work = kExpandWork, .stop = stop}}));
  return expanded;
}

}  // namespace allauth::app
