#include "server/config/mounts.h"

#include "base/text.h"

namespace allauth::server {
namespace {

constexpr std::size_t kLongestPrefix = 256;

bool is_segment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~").contains(c);
  });
}

bool is_prefix(std::string_view at) {
  if (at == "/") return true;
  if (!at.starts_with('/') || at.size() > kLongestPrefix) return false;
  return std::ranges::all_of(split(at.substr(1), '/'), is_segment);
}

bool is_below(std::string_view path, std::string_view prefix) {
  return prefix != "/" && path.starts_with(prefix) &&
         (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

Result<void> check_mounts(const std::vector<MountConfig>& mounts, const std::string& at) {
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const auto& prefix = mounts[i].at;
    if (!is_prefix(prefix))
      return fail(
          Code::invalid, "config.value",
          fmt::format("{}.mounts.{}.at: expected a path such as / or /supermq, not \"{}\"", at, i, prefix));
    for (std::size_t j = 0; j < mounts.size(); ++j)
      if (j != i && (mounts[j].at == prefix || is_below(prefix, mounts[j].at)))
        return fail(Code::invalid, "config.conflict",
                    fmt::format("{0}.mounts.{1}.at: {2} lies within {3}, which {0}.mounts.{4} has", at, i,
                                prefix, mounts[j].at, j));
  }
  return {};
}

}  // namespace allauth::server
