#include "server/cli/resource/fields.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace allauth::server::cli {
namespace {

using Type = wire::RequestField::Type;

struct Wording {
  std::string_view field;
  std::string_view option;
  std::string_view metavar;
  std::string_view help;     // of what makes or changes something
  std::string_view filters;  // of what lists; empty: the same
};

constexpr auto kWordings = std::to_array<Wording>({
    {"domain_id", "domain", "DOMAIN",
     "the domain, by id or route; else the profile's (`allauth profile set domain`)", ""},
    {"user_id", "user", "USER", "the user, by id or e-mail address", ""},
    {"client_id", "id", "ID", "an id of your own; else one is made", ""},
    {"channel_id", "channel", "CHANNEL", "the channel, by id or route", ""},
    {"group_id", "group", "GROUP", "the group to put it in; '' for none", "only what lies in this group"},
    {"parent_id", "parent", "GROUP", "the group to put it in; '' for the top of the domain", ""},
    {"owner_id", "owner", "USER", "whom to ask about it; grants nothing", ""},
    {"role_id", "role", "ROLE", "the role, by id", ""},
    {"session_id", "session", "SESSION", "the session, or \"current\"", ""},
    {"key_id", "key", "KEY", "the key, by id", ""},
    {"token_id", "token", "TOKEN", "the token, by id", ""},
    {"type", "type", "TYPE", "personal or api_key", "only those that are personal, or an api_key"},
    {"scopes", "scope", "JSON",
     R"({"kind":"client","operation":"read","domain_id":"ID","object_id":"ID"}; again for more)", ""},
    {"expires_in", "expires-in", "SECONDS", "how long it lives; else as long as can be", ""},
    {"name", "name", "NAME", "the name to show", "only those of exactly this name"},
    {"name_contains", "name-contains", "TEXT", "", "only those with this in their name"},
    {"route", "route", "ROUTE", "the name in MQTT topics", "only that of this route"},
    {"topics", "topic", "FILTER", "topics of its own, such as plants/+/temp/#; again for more, '' for none",
     ""},
    {"max_qos", "max-qos", "QOS", "the highest QoS of messages in it: 0, 1, or 2 for no limit", ""},
    {"email", "email", "EMAIL", "the e-mail address, to sign in with", "only that of this e-mail address"},
    {"username", "username", "NAME", "another name to sign in with", "only that of this user name"},
    {"email_prefix", "email-prefix", "TEXT", "", "only those whose e-mail address begins so"},
    {"username_prefix", "username-prefix", "TEXT", "", "only those whose user name begins so"},
    {"description", "description", "TEXT", "a few words about it", ""},
    {"tags", "tag", "TAG", "a tag; again for more, '' for none", ""},
    {"tags_all", "tags-all", "TAG", "", "only those with this tag; again for more that they must have, too"},
    {"tags_any", "tags-any", "TAG", "", "only those with this tag; again for others that will do, too"},
    {"metadata", "metadata", "KEY=VALUE", "a text, again for more; or all of it as a JSON object",
     "only those whose metadata have this; again for more, or a JSON object"},
    {"status", "status", "STATUS", "enabled, disabled or frozen",
     "only those that are enabled, or disabled, or frozen"},
    {"created_after", "created-after", "TIME", "",
     "only those made from then on, such as 2026-11-22T05:12:00Z"},
    {"created_before", "created-before", "TIME", "", "only those made before"},
    {"updated_after", "updated-after", "TIME", "", "only those changed from then on"},
    {"updated_before", "updated-before", "TIME", "", "only those changed before"},
    {"order_by", "order-by", "FIELD", "", "such as name, or \"created_at desc\""},
    {"offset", "offset", "N", "", "leave out so many first"},
    {"count", "count", "", "", "say how many there are in all"},
    {"top", "top", "", "", "only those at the top"},
    {"depth", "depth", "N", "so many levels, 1 to 20; else all", ""},
    {"force", "force", "", "with what is in it", ""},
    {"role", "role", "ROLE", "owner, admin or member", "only those with this role"},
    {"actions", "action", "ACTION",
     "such as publish or client_read, or * for all; again, or with commas, for more", ""},
    {"denied_actions", "deny", "ACTION",
     "an action to deny, whatever else allows it; again, or with commas, for more", ""},
    {"grants", "grant", "JSON",
     "one elsewhere: {\"kind\":\"client\",\"object_id\":\"ID\",\"action\":\"read\",\"effect\":\"deny\"}; "
     "again for more",
     ""},
    {"kind", "kind", "KIND", "user or client", "only those of this kind"},
    {"scope_kind", "kind", "KIND", "platform, domain, group, client or channel", ""},
    {"expires_at", "expires-at", "TIME", "until then, such as 2026-12-31T00:00:00Z; else for good", ""},
});

constexpr auto kHidden = std::to_array<std::string_view>({"page_size", "page_token", "password_hash"});

std::string dashed(std::string name) {
  std::ranges::replace(name, '_', '-');
  return name;
}

std::string_view metavar_of_type(Type type) {
  switch (type) {
    case Type::flag:
      return "";
    case Type::number:
      return "N";
    case Type::time:
      return "TIME";
    case Type::object:
    case Type::message:
      return "JSON";
    case Type::text:
    case Type::word:
      break;
  }
  return "TEXT";
}

const Wording* find_wording(const wire::RequestField& field) {
  const auto at = std::ranges::find(kWordings, field.name, &Wording::field);
  return at == kWordings.end() ? nullptr : &*at;
}

}  // namespace

// A field that nobody has worded yet can be used all the same.
Option option_of(const wire::RequestField& field, bool lists) {
  const auto* wording = find_wording(field);
  if (wording == nullptr)
    return {.name = dashed(field.name),
            .metavar = std::string(metavar_of_type(field.type)),
            .help = field.words.empty() ? fmt::format("the field {}", field.name)
                                        : fmt::format("{}", fmt::join(field.words, ", "))};
  const auto help =
      (lists && !wording->filters.empty()) || wording->help.empty() ? wording->filters : wording->help;
  return {.name = std::string(wording->option),
          .metavar = std::string(wording->metavar),
          .help = std::string(help)};
}

std::string metavar_of(const wire::RequestField& field) {
  if (field.name == "client_id") return "CLIENT";
  const auto* wording = find_wording(field);
  return wording != nullptr && !wording->metavar.empty() ? std::string(wording->metavar) : "TEXT";
}

bool is_hidden(const wire::RequestField& field) {
  const bool unworded = field.type == Type::message && find_wording(field) == nullptr;
  return std::ranges::find(kHidden, field.name) != kHidden.end() || unworded;
}

}  // namespace allauth::server::cli
