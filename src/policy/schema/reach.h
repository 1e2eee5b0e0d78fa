// What follows from the plans of a schema as a whole, by least fixpoints. Internal to the schema compiler.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "policy/schema/plan.h"

namespace allauth::policy {

// What a schema may take to compile, whatever the limit of its text: visits, and entries that stay in memory.
class CompileWork {
 public:
  // Visits that one entry counts for: there are 8 million of them at most.
  static constexpr std::uint64_t kEntry = 16;

  void spend(std::uint64_t visits) { spent_ += visits; }
  bool is_too_much() const { return spent_ > kMost; }

 private:
  static constexpr std::uint64_t kMost = 128'000'000;
  std::uint64_t spent_ = 0;
};

// Which kinds of subjects can hold a member at all: for each member a row of `words_of(definitions)` words, a
// bit for each definition. Both stop where it is too much.
std::vector<std::uint64_t> find_reach(std::span<const Member> members, std::span<const Step> steps,
                                      std::size_t definitions, CompileWork& work);
inline std::size_t words_of(std::size_t definitions) { return (definitions + 63) / 64; }

// Sets Member::deniable. Denials come along the ways of grants, but not through usersets, which are facts of
// their own.
void find_deniable(std::span<Member> members, std::span<const Step> steps, CompileWork& work);

}  // namespace allauth::policy
