// What an edge says, in 31 bits: its relation and the subject's relation, or that it is a grant with
// an interned action set.
#pragma once

#include <compare>
#include <cstdint>
#include <utility>

namespace allauth::policy {

// A relation or permission name of a schema; the same name in two definitions is the same number.
using NameId = std::uint16_t;
inline constexpr NameId kItself = 0;        // no relation: the subject itself
inline constexpr NameId kMaxName = 0x7FFF;  // names fit 15 bits

class Label {
 public:
  constexpr Label() = default;
  static constexpr Label relation(NameId relation, NameId subject_relation) {
    return Label(std::uint32_t{relation} << 15 | subject_relation);
  }
  // A grant: what the action set allows, or denies. action_set < 2^29.
  static constexpr Label grant(std::uint32_t action_set) { return Label(kGrant | action_set); }
  static constexpr Label denial(std::uint32_t action_set) { return Label(kGrant | kDeny | action_set); }
  static constexpr Label from_bits(std::uint32_t bits) { return Label(bits); }
  // The labels of all grants of an effect lie between these, inclusively.
  static constexpr std::pair<Label, Label> grants() { return {grant(0), grant(kDeny - 1)}; }
  static constexpr std::pair<Label, Label> denials() { return {denial(0), denial(kDeny - 1)}; }

  constexpr bool is_grant() const { return (bits_ & kGrant) != 0; }
  constexpr bool is_denial() const { return is_grant() && (bits_ & kDeny) != 0; }
  // kItself for a grant.
  constexpr NameId relation_name() const {
    return is_grant() ? kItself : static_cast<NameId>(bits_ >> 15 & kMaxName);
  }
  // The relation of the subject, of what is no grant; kItself: the subject itself.
  constexpr NameId held_by() const { return static_cast<NameId>(bits_ & kMaxName); }
  constexpr std::uint32_t action_set() const { return bits_ & (kDeny - 1); }
  constexpr std::uint32_t bits() const { return bits_; }

  friend constexpr auto operator<=>(Label, Label) = default;

 private:
  static constexpr std::uint32_t kGrant = 1u << 30;
  static constexpr std::uint32_t kDeny = 1u << 29;
  explicit constexpr Label(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};

}  // namespace allauth::policy
