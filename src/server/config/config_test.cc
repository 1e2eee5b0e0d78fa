#include <gtest/gtest.h>

#include "server/config/address.h"
#include "server/config/keys.h"
#include "server/config/load.h"
#include "server/config/roles.h"
#include "server/config/values.h"

namespace allauth::server {
namespace {

Result<LoadedConfig> load(std::string toml, std::map<std::string, std::string> variables = {},
                          std::vector<std::pair<std::string, std::string>> flags = {}) {
  return load_config({"allauth.toml", std::move(toml), std::move(variables), std::move(flags)});
}

TEST(Configuration, TakesTheStrongestSource) {
  const auto loaded = load("[tokens]\nissuer = 'file'\naudience = 'file'\naccess_lifetime = '90s'\n",
                           {{"ALLAUTH_TOKENS_ISSUER", "variable"}, {"ALLAUTH_TOKENS_AUDIENCE", "variable"}},
                           {{"tokens.issuer", "flag"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->config.tokens.issuer, "flag");
  EXPECT_EQ(loaded->config.tokens.audience, "variable");
  EXPECT_EQ(loaded->config.tokens.access_lifetime, Seconds(90));
  EXPECT_EQ(loaded->config.data_dir, "data");
  EXPECT_EQ(loaded->config.listeners.size(), 1u);
}

TEST(Configuration, ReadsLists) {
  const auto loaded = load("[[gateway]]\naddress='127.0.0.1:1883'\nupstream.address='broker:1883'\n",
                           {{"ALLAUTH_GATEWAY_0_UPSTREAM_TLS", "true"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->config.gateways.size(), 1u);
  EXPECT_EQ(loaded->config.gateways[0].upstream.address, "broker:1883");
  EXPECT_TRUE(loaded->config.gateways[0].upstream.tls);
}

TEST(Configuration, ReadsListsWithinLists) {
  const auto loaded =
      load("[[listener]]\nmounts = [{at = '/', face = 'native'}, {at = '/toy', face = 'toy'}]\n",
           {{"ALLAUTH_LISTENER_1_MOUNTS_1_AT", "/b"}, {"ALLAUTH_LISTENER_1_MOUNTS_1_FACE", "b"}},
           {{"listener.0.mounts.1.at", "/other"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->config.listeners.size(), 2u);
  const auto& mounts = loaded->config.listeners[0].mounts;
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[1].at, "/other");
  EXPECT_EQ(mounts[1].face, "toy");
  EXPECT_EQ(loaded->config.listeners[1].mounts[0].face, "native");
  EXPECT_EQ(loaded->config.listeners[1].mounts[1].face, "b");
  EXPECT_EQ(loaded->origin.at("listener.1.mounts.1.at"), "ALLAUTH_LISTENER_1_MOUNTS_1_AT");
}

TEST(Configuration, MountsTheNativeFaceUnlessSaidOtherwise) {
  const auto loaded = load("");
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->config.listeners[0].mounts.size(), 1u);
  EXPECT_EQ(loaded->config.listeners[0].mounts[0].at, "/");
  EXPECT_EQ(loaded->config.listeners[0].mounts[0].face, "native");
}

TEST(Configuration, TakesAListOfWordsEitherWay) {
  for (const auto* list : {"['10.0.0.0/8', 'loopback']", "'10.0.0.0/8,loopback'"}) {
    const auto loaded = load(fmt::format("[[listener]]\ntrusted_callers = {}\n", list));
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->config.listeners[0].trusted_callers, "10.0.0.0/8,loopback");
    EXPECT_EQ(loaded->config.listeners[0].trusted_proxies, "");
  }
}

TEST(Configuration, RefusesMountsThatAreNoneOrOverlap) {
  for (const auto* at : {"", "x", "/x/", "//x", "/x//y", "/./x", "/x/..", "/%2e", "/a b", "/a?b", "/a#b"}) {
    const auto loaded = load(fmt::format("[[listener]]\nmounts = [{{at = '{}'}}]", at));
    ASSERT_FALSE(loaded) << at;
    EXPECT_EQ(loaded.error().message,
              fmt::format("listener.0.mounts.0.at: expected a path such as / or /supermq, not \"{}\"", at));
  }
  for (const auto* pair :
       {"{at='/'},{at='/'}", "{at='/a'},{at='/a'}", "{at='/a'},{at='/a/b'}", "{at='/a/b/c'},{at='/a'}"})
    EXPECT_EQ(load(fmt::format("[[listener]]\nmounts = [{}]", pair)).error().reason,
              Reason("config.conflict"))
        << pair;
  EXPECT_TRUE(load("[[listener]]\nmounts = [{at='/a'},{at='/ab'},{at='/'},{at='/b/a'}]"));
}

TEST(Configuration, RefusesWhatItDoesNotKnowAndSaysWhatWasMeant) {
  struct Case {
    std::string toml, reason, message;
  };
  for (const auto& c : std::vector<Case>{
           {"tokens.isuer = 'x'", "config.unknown",
            "tokens.isuer is not a configuration key; did you mean tokens.issuer?"},
           {"threads = 'many'", "config.value", "threads (allauth.toml): expected a whole number"},
           {"threads = 1000", "config.range", "threads must be 0 to 256"},
           {"store.log_retention = '9s'", "config.range", "store.log_retention must be 10s to 36500d"},
           {"store.log_retention = '36501d'", "config.range", "store.log_retention must be 10s to 36500d"},
           {"store.log_retention = '30d'\nstore.audit_retention = '29d'", "config.range",
            "store.audit_retention must be at least store.log_retention, and at most 36500d"},
           {"log.level = 'loud'", "config.value",
            "log.level (allauth.toml): expected debug or info or warn or error"},
           {"[[gateway]]\naddress='a:1'", "config.missing",
            "gateway.0.upstream.address is missing: which broker is behind it?"},
           {"[[listener]]\nmounts = [{path = '/'}]", "config.unknown",
            "listener.0.mounts.0.path is not a configuration key; did you mean listener.0.mounts.0.at?"},
           {"[[listener]]\ntrusted_proxies = '10.0.0.0/8, elsewhere'", "config.value",
            "listener.0.trusted_proxies: expected networks such as 10.0.0.0/8 or fd00::/8 (no bits set "
            "behind the "
            "prefix), loopback or unix, not \"elsewhere\""},
           {"[[listener]]\ntls.certificate='a'", "config.missing",
            "listener.0.tls.key is missing: TLS needs both a certificate and its key"},
           {"drain_timeout = '5 minutes'", "config.value",
            "drain_timeout (allauth.toml): expected a duration such as 500ms, 30s, 5m, 1h30m or 7d"}}) {
    const auto loaded = load(c.toml);
    ASSERT_FALSE(loaded) << c.toml;
    EXPECT_EQ(loaded.error().reason.slug(), c.reason);
    EXPECT_EQ(loaded.error().message, c.message);
  }
  EXPECT_EQ(load("a = [").error().reason.slug(), "config.syntax");
  EXPECT_EQ(load("", {{"ALLAUTH_LOG_LEVLE", "info"}}).error().message,
            "ALLAUTH_LOG_LEVLE is not a configuration key; did you mean ALLAUTH_LOG_LEVEL?");
}

TEST(Configuration, PrintsWhatItWouldReadAgain) {
  const auto first = load(
      "data_dir = 'a \"b\"'\n[[gateway]]\naddress='127.0.0.1:1'\nupstream.address='h:2'\n"
      "[[listener]]\nmounts = [{at='/'}, {at='/a'}]\n[[listener]]\ntrusted_callers = 'unix'\n");
  ASSERT_TRUE(first);
  const auto text = print_config(*first);
  const auto second = load(text);
  ASSERT_TRUE(second) << second.error().message << text;
  EXPECT_EQ(second->config.data_dir, "a \"b\"");
  for (const auto& key : all_keys())
    for (const auto i : places(first->config, key))
      EXPECT_EQ(key.get(first->config, i), key.get(second->config, i)) << key.path;
}

TEST(Configuration, ListensForGrpcOnApiNodesUnlessSaidOtherwise) {
  const auto usual = load("");
  ASSERT_TRUE(usual) << usual.error().message;
  ASSERT_EQ(usual->config.grpc.size(), 1u);
  EXPECT_EQ(usual->config.grpc[0].address, "127.0.0.1:8181");
  EXPECT_EQ(usual->config.grpc[0].faces, "native");
  EXPECT_FALSE(usual->config.grpc[0].is_off());
  const auto off = load("[[grpc]]\naddress = 'off'\n");
  ASSERT_TRUE(off) << off.error().message;
  EXPECT_TRUE(off->config.grpc.at(0).is_off());
  for (const auto* bad : {"address = 'of'", "max_message = 1", "max_streams = 0", "max_call_time = '1ms'"})
    EXPECT_FALSE(load(fmt::format("[[grpc]]\n{}\n", bad))) << bad;
  EXPECT_EQ(load("[[grpc]]\ntls.key = 'k'").error().reason, Reason("config.missing"));
  EXPECT_EQ(load("[[grpc]]\ntrusted_callers = 'x'").error().reason, Reason("config.value"));
}

TEST(Configuration, NeverShowsThePasswordOfTheDatabase) {
  const auto loaded = load("store.url = 'postgresql://me:hunter2@host/db'\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->config.store.url.text, "postgresql://me:hunter2@host/db");
  const auto text = print_config(*loaded);
  EXPECT_NE(text.find("url = \"postgresql://me:***@host/db\""), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  for (const auto& toml : {"store.url = 'mysql://me:hunter2@host/db'", "store.url = 'me:hunter2@host'"}) {
    const auto refused = load(toml);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message.find("hunter2"), std::string::npos) << refused.error().message;
  }
  EXPECT_EQ(load("store.password_file = 'x'").error().reason, Reason("config.missing"));
}

TEST(Configuration, NeverShowsThePasswordOfRedis) {
  const auto loaded = load("redis.url = 'redis://me:hunter2@cache:6379/0'\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto text = print_config(*loaded);
  EXPECT_NE(text.find("url = \"redis://me:***@cache:6379/0\""), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_EQ(load("redis.password_file = 'x'").error().reason, Reason("config.missing"));
  EXPECT_EQ(load("redis.timeout = '1ms'").error().reason, Reason("config.range"));
}

TEST(Roles, AreBothUnlessSaidOtherwise) {
  EXPECT_EQ(print_value(load("")->config.roles), "api,gateway");
  EXPECT_EQ(print_value(load("roles = ' gateway, api'")->config.roles), "api,gateway");
  EXPECT_EQ(print_value(load("roles = 'api'")->config.roles), "api");
  for (auto bad : {"roles = ''", "roles = 'api,broker'", "roles = 'none'"})
    EXPECT_EQ(load(bad).error().reason, Reason("config.value")) << bad;
}

TEST(Roles, OfAGatewayWithoutADatabaseTakeAnApiNode) {
  const std::string gateway = "roles = 'gateway'\n";
  const std::string token = "upstream_api.token_file = 't'\n";
  const std::string url = "upstream_api.url = 'https://a:1, https://b:2'\n";
  const auto good = load(gateway + url + token);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_FALSE(has_database(good->config));
  EXPECT_TRUE(good->config.listeners.empty());
  EXPECT_TRUE(good->config.grpc.empty());
  EXPECT_TRUE(has_database(load(gateway + "store.url = 'postgresql://h/d'")->config));
  EXPECT_TRUE(load(gateway + token + "upstream_api.url = 'http://127.0.0.1:8080'"));
  EXPECT_TRUE(load(gateway + token + "upstream_api.url = 'http://[::1]:8080'"));
  struct Case {
    std::string toml, reason;
  };
  for (const auto& c : std::initializer_list<Case>{
           {gateway, "config.missing"},
           {gateway + url, "config.missing"},
           {url + token, "config.conflict"},
           {gateway + url + token + "store.url = 'postgresql://h/d'", "config.conflict"},
           {gateway + token + "upstream_api.url = 'http://elsewhere:8080'", "config.value"},
           {gateway + token + "upstream_api.url = 'http://localhost.evil:8080'", "config.value"},
           {gateway + token + "upstream_api.url = 'http://127.0.0.1.evil:8080'", "config.value"},
           {gateway + token + "upstream_api.url = 'ftp://a'", "config.value"},
           {gateway + token + "upstream_api.url = 'https://a:1/path'", "config.value"},
           {gateway + token + "upstream_api.url = 'https://me:secret@a:1'", "config.value"},
           {gateway + token + "upstream_api.url = ' , '", "config.value"},
           {gateway + url + "upstream_api.certificate = 'c'", "config.missing"}}) {
    const auto refused = load(c.toml);
    ASSERT_FALSE(refused) << c.toml;
    EXPECT_EQ(refused.error().reason.slug(), c.reason) << c.toml;
  }
}

TEST(Addresses, AreHostAndPort) {
  EXPECT_EQ(to_string(*parse_address("127.0.0.1:80", "x")), "127.0.0.1:80");
  EXPECT_EQ(to_string(*parse_address("[::1]:0", "x")), "[::1]:0");
  EXPECT_EQ(parse_address("[::1]:0", "x")->host, "::1");
  for (auto bad : {"", "host", ":80", "host:", "host:99999", "host:-1", "host:8o"})
    EXPECT_FALSE(parse_address(bad, "x")) << bad;
}

TEST(Configuration, ReadsRates) {
  const auto loaded = load(
      "[limits.source]\nlogins = 'off'\nreads = '50/s'\nwrites = '5/s burst 1'\n[limits.failures]\none = "
      "'2/m burst 10'\n[log]\nrequests = "
      "'errors'\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& source = loaded->config.limits.source;
  EXPECT_EQ(source.logins, Rate{});
  EXPECT_EQ(source.reads, (Rate{.count = 50, .burst = 50})) << "a second's worth at once";
  EXPECT_EQ(source.writes, (Rate{.count = 5, .burst = 1}));
  EXPECT_EQ(print_value(source.logins), "off");
  EXPECT_EQ(print_value(source.writes), "5/s burst 1");
  const Rate slow{.count = 2, .burst = 10, .per = Seconds(60)};
  EXPECT_EQ(loaded->config.limits.failures.one, slow);
  EXPECT_EQ(print_value(slow), "2/m burst 10");
  EXPECT_EQ(loaded->config.log.requests, LogRequestsConfig::errors);
  for (const auto* wrong : {"10", "10/", "10/d", "10/ms", "0/s", "10/s burst 0", "10/s burst", "-1/s",
                            "10/s bursts 3", "1e3/s", "99999999999/s", ""})
    EXPECT_FALSE(load(std::string("limits.source.logins = '") + wrong + "'")) << wrong;
}

TEST(Configuration, LimitsLoginsOnlyUnlessToldOtherwise) {
  const Config config;
  EXPECT_EQ(config.limits.source.logins, (Rate{.count = 10, .burst = 30}));
  for (const auto& scope : {config.limits.source, config.limits.principal, config.limits.domain})
    for (const auto& rate : {scope.questions, scope.reads, scope.writes}) EXPECT_EQ(rate.count, 0);
  EXPECT_FALSE(config.limits.exempt_loopback);
}

}  // namespace
}  // namespace allauth::server
