#include "bench/drive.h"

#include <algorithm>

#include <fmt/format.h>

namespace allauth::bench {
namespace {

// Shares of the relationships: parents of documents 35 %, their owners or viewers 35 %, parents of
// folders 10 %, shares of folders 5 %, members of groups 15 %.
constexpr std::uint64_t kTreeSize = (1u << Drive::kLevels) - 1;
constexpr std::uint64_t kMembers = 15;  // of one group
constexpr std::uint64_t kNested = 5;    // every fifth group contains another one

// Like a UUID, from the kind's letter and a number.
std::string id(char kind, std::uint64_t n) {
  const auto high = mix(n * 251 + static_cast<std::uint64_t>(kind));
  return fmt::format("{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}", high >> 32, high >> 16 & 0xFFFF, high & 0xFFF,
                     n >> 40 & 0xFFF, n << 8 | static_cast<unsigned char>(kind));
}

}  // namespace

std::uint64_t mix(std::uint64_t n) {  // splitmix64
  n += 0x9E3779B97F4A7C15;
  n = (n ^ n >> 30) * 0xBF58476D1CE4E5B9;
  n = (n ^ n >> 27) * 0x94D049BB133111EB;
  return n ^ n >> 31;
}

Drive::Drive(std::uint64_t relationships)
    : users_(relationships / 10),
      groups_(std::max<std::uint64_t>(4, relationships / 100)),
      folders_(0),
      documents_(relationships * 35 / 100),
      trees_(std::max<std::uint64_t>(1, relationships / 10 / kTreeSize)),
      leaves_(1u << (kLevels - 1)) {
  folders_ = trees_ * kTreeSize;
}

// Insiders and the groups with shares have even numbers, the others odd ones.
std::uint64_t Drive::viewer_of(std::uint64_t document) const { return mix(document) % (users_ / 2) * 2; }
std::uint64_t Drive::owner_of(std::uint64_t document) const { return mix(document) % (users_ / 2) * 2 + 1; }

// Folders of a tree are numbered as in a heap, so that the last half of them are its leaves.
std::uint64_t Drive::folder_of(std::uint64_t document) const {
  const auto leaf = mix(~document) % (trees_ * leaves_);
  return leaf / leaves_ * kTreeSize + (leaves_ - 1) + leaf % leaves_;
}

void Drive::each(const std::function<void(const policy::Edge&)>& take) const {
  const auto edge = [&](std::string_view kind, const std::string& object, std::string_view relation,
                        std::string_view subject_kind, const std::string& subject,
                        std::string_view subject_relation = {}) {
    take({{kind, object}, relation, {{subject_kind, subject}, subject_relation}});
  };
  for (std::uint64_t f = 0; f < folders_; ++f) {
    const auto tree = f / kTreeSize * kTreeSize;
    if (f != tree) edge("folder", id('f', f), "parent", "folder", id('f', tree + (f - tree - 1) / 2));
    if (f % 2 == 0)
      edge("folder", id('f', f), "viewer", "group", id('g', mix(f) % (groups_ / 2) * 2), "member");
  }
  for (std::uint64_t d = 0; d < documents_; ++d) {
    edge("document", id('d', d), "parent", "folder", id('f', folder_of(d)));
    if (d % 2 == 0)
      edge("document", id('d', d), "viewer", "user", id('u', viewer_of(d)));
    else
      edge("document", id('d', d), "owner", "user", id('u', owner_of(d)));
  }
  for (std::uint64_t g = 0; g < groups_; ++g) {
    for (std::uint64_t m = 0; m < kMembers; ++m)
      edge("group", id('g', g), "member", "user", id('u', mix(g * kMembers + m) % (users_ / 2) * 2 + g % 2));
    if (g % kNested == 0 && g + 2 < groups_)
      edge("group", id('g', g), "member", "group", id('g', g + 2), "member");
  }
}

Drive::Question Drive::direct_hit(std::uint64_t seed) const {
  const auto document = mix(seed) % (documents_ / 2) * 2;
  return {id('d', document), id('u', viewer_of(document))};
}

Drive::Question Drive::deep_deny(std::uint64_t seed) const {
  const auto document = mix(seed) % (documents_ / 2) * 2;  // those of insiders
  return {id('d', document), id('u', mix(~seed) % (users_ / 2) * 2 + 1)};
}

}  // namespace allauth::bench
