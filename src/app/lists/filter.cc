#include "app/lists/filter.h"

#include <algorithm>
#include <iterator>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/text.h"

namespace allauth::app {
namespace {

namespace json = boost::json;

// As long as a name, an e-mail address or a user name can be.
constexpr std::size_t kMostText = 512;

std::optional<json::value> parse(std::string_view text) {
  boost::system::error_code failure;
  auto value = json::parse(json::string_view(text.data(), text.size()), failure);
  if (failure) return std::nullopt;
  return value;
}

bool contains_object(const json::object& whole, const json::object& part) {
  return std::ranges::all_of(part, [&](const auto& member) {
    const auto* found = whole.if_contains(member.key());
    return found != nullptr && contains(*found, member.value());
  });
}

bool contains_list(const json::array& whole, const json::array& part) {
  return std::ranges::all_of(part, [&](const json::value& wanted) {
    return std::ranges::any_of(whole, [&](const json::value& item) { return contains(item, wanted); });
  });
}

// One after the other such that no two filters have the same text.
void append(std::string& out, std::string_view text) {
  fmt::format_to(std::back_inserter(out), "{}:{};", text.size(), text);
}
void append(std::string& out, const Tags& tags) {
  fmt::format_to(std::back_inserter(out), "{}[", tags.size());
  for (const auto& tag : tags) append(out, tag);
}
void append(std::string& out, const std::optional<Instant>& time) {
  append(out, time ? std::to_string(to_millis(*time)) : std::string());
}

void append(std::string& out, const RelationshipFilter& related) {
  for (const auto* text : {&related.resource_kind, &related.resource_id, &related.resource_id_prefix,
                           &related.relation, &related.subject_kind, &related.subject_id})
    append(out, *text);
  append(out, related.subject_relation ? "#" + *related.subject_relation : std::string());
}

}  // namespace

Result<void> check_filter(const ListFilter& filter) {
  const std::pair<std::string_view, const std::string&> texts[] = {
      {"name", filter.name},         {"name_contains", filter.name_contains},
      {"email", filter.email},       {"email_prefix", filter.email_prefix},
      {"username", filter.username}, {"username_prefix", filter.username_prefix}};
  for (const auto& [member, text] : texts)
    if (text.size() > kMostText || !is_utf8(text) || text.find('\0') != std::string::npos)
      return fail(Code::invalid, "list.filter", "This is UTF-8 text of at most 512 bytes.",
                  std::string(member));
  return {};
}

std::string fingerprint(const ListFilter& filter) {
  std::string out;
  for (const auto* text : {&filter.name, &filter.name_contains, &filter.email, &filter.email_prefix,
                           &filter.username, &filter.username_prefix})
    append(out, *text);
  if (filter.related != RelationshipFilter{}) append(out, filter.related);
  append(out, filter.tags_all);
  append(out, filter.tags_any);
  append(out, filter.metadata ? filter.metadata->json : std::string());
  append(out, filter.status ? std::to_string(static_cast<int>(*filter.status)) : std::string());
  for (const auto* time :
       {&filter.created_after, &filter.created_before, &filter.updated_after, &filter.updated_before})
    append(out, *time);
  return out;
}

Matcher::Matcher(const ListFilter& filter)
    : filter_(filter),
      name_contains_(ascii_lower(filter.name_contains)),
      metadata_(filter.metadata ? parse(filter.metadata->json) : std::nullopt),
      narrowing_(filter != ListFilter{}) {}

bool Matcher::name_fits(std::string_view name) const {
  if (!filter_.name.empty() && name != filter_.name) return false;
  return name_contains_.empty() || ascii_lower(name).find(name_contains_) != std::string::npos;
}

bool Matcher::logins_fit(std::string_view email, std::string_view username) const {
  return (filter_.email.empty() || email == filter_.email) &&
         (filter_.username.empty() || username == filter_.username) &&
         email.starts_with(filter_.email_prefix) && username.starts_with(filter_.username_prefix);
}

bool Matcher::tags_fit(const Tags& tags) const {
  const auto has = [&](const std::string& tag) { return std::ranges::find(tags, tag) != tags.end(); };
  return std::ranges::all_of(filter_.tags_all, has) &&
         (filter_.tags_any.empty() || std::ranges::any_of(filter_.tags_any, has));
}

bool Matcher::times_fit(const Stamp& stamp) const {
  const auto within = [](Instant time, const auto& from, const auto& to) {
    return (!from || time >= *from) && (!to || time < *to);
  };
  return within(stamp.created_at, filter_.created_after, filter_.created_before) &&
         within(stamp.updated_at, filter_.updated_after, filter_.updated_before);
}

bool Matcher::metadata_fits(const Metadata& metadata) const {
  if (!metadata_) return true;
  const auto whole = parse(metadata.json);
  return whole && contains(*whole, *metadata_);
}

bool contains(const json::value& whole, const json::value& part) {
  if (part.is_object()) return whole.is_object() && contains_object(whole.get_object(), part.get_object());
  if (part.is_array()) return whole.is_array() && contains_list(whole.get_array(), part.get_array());
  if (part.is_number()) return whole.is_number() && whole.to_number<double>() == part.to_number<double>();
  return whole == part;
}

}  // namespace allauth::app
