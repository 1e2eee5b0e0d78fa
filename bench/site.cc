#include "bench/site.h"

#include <fmt/format.h>

#include "bench/http.h"

namespace allauth::bench {
namespace {

constexpr Millis kStartWait{10'000};

// What follows the last space of a line of the banner.
std::string last_word(const std::string& line) { return line.substr(line.find_last_of(' ') + 1); }

// "  API    http://127.0.0.1:1234" and so on, up to the line that ends the banner.
Result<void> read_banner(Server& server) {
  constexpr std::string_view kTokenFlag = "--token ";
  for (;;) {
    TRY(const auto line, server.process.read_line(kStartWait));
    if (line.starts_with("Ctrl-C")) return {};
    if (line.starts_with("  API ")) {
      TRY(server.api, parse_target(last_word(line)));
    } else if (line.starts_with("  Health")) {
      TRY(server.operations, parse_target(last_word(line)));
    } else if (line.starts_with("  gRPC")) {
      TRY(server.rpc, parse_target(last_word(line)));
    } else if (line.starts_with("  MQTT gateway")) {
      TRY(server.gateway, parse_target(last_word(line)));
    } else if (const auto at = line.find(kTokenFlag); at != std::string::npos) {
      const auto begin = at + kTokenFlag.size();
      server.setup_token = line.substr(begin, line.find(' ', begin) - begin);
    }
  }
}

}  // namespace

Result<Server> start_server(const ServerOptions& options) {
  std::vector<std::string> command = {options.program,
                                      "serve",
                                      "--data_dir=" + options.data_dir,
                                      "--listener.0.address=127.0.0.1:0",
                                      "--grpc.0.address=127.0.0.1:0",
                                      "--operations_address=127.0.0.1:0",
                                      "--limits.exempt_loopback=true",
                                      "--log.level=warn"};
  command.insert(command.end(), options.settings.begin(), options.settings.end());
  TRY(auto process, Child::start(command, options.core));
  Server server{.process = std::move(process),
                .api = {},
                .operations = {},
                .rpc = {},
                .gateway = {},
                .setup_token = {}};
  TRY(read_banner(server));
  return server;
}

bool is_ready(const Server& server) { return call(server.operations, "GET", "/readyz", "", "").has_value(); }

Result<std::string> set_up(const Server& server) {
  TRY(call(server.api, "POST", "/api/v1/setup", "",
           fmt::format(R"({{"setup_token":"{}","email":"{}","name":"Bench","password":"{}"}})",
                       server.setup_token, kAdminEmail, kAdminPassword)));
  TRY(const auto session,
      call(server.api, "POST", "/api/v1/sessions", "",
           fmt::format(R"({{"login":"{}","password":"{}"}})", kAdminEmail, kAdminPassword)));
  return text_at(session, "access_token");
}

std::string Site::topic(std::size_t n) const { return fmt::format("m/{}/c/{}/t{}", domain, channel, n); }

Result<Site> make_site(const Server& server, std::size_t clients) {
  Site site;
  TRY(site.token, set_up(server));
  const auto post = [&](const std::string& path, const std::string& body) {
    return call(server.api, "POST", path, site.token, body);
  };
  TRY(const auto domain, post("/api/v1/domains", R"({"name":"Bench"})"));
  TRY(site.domain, text_at(domain, "id"));
  TRY(const auto channel, post(fmt::format("/api/v1/domains/{}/channels", site.domain), R"({"name":"ch"})"));
  TRY(site.channel, text_at(channel, "id"));
  for (std::size_t i = 0; i < clients; ++i) {
    TRY(const auto made, post(fmt::format("/api/v1/domains/{}/clients", site.domain),
                              fmt::format(R"({{"name":"client {}"}})", i)));
    Client client;
    TRY(client.id, text_at(made, "client.id"));
    TRY(client.key, text_at(made, "key"));
    TRY(post(fmt::format("/api/v1/channels/{}/connections", site.channel),
             fmt::format(R"({{"client_id":"{}","actions":["publish","subscribe"]}})", client.id)));
    site.clients.push_back(std::move(client));
  }
  return site;
}

}  // namespace allauth::bench
