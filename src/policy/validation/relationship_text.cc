#include "policy/validation/relationship_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/graph.h"
#include "policy/schema/names.h"

namespace allauth::policy {
namespace {

std::unexpected<Error> invalid(std::string_view text, std::string_view why) {
  return fail(Code::invalid, "relationship.invalid",
              fmt::format("`{}`: {}.", text.size() > 200 ? "…" : text, why));
}

bool is_id_character(char c) {
  constexpr std::string_view kOthers = "/_|-=+";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

bool is_id(std::string_view id) {
  if (id == "*") return true;
  return !id.empty() && id.size() <= kMaxObjectId && std::all_of(id.begin(), id.end(), is_id_character);
}

// From left to right; what was taken is gone.
class Reader {
 public:
  explicit Reader(std::string_view text) : whole_(text), rest_(text) {}

  Result<RelationshipText> relationship() {
    RelationshipText read;
    TRY(read.resource, object("#"));
    if (read.resource.id == "*") return invalid(whole_, "a relationship needs one resource, not `*`");
    TRY(expect('#'));
    TRY(read.relation, name("@"));
    TRY(expect('@'));
    TRY(read.subject, subject());
    if (rest_.starts_with("[") && !rest_.starts_with("[expiration:")) TRY(caveat(read));
    if (rest_.starts_with("[")) {
      TRY(read.expiration, expiration());
    }
    TRY(end());
    return read;
  }

  Result<SubjectText> only_subject() {
    TRY(SubjectText read, subject());
    TRY(end());
    return read;
  }

 private:
  Result<ObjectText> object(std::string_view ends) {
    ObjectText read{.kind = std::string(until(":")), .id = {}};
    if (!is_path(read.kind)) return invalid(whole_, "a kind is missing, as in `kind:id`");
    TRY(expect(':'));
    read.id = until(ends);
    if (!is_id(read.id)) return invalid(whole_, "an id has 1 to 1024 of A-Z a-z 0-9 / _ | - = +, or is `*`");
    return read;
  }

  Result<SubjectText> subject() {
    SubjectText read;
    TRY(read.object, object("#["));
    if (!rest_.starts_with("#")) return read;
    TRY(expect('#'));
    if (rest_.starts_with("...")) {
      rest_.remove_prefix(3);
      return read;
    }
    if (read.object.id == "*") return invalid(whole_, "`*` stands for single subjects, without a relation");
    TRY(read.relation, name("["));
    return read;
  }

  Result<std::string> name(std::string_view ends) {
    const std::string_view name = until(ends);
    if (!is_name(name)) return invalid(whole_, "a relation is missing, as in `#viewer`");
    return std::string(name);
  }

  // [name] or [name:{…}]
  Result<void> caveat(RelationshipText& read) {
    TRY(expect('['));
    read.caveat = until(":]");
    if (!is_path(read.caveat)) return invalid(whole_, "there is no name of a caveat in `[]`");
    if (rest_.starts_with(":")) {
      rest_.remove_prefix(1);
      const std::size_t size = json_object(rest_);
      if (size == 0) return invalid(whole_, "a caveat is told a JSON object");
      read.context = rest_.substr(0, size);
      rest_.remove_prefix(size);
    }
    return expect(']');
  }

  // How long the JSON object at the beginning is, by its braces; 0: there is none.
  static std::size_t json_object(std::string_view text) {
    std::size_t open = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '"') quoted = !quoted;
      if (quoted && text[i] == '\\') ++i;
      if (quoted) continue;
      if (text[i] == '{') ++open;
      if (open == 0) return 0;
      if (text[i] == '}' && --open == 0) return i + 1;
    }
    return 0;
  }

  Result<std::string> expiration() {
    rest_.remove_prefix(1);
    if (!rest_.starts_with("expiration:")) return invalid(whole_, "`[expiration:…]` comes last");
    rest_.remove_prefix(std::string_view("expiration:").size());
    const std::string_view time = until("]");
    const bool fits = time.size() >= 20 && time.size() <= 40 &&
                      time.find_first_not_of("0123456789-:.+TZ") == std::string_view::npos;
    if (!fits) return invalid(whole_, "an expiration is a time such as 2026-01-01T00:00:00Z");
    TRY(expect(']'));
    return std::string(time);
  }

  Result<void> end() {
    if (!rest_.empty()) return invalid(whole_, "there is more than one relationship, or something behind it");
    return {};
  }
  Result<void> expect(char c) {
    if (!rest_.starts_with(c)) return invalid(whole_, fmt::format("`{}` is missing", c));
    rest_.remove_prefix(1);
    return {};
  }
  std::string_view until(std::string_view ends) {
    const std::string_view part = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(part.size());
    return part;
  }

  std::string_view whole_;
  std::string_view rest_;
};

}  // namespace

Result<RelationshipText> parse_relationship(std::string_view text) { return Reader(text).relationship(); }

Result<SubjectText> parse_subject_text(std::string_view text) { return Reader(text).only_subject(); }

}  // namespace allauth::policy
