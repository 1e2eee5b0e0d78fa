#include "store/snapshot/snapshot.h"

#include <fmt/format.h>

namespace allauth::store {

Result<void> Snapshot::check_usable() const {
  switch (trust_) {
    case Trust::current:
      return {};
    case Trust::stale:
      return fail({.code = Code::unavailable,
                   .reason = "state.stale",
                   .message = "This node has been cut off from the log for too long to decide anything.",
                   .retry_after = Seconds(5)});
    case Trust::broken:
      return fail({.code = Code::unavailable,
                   .reason = "state.broken",
                   .message = "This node could not follow the log, so it decides nothing.",
                   .retry_after = Seconds(5)});
  }
  return fail(Code::bug, "state.trust", "A snapshot is in no state that there is.");
}

const PolicySchema& Snapshot::own_schema() const {
  static const PolicySchema kNone;
  return schema_ ? *schema_ : kNone;
}

NodeId Snapshot::find(std::string_view kind, std::string_view id) const {
  const auto definition = graph_.schema().find_definition(kind);
  return definition ? graph_.find(*definition, id) : kNoNode;
}

const Thing& Snapshot::thing(NodeId node) const {
  static const Thing kNothing;
  const Thing* found = node == kNoNode ? nullptr : things_.find(node);
  return found != nullptr ? *found : kNothing;
}

NodeId Snapshot::find_login(std::string_view login) const {
  const NodeId* found = login.empty() ? nullptr : logins_.find(login);
  return found != nullptr ? *found : kNoNode;
}

// A route holds no ':', so a domain's own routes and those within domains cannot meet.
std::string Snapshot::route_key(NodeId domain, std::string_view route) {
  return domain == kNoNode ? std::string(route) : fmt::format("{}:{}", domain, route);
}

NodeId Snapshot::find_domain_route(std::string_view route) const {
  const NodeId* found = route.empty() ? nullptr : routes_.find(route);
  return found != nullptr ? *found : kNoNode;
}

NodeId Snapshot::find_channel_route(NodeId domain, std::string_view route) const {
  if (domain == kNoNode || route.empty()) return kNoNode;
  const NodeId* found = routes_.find(route_key(domain, route));
  return found != nullptr ? *found : kNoNode;
}

}  // namespace allauth::store
