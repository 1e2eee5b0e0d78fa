// What somebody may reach, who may do something, and what a permission says of an object. About oneself
// everybody may ask; what others may reach is for those who may read the policy, who may do something is for
// those who may see the roles there. Everything is answered from the newest snapshot, without the database.
//
// Pages are in the order of the ids. A page token names a place, so it is good for as long as callers like;
// each page is of the newest state and says which.
#pragma once

#include <atomic>

#include "app/access/gate.h"
#include "policy/expand.h"

namespace allauth::app {

struct PageOf {
  std::size_t size = 0;  // 1 to 1000; 0: 50
  std::string_view token{};
  bool count = false;
};

// These borrow their texts.
struct ResourceLookup {
  std::optional<policy::SubjectRef> subject{};  // nothing: the caller
  std::string_view permission;                  // "publish" or "can_publish"
  std::string_view kind;                        // of the objects
  bool ways = false;                            // say how each is reached
  PageOf page{};
  const std::atomic<bool>* stop = nullptr;  // set by another thread: nobody waits for it any more
};
struct SubjectLookup {
  policy::ObjectRef object;
  std::string_view permission;
  std::string_view kind;        // of the subjects
  std::string_view relation{};  // empty: the objects of that kind; else the holders of this on them
  PageOf page{};
  const std::atomic<bool>* stop = nullptr;
};

struct PageEnd {
  std::string next_token;  // empty on the last page
  std::optional<std::uint64_t> total{};
  Revision revision{};
};
struct Thing {
  std::string kind;
  std::string id;
};
struct Reached {
  std::string id;
  // If that was asked for: the rule that lets the subject in, and what it comes through besides the object
  // itself: roles, groups, domains, nearest to the object first, at most four.
  std::string rule{};
  std::vector<Thing> through{};
};
struct ReachedPage {
  std::vector<Reached> objects;
  PageEnd end;
};
struct HoldersPage {
  std::vector<std::string> ids;
  bool everyone = false;  // all of that kind but those excluded on some page
  std::vector<std::string> excluded;
  PageEnd end;  // of ids and excluded together
};

// Errors of all: those of Asking::begin(); invalid page.size, page.token; those of the policy's look-ups.
// Denied lookup.subject.
Result<ReachedPage> lookup_resources(const Core& core, const Caller& caller, const ResourceLookup& query);
// Denied lookup.object.
Result<HoldersPage> lookup_subjects(const Core& core, const Caller& caller, const SubjectLookup& query);

// Owns what the expansion borrows from.
struct Expanded {
  std::shared_ptr<const store::Snapshot> snapshot;
  policy::Expansion tree;
};
// Denied lookup.object. The object's texts must outlive the answer.
Result<Expanded> expand(const Core& core, const Caller& caller, const policy::ObjectRef& object,
                        std::string_view permission, const std::atomic<bool>* stop = nullptr);

}  // namespace allauth::app
