// Names that people know -> the ids that the API takes.
#pragma once

#include <string>
#include <string_view>

#include "server/cli/client/connection.h"

namespace allauth::server::cli {

// Domains by route, users by e-mail address or user name, channels by route, channels, clients and groups by
// name; the latter three in one domain. What is an id already is taken as it is, and so is what nothing is
// called: the server says what is wrong with it.
class Resolver {
 public:
  struct Kind {
    std::string_view name;
    std::string_view field;        // of requests
    std::string_view names;        // the members that people know it by, in this order
    std::string_view list_method;  // which may filter by them
    bool in_domain;
  };

  // `domain`: as typed or from the profile; may be empty. The connection must outlive the resolver.
  Resolver(Connection& connection, std::string domain)
      : connection_(connection), domain_(std::move(domain)) {}

  // `kind`: "domain", "user", "client", "channel" or "group"; of others the text is the id. Errors: usage
  // where several are called so; those of a call.
  Result<std::string> id_of(std::string_view kind, const std::string& text);

  // From now on in this domain, by id or route.
  void look_in(std::string domain);
  // The domain's id; empty if none is known.
  Result<std::string> domain();

 private:
  Result<bool> is_id(std::string_view kind, const std::string& text);
  Result<std::string> find(const Kind& kind, std::string_view member_name, const std::string& text);
  Result<std::string> list_path(const Kind& kind);

  Connection& connection_;
  std::string domain_;
  bool domain_is_id_ = false;
};

// The kind of thing whose id a field holds: "domain" of "domain_id"; empty for other fields.
std::string_view kind_of_field(std::string_view field);

// Ids as the server makes them: 8-4-4-4-12 hexadecimal digits.
bool is_made_id(std::string_view text);

}  // namespace allauth::server::cli
