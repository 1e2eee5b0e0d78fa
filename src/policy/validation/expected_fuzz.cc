// Any bytes as somebody who is expected to hold something: an error, or one that says the same when it is
// written and read again.
#include <cstdlib>

#include "policy/validation/expected_text.h"
#include "policy/validation/holders.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allauth::policy;
  const auto read = parse_expected({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  Holder holder{.subject = to_text(read->subject.ref()) + (read->caveated ? "[...]" : "")};
  for (const auto& one : read->exceptions)
    holder.exceptions.insert(to_text(one.subject.ref()) + (one.caveated ? "[...]" : ""));
  for (const SubjectText& relation : read->through) holder.through.insert(to_text(relation.ref()));
  const auto again = parse_expected(to_expected_text(holder));
  if (!again || again->subject != read->subject || again->caveated != read->caveated ||
      again->exceptions.size() != holder.exceptions.size() || again->through.size() != holder.through.size())
    std::abort();
  return 0;
}
