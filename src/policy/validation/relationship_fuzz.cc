// Any bytes as a relationship: an error, or one that says the same when it is written and read again.
#include <cstdlib>

#include <fmt/format.h>

#include "policy/validation/relationship_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allauth::policy;
  const auto read = parse_relationship({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  std::string text = fmt::format("{}:{}#{}@{}:{}", read->resource.kind, read->resource.id, read->relation,
                                 read->subject.object.kind, read->subject.object.id);
  if (!read->subject.relation.empty()) text += "#" + read->subject.relation;
  if (!read->caveat.empty())
    text += "[" + read->caveat + (read->context.empty() ? "]" : ":" + read->context + "]");
  if (!read->expiration.empty()) text += "[expiration:" + read->expiration + "]";
  const auto again = parse_relationship(text);
  if (!again || again->subject != read->subject || again->context != read->context) std::abort();
  return 0;
}
