#include "policy/validation/expected_text.h"

#include <functional>

namespace allauth::policy {
namespace {

std::unexpected<Error> invalid(std::string message) {
  return fail(Code::invalid, "validation.syntax", std::move(message));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Each piece of `text` between the separators, without the blanks around it.
Result<void> each_piece(std::string_view text, char separator,
                        const std::function<Result<void>(std::string_view)>& f) {
  while (true) {
    const std::size_t end = text.find(separator);
    TRY(f(trimmed(text.substr(0, end))));
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
}

// user:ann or user:ann[...]
Result<ExpectedText::Exception> parse_subject(std::string_view text) {
  constexpr std::string_view kCaveated = "[...]";
  const bool caveated = text.ends_with(kCaveated);
  if (caveated) text.remove_suffix(kCaveated.size());
  TRY(SubjectText subject, parse_subject_text(text));
  return ExpectedText::Exception{std::move(subject), caveated};
}

// user:bob, user:eve[...]
Result<std::vector<ExpectedText::Exception>> parse_exceptions(std::string_view list) {
  std::vector<ExpectedText::Exception> exceptions;
  TRY(each_piece(list, ',', [&](std::string_view piece) -> Result<void> {
    TRY(auto exception, parse_subject(piece));
    exceptions.push_back(std::move(exception));
    return {};
  }));
  return exceptions;
}

// <doc:plan#viewer>/<doc:plan#editor>
Result<std::vector<SubjectText>> parse_through(std::string_view list) {
  std::vector<SubjectText> through;
  TRY(each_piece(list, '>', [&](std::string_view piece) -> Result<void> {
    if (piece.empty()) return {};  // behind the last one
    if (!through.empty() && piece.starts_with("/")) piece.remove_prefix(1);
    if (!piece.starts_with("<")) return invalid("a `<` is missing");
    TRY(SubjectText relation, parse_subject_text(piece.substr(1)));
    through.push_back(std::move(relation));
    return {};
  }));
  if (through.empty()) return invalid("a `<` is missing");
  return through;
}

}  // namespace

Result<ExpectedText> parse_expected(std::string_view text) {
  text = trimmed(text);
  constexpr std::string_view kIs = "] is ";
  const std::size_t is = text.find(kIs);
  if (!text.starts_with("[") || is == std::string_view::npos)
    return invalid("expected something like `[user:ann] is <doc:plan#viewer>`");
  std::string_view who = text.substr(1, is - 1);

  ExpectedText expected;
  if (const std::size_t minus = who.find(" - {"); minus != std::string_view::npos) {
    if (!who.ends_with("}")) return invalid("a `}` is missing");
    TRY(expected.exceptions, parse_exceptions(who.substr(minus + 4, who.size() - minus - 5)));
    who = trimmed(who.substr(0, minus));
  }
  TRY(auto subject, parse_subject(who));
  expected.subject = std::move(subject.subject);
  expected.caveated = subject.caveated;
  TRY(expected.through, parse_through(text.substr(is + kIs.size())));
  return expected;
}

}  // namespace allauth::policy
