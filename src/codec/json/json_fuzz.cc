// Any text under any rules: a value or an error; what is read can be written, and is then read as the same.
#include <cstdlib>

#include "codec/json/read.h"
#include "codec/json/write.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace allauth::json;
  if (size == 0) return 0;
  const unsigned bits = data[0];
  const ReadRules rules{.names = (bits & 1) != 0 ? Names::folded : Names::exact,
                        .twice = (bits & 2) != 0 ? Twice::last_wins : Twice::refused,
                        .unknown = (bits & 4) != 0 ? Unknown::ignored : Unknown::refused,
                        .null = (bits & 8) != 0 ? Null::absent : Null::refused,
                        .rest = (bits & 16) != 0 ? Rest::ignored : Rest::refused,
                        .trailing_commas = (bits & 32) != 0,
                        .numbers_as_text = (bits & 64) != 0,
                        .bytes = 4096,
                        .depth = 8};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto value = read(text, rules);
  if (!value) return 0;
  if (auto fields = Fields::of(*value, rules)) {
    (void)fields->text("name");
    (void)fields->integer("n");
    (void)fields->number("x");
    (void)fields->done();
  }
  for (const auto escapes : {Escapes::least, Escapes::html, Escapes::ascii}) {
    const std::string written = write(*value, {.escapes = escapes});
    const auto again = read(written, {.bytes = written.size(), .depth = 8});
    if (!again || write(*again, {.escapes = escapes}) != written) std::abort();
  }
  return 0;
}
