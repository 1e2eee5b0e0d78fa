// The answer of the engine. Only the engine can make one, so whoever holds a Decision (a Permit, an
// audit row) knows that a check took place.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace allauth::policy {

// Which relation or permission of which definition decided. Comparable within one schema;
// CompiledSchema::rule_name() gives "channel#publisher", "restricted", "deny" or "closed".
struct RuleId {
  std::uint32_t value = 0;

  friend bool operator==(RuleId, RuleId) = default;
};

// The credential's own limits denied, whatever its owner may do.
inline constexpr RuleId kRestrictedRule{0};
// A role of the subject has a grant that denies.
inline constexpr RuleId kDenyRule{~std::uint32_t{0}};
// It would be allowed, but the object lies in one that is closed, and the subject is not among those who may
// enter it all the same (decision 038).
inline constexpr RuleId kClosedRule{~std::uint32_t{0} - 1};

class Decision {
 public:
  static constexpr std::size_t kMaxEvidence = 4;

  bool allowed() const { return allowed_; }

  // Allowed: the relation that held the subject, or the permission whose `&`, `-` or `all` came true.
  // Denied: the permission asked for, kRestrictedRule, kDenyRule or kClosedRule.
  RuleId rule() const { return rule_; }

  // Allowed: the objects on the way from the one asked about to the subject, which is left out; at
  // most four, the last ones if there were more, and none that only guests of the question name. Denied by
  // kDenyRule: on the way to the role that is denied it, likewise; by kClosedRule: what is closed; else none.
  // Graph::name() of the graph that was checked, or of a later one, names them.
  std::span<const std::uint32_t> evidence() const { return {evidence_.data(), evidence_count_}; }

  // The revision of the graph, as the caller gave it.
  std::uint64_t revision() const { return revision_; }

 private:
  friend class Engine;
  Decision(bool allowed, RuleId rule, std::uint64_t revision)
      : revision_(revision), rule_(rule), allowed_(allowed) {}

  std::uint64_t revision_;
  std::array<std::uint32_t, kMaxEvidence> evidence_{};
  RuleId rule_;
  std::uint8_t evidence_count_ = 0;
  bool allowed_;
};

}  // namespace allauth::policy
