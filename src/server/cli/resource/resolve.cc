#include "server/cli/resource/resolve.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/client/json.h"
#include "server/cli/resource/request.h"
#include "wire/rest/catalogue.h"

namespace allauth::server::cli {
namespace {

constexpr int kMostPages = 20;

constexpr std::array<Resolver::Kind, 5> kKinds{
    {{"domain", "domain_id", "route", "DomainService.ListDomains", false},
     {"user", "user_id", "email username", "UserService.ListUsers", false},
     {"client", "client_id", "name", "ClientService.ListClients", true},
     {"channel", "channel_id", "route name", "ChannelService.ListChannels", true},
     {"group", "group_id", "name", "GroupService.ListGroups", true}}};

const Resolver::Kind* find_kind(std::string_view name) {
  const auto at = std::ranges::find(kKinds, name, &Resolver::Kind::name);
  return at == kKinds.end() ? nullptr : &*at;
}

// E-mail addresses are the same whatever the case of their letters.
bool is_called(const Json& thing, std::string_view member_name, const std::string& text) {
  const auto name = text_member(thing, member_name);
  return member_name == "email" ? ascii_lower(name) == ascii_lower(text) : name == text;
}

bool is_refusal(const Error& error) {
  return error.reason == Reason("server.refused") && error.code != Code::unauthenticated &&
         error.code != Code::unavailable;
}

}  // namespace

std::string_view kind_of_field(std::string_view field) {
  if (field == "parent_id") return "group";
  if (field == "owner_id") return "user";
  const auto at = std::ranges::find(kKinds, field, &Resolver::Kind::field);
  return at == kKinds.end() ? std::string_view() : at->name;
}

bool is_made_id(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !hex) return false;
  }
  return true;
}

void Resolver::look_in(std::string domain) {
  domain_ = std::move(domain);
  domain_is_id_ = false;
}

Result<std::string> Resolver::domain() {
  if (domain_.empty() || domain_is_id_) return domain_;
  TRY(domain_, id_of("domain", domain_));
  domain_is_id_ = true;
  return domain_;
}

Result<std::string> Resolver::id_of(std::string_view kind, const std::string& text) {
  const auto* known = find_kind(kind);
  if (known == nullptr || text.empty() || text == "me" || is_made_id(text)) return text;
  if (text.find('@') == std::string::npos) {  // ids of one's own win over names
    TRY(const bool id, is_id(kind, text));
    if (id) return text;
  }
  for (const auto name : split(known->names, ' ')) {
    TRY(auto found, find(*known, name, text));
    if (!found.empty()) return found;
  }
  return text;
}

Result<bool> Resolver::is_id(std::string_view kind, const std::string& text) {
  const auto answer = connection_.call("GET", fmt::format("/api/v1/{}s/{}", kind, percent_encoded(text)));
  if (answer) return true;
  if (is_refusal(answer.error())) return false;
  return fail(answer.error());
}

Result<std::string> Resolver::list_path(const Kind& kind) {
  if (!kind.in_domain) return fmt::format("/api/v1/{}s", kind.name);
  TRY(const auto in, domain());
  return in.empty() ? std::string() : fmt::format("/api/v1/domains/{}/{}s", percent_encoded(in), kind.name);
}

// With a filter of the list where it has one; else by looking at the list itself.
Result<std::string> Resolver::find(const Kind& kind, std::string_view member_name, const std::string& text) {
  TRY(auto list, list_path(kind));
  if (list.empty()) return list;
  const auto* method = wire::find_rest_method(kind.list_method);
  const bool filters = method != nullptr && method->find(member_name) != nullptr;
  std::string next = filters ? fmt::format("&{}={}", member_name, percent_encoded(text)) : std::string();
  std::vector<std::string> ids;
  for (int pages = 0; pages < kMostPages; ++pages) {
    const auto answer = connection_.call("GET", fmt::format("{}?page_size=1000{}", list, next));
    // Who may not list, or asks for what can be no name, gets no help here.
    if (!answer && is_refusal(answer.error())) return std::string();
    if (!answer) return fail(answer.error());
    TRY(const auto page, parse_json(*answer));
    const auto* things = member(page, fmt::format("{}s", kind.name));
    if (things == nullptr || !things->is_array()) break;
    for (const auto& thing : things->as_array())
      if (is_called(thing, member_name, text)) ids.push_back(text_member(thing, "id"));
    next = text_member(page, "next_page_token");
    if (filters || next.empty()) break;
    next = "&page_token=" + percent_encoded(next);
  }
  if (ids.size() < 2) return ids.empty() ? std::string() : ids[0];
  return fail(
      Code::invalid, "usage",
      fmt::format(
          "Several {}s are called {}: say which by its id ({}).", kind.name, text,
          fmt::join(ids.begin(),
                    ids.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(3, ids.size())), ", ")));
}

}  // namespace allauth::server::cli
