// Every migration, one file each, in the order of their numbers.
#pragma once

#include "store/migrate.h"

namespace allauth::store {

extern const Migration kDirectory;         // 001_directory.cc
extern const Migration kLogTags;           // 002_log_tags.cc
extern const Migration kGroups;            // 003_groups.cc
extern const Migration kListOrders;        // 004_list_orders.cc
extern const Migration kUsage;             // 005_usage.cc
extern const Migration kKeptAnswers;       // 006_kept_answers.cc
extern const Migration kGroupConnections;  // 007_group_connections.cc
extern const Migration kDomainsOfUser;     // 008_domains_of_user.cc
extern const Migration kRelationships;     // 009_relationships.cc
extern const Migration kPolicySchema;      // 010_policy_schema.cc
extern const Migration kGrantsOnThings;    // 011_grants_on_things.cc
extern const Migration kTopics;            // 012_topics.cc
extern const Migration kExtensions;        // 013_extensions.cc
extern const Migration kTokens;            // 014_tokens.cc

}  // namespace allauth::store
