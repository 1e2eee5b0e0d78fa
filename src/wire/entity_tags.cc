#include "wire/entity_tags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace allauth::wire {
namespace {

// etagc of §8.8.3: visible ASCII but the quote, and anything beyond ASCII.
bool is_tag_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

std::optional<EntityTag> take_tag(std::string_view& in) {
  EntityTag tag;
  if (in.starts_with("W/")) {
    tag.weak = true;
    in.remove_prefix(2);
  }
  if (!in.starts_with('"')) return std::nullopt;
  const auto end = in.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  tag.opaque = in.substr(1, end - 1);
  in.remove_prefix(end + 1);
  if (!std::ranges::all_of(tag.opaque, is_tag_character)) return std::nullopt;
  return tag;
}

// One header's part of the list (§5.6.1); empty elements are nothing.
bool append_tags(std::string_view in, EntityTags& into) {
  for (in = trim(in); !in.empty(); in = trim(in)) {
    if (in.starts_with(',')) {
      in.remove_prefix(1);
      continue;
    }
    auto tag = take_tag(in);
    in = trim(in);
    if (!tag || into.tags.size() == EntityTags::kMost || (!in.empty() && !in.starts_with(','))) return false;
    into.tags.push_back(std::move(*tag));
  }
  return true;
}

}  // namespace

bool EntityTags::match_weakly(std::string_view opaque) const {
  return any || std::ranges::find(tags, opaque, &EntityTag::opaque) != tags.end();
}

Result<std::optional<EntityTags>> read_entity_tags(const http::Headers& headers, std::string_view name,
                                                   Reason reason) {
  EntityTags found;
  std::size_t count = 0;
  bool good = true;
  for (const auto& header : headers) {
    if (!http::same_ignoring_case(header.name, name)) continue;
    ++count;
    if (trim(header.value) == "*")
      found.any = true;
    else
      good = good && append_tags(header.value, found);
  }
  if (count == 0) return std::nullopt;
  const bool alone = found.any ? count == 1 : !found.tags.empty();
  if (good && alone) return found;
  return fail(Code::invalid, reason,
              fmt::format("{} takes entity tags in quotes, at most {}, or *.", name, EntityTags::kMost));
}

}  // namespace allauth::wire
