// A server of ours with something in it, for one row.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/child.h"
#include "bench/options.h"
#include "bench/socket.h"

namespace allauth::bench {

inline constexpr std::string_view kAdminEmail = "bench@example.org";
inline constexpr std::string_view kAdminPassword = "a long enough passphrase";

struct ServerOptions {
  std::string program;
  std::string data_dir;
  int core = -1;
  std::vector<std::string> settings = {};  // further arguments, "--threads=1"
};

// The program, started with an empty data folder and ready.
struct Server {
  Child process;
  Target api;
  Target operations;
  std::optional<Target> rpc;
  std::optional<Target> gateway;
  std::string setup_token;
};
Result<Server> start_server(const ServerOptions& options);

// The answer to GET /readyz is 200.
bool is_ready(const Server& server);

// Makes the first administrator and signs in. Answers an access token.
Result<std::string> set_up(const Server& server);

// A domain with one channel to which every client may publish and subscribe.
struct Client {
  std::string id;
  std::string key;
};
struct Site {
  std::string token;  // an access token of the domain's owner
  std::string domain;
  std::string channel;
  std::vector<Client> clients;

  // The topic of that number on the channel, by ids, so that nothing is rewritten on the way.
  std::string topic(std::size_t n) const;
};
Result<Site> make_site(const Server& server, std::size_t clients);

}  // namespace allauth::bench
