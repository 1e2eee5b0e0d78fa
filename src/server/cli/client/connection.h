// A server, and as whom it is asked: by a client's key, a token that is given, or the login of a profile,
// which is renewed by itself when it has expired.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/cli/client/profiles.h"
#include "server/cli/table/command.h"
#include "server/outbound/http_client.h"

namespace allauth::server::cli {

class Connection {
 public:
  // From --profile, --server, --ca, --token-file, --as-client and --key-file, the variables beside them and
  // the profiles. Being logged in nowhere is no error yet. Errors: usage; those of the files.
  static Result<Connection> open(const Options& options);

  // One request; the answer's body. `body` is JSON or empty; `if_match` as in call_api. Errors:
  // server.refused, with the server's words, its reason and the request's id in the detail;
  // server.unreachable; login.needed.
  Result<std::string> call(std::string_view method, std::string_view path, std::string_view body = {},
                           std::string_view if_match = {});

  // The same for what needs no credential, and sends none.
  Result<std::string> call_as_nobody(std::string_view method, std::string_view path,
                                     std::string_view body = {});

  // Reads an endless answer (read_stream in http_client.h), under a token that is good at its start.
  Result<void> stream(std::string_view path, const StreamWatch& watch);

  // The token itself, good now. Error: login.needed, and those of renewing.
  Result<Secret> token();

  const std::string& server() const { return target_.server; }
  const std::string& profile_name() const { return profile_name_; }
  const Profile& profile() const { return profile_; }
  // Those that commands use by themselves; nothing if other credentials are used, or nobody is logged in.
  const std::optional<Tokens>& tokens() const { return tokens_; }

 private:
  Connection() = default;
  Result<void> choose_credential(const Options& options);
  Result<void> use_tokens();
  Result<void> renew_if_expired();
  Result<void> renew();
  Result<Tokens> exchange(const Tokens& old);

  std::string profile_name_;
  Profile profile_;
  ApiTarget target_;
  std::optional<Tokens> tokens_;
  bool has_credential_ = false;
};

// The bearer token that these options mean, for who calls a server in another way: renewed if it had expired,
// empty if there is none. Errors: those of open() and of renewing.
Result<Secret> find_token(const Options& options);

// An answer above 299 as an Error with the server's own words.
Result<void> require_success(const ApiAnswer& answer);

// The tokens of a session that was just opened or renewed, as the API answers it. Error: server.answer.
Result<Tokens> tokens_of(std::string_view session, const std::string& server);

}  // namespace allauth::server::cli
