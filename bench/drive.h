// Deterministic data like that of a shared drive, of any size: users in groups, groups in groups,
// trees of folders exactly ten levels deep, documents in their lowest folders.
//
// Users fall into insiders, who see documents directly or as members of groups, and outsiders, who are
// in groups, too, and own documents of their own, but are let in nowhere else. So the right answer to
// each question below follows from its construction.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "policy/ref.h"

namespace allauth::bench {

inline constexpr std::string_view kDriveSchema =
    "definition user {}\n"
    "definition group {\n relation member: user | group#member\n}\n"
    "definition folder {\n"
    " relation parent: folder\n"
    " relation viewer: user | group#member\n"
    " permission view = viewer + parent->view\n"
    "}\n"
    "definition document {\n"
    " relation parent: folder\n"
    " relation owner: user\n"
    " relation viewer: user | group#member\n"
    " permission view = viewer + owner + parent->view\n"
    "}\n";

class Drive {
 public:
  static constexpr std::uint64_t kLevels = 10;

  // About that many relationships.
  explicit Drive(std::uint64_t relationships);

  // Every relationship once, in an order that mixes kinds as time would. Views hold for the call.
  void each(const std::function<void(const policy::Edge&)>& take) const;
  // A question about `permission view`.
  struct Question {
    std::string document;
    std::string user;
  };
  Question direct_hit(std::uint64_t seed) const;  // the user is a viewer of the document itself
  Question deep_deny(std::uint64_t seed) const;   // an outsider; all ten folders above have to be looked at

 private:
  std::uint64_t users_, groups_, folders_, documents_, trees_, leaves_;

  std::uint64_t viewer_of(std::uint64_t document) const;
  std::uint64_t owner_of(std::uint64_t document) const;
  std::uint64_t folder_of(std::uint64_t document) const;
};

// A number that looks random, the same in every run.
std::uint64_t mix(std::uint64_t n);

}  // namespace allauth::bench
