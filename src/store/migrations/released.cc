#include <array>

#include "store/migrations/list.h"

namespace allauth::store {

std::span<const Migration> released_migrations() {
  static const std::array kAll{kDirectory,     kLogTags,      kGroups,           kListOrders,
                               kUsage,         kKeptAnswers,  kGroupConnections, kDomainsOfUser,
                               kRelationships, kPolicySchema, kGrantsOnThings,   kTopics,
                               kExtensions,    kTokens};
  return kAll;
}

}  // namespace allauth::store
