#include "policy/restrictions.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/id.h"
#include "base/text.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kAny = "*";
constexpr std::string_view kCan = "can_";  // how permissions begin that answer for an operation
constexpr std::string_view kDomain = "domain";
constexpr std::size_t kMaxWord = 64;
constexpr std::size_t kMaxObject = 1024;
constexpr int kDeepest = 16;  // from a thing to its domain

bool fits(std::string_view limit, std::string_view value) { return limit == kAny || limit == value; }

std::string_view operation_of(std::string_view permission) {
  if (permission.starts_with(kCan)) permission.remove_prefix(kCan.size());
  return permission;
}

// "client_create" is `create` on clients: whether it is what the scope allows on things in a container.
bool fits_things(const Scope& scope, std::string_view operation) {
  if (scope.id != kAny) return false;
  if (scope.kind == kAny)
    return operation.contains('_') &&
           (scope.operation == kAny ||
            (operation.size() > scope.operation.size() + 1 && operation.ends_with(scope.operation) &&
             operation[operation.size() - scope.operation.size() - 1] == '_'));
  if (!operation.starts_with(scope.kind)) return false;
  operation.remove_prefix(scope.kind.size());
  if (operation.size() < 2 || operation.front() != '_') return false;
  return fits(scope.operation, operation.substr(1));
}

// All but the domain.
bool fits_anywhere(const Scope& scope, std::string_view permission, const ObjectRef& object) {
  const auto operation = operation_of(permission);
  const bool itself =
      fits(scope.kind, object.kind) && fits(scope.operation, operation) && fits(scope.id, object.id);
  return itself || fits_things(scope, operation);
}

template <class DomainOf>
bool covers_by(const Restrictions& restrictions, std::string_view permission, const ObjectRef& object,
               DomainOf domain_of) {
  std::optional<std::string_view> domain;
  return std::ranges::any_of(restrictions.scopes, [&](const Scope& scope) {
    if (!fits_anywhere(scope, permission, object)) return false;
    if (scope.domain.empty()) return true;
    if (!domain) domain = domain_of();
    return scope.domain == *domain;
  });
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kMaxWord && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_kind(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return is_word(text);
  return is_word(text.substr(0, slash)) && is_word(text.substr(slash + 1));
}

// Ids of things of own kinds are longer, and have more characters.
bool is_object(std::string_view text) {
  return !text.empty() && text.size() <= kMaxObject &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F && c != '*'; });
}

std::unexpected<Error> bad(std::string_view what, std::string_view field) {
  return fail(Code::invalid, "scope.invalid", std::string(what), std::string(field));
}

}  // namespace

Result<Scope> make_scope(std::string_view kind, std::string_view operation, std::string_view domain,
                         std::string_view id) {
  if (kind != kAny && !is_kind(kind))
    return bad("A kind is 1 to 64 of a-z 0-9 _ (client, channel, group, domain, user …), or *.", "kind");
  if (operation != kAny && (!is_word(operation) || operation.starts_with(kCan)))
    return bad("An operation is 1 to 64 of a-z 0-9 _ (read, create, update, publish …) without can_, or *.",
               "operation");
  if (domain == kAny) domain = {};
  if (!domain.empty() && !is_id(domain))
    return bad("Give the id of a domain, or leave it out for all of them.", "domain_id");
  if (id.empty()) id = kAny;
  if (id != kAny && !is_object(id))
    return bad("Give the id of the object, or leave it out for all of the kind.", "object_id");
  return Scope{std::string(kind), std::string(operation), std::string(domain), std::string(id)};
}

Result<Scope> parse_scope(std::string_view text) {
  const auto parts = split(text, ' ');
  const bool whole = std::ranges::none_of(parts, &std::string_view::empty);
  if (!whole || parts.size() < 2 || parts.size() > 4)
    return bad("A scope is KIND OPERATION [DOMAIN [ID]]: \"client read\", \"channel publish * c1\".",
               "scope");
  const auto part = [&](std::size_t at) { return at < parts.size() ? std::string_view(parts[at]) : kAny; };
  return make_scope(part(0), part(1), part(2), part(3));
}

std::string to_text(const Scope& scope) {
  return fmt::format("{} {} {} {}", scope.kind, scope.operation,
                     scope.domain.empty() ? kAny : std::string_view(scope.domain), scope.id);
}

bool covers(const Restrictions& restrictions, const Ask& ask) {
  return covers_by(restrictions, ask.permission, ask.object, [&] { return ask.domain; });
}

bool covers(const Restrictions& restrictions, const Graph& graph, std::string_view permission,
            const ObjectRef& object, NodeId node) {
  return covers_by(restrictions, permission, object, [&] { return domain_of(graph, object, node); });
}

std::string_view domain_of(const Graph& graph, const ObjectRef& object, NodeId node) {
  if (object.kind == kDomain) return object.id;
  for (int depth = 0; node != kNoNode && depth < kDeepest; ++depth) {
    if (graph.schema().definition_name(graph.definition(node)) == kDomain) return graph.name(node).id;
    NodeId next = kNoNode;
    std::size_t ways = 0;
    for (const Hop& hop : graph.schema().ways_in(graph.definition(node)))
      graph.subjects(node).visit(hop.label, [&](std::span<const NodeId> around) {
        ways += around.size();
        if (!around.empty()) next = around.front();
        return true;
      });
    if (ways != 1) return {};
    node = next;
  }
  return {};
}

Scope missing_scope(std::string_view permission, const ObjectRef& object) {
  return {.kind = std::string(object.kind),
          .operation = std::string(operation_of(permission)),
          .domain = {},
          .id = std::string(object.id)};
}

Covered covered(const Restrictions& restrictions, std::string_view kind, std::string_view permission,
                std::string_view domain) {
  const auto operation = operation_of(permission);
  Covered covered;
  for (const Scope& scope : restrictions.scopes) {
    if (!fits(scope.kind, kind) || !fits(scope.operation, operation)) continue;
    if (kind == kDomain && !scope.domain.empty()) {  // domains lie in themselves
      if (fits(scope.id, scope.domain)) covered.ids.push_back(scope.domain);
      continue;
    }
    if (!scope.domain.empty() && scope.domain != domain) continue;
    if (scope.id == kAny)
      covered.all = true;
    else
      covered.ids.push_back(scope.id);
  }
  if (covered.all) covered.ids.clear();
  std::ranges::sort(covered.ids);
  const auto twice = std::ranges::unique(covered.ids);
  covered.ids.erase(twice.begin(), twice.end());
  return covered;
}

}  // namespace allauth::policy
