#include "codec/forwarded.h"

#include <gtest/gtest.h>

namespace allauth::http {
namespace {

Networks networks(std::string_view list) { return Networks::parse(list).value(); }

struct Said {
  Headers headers;
  std::string client;  // "address port tls host"; empty: not said
};

std::string shown(const std::optional<Origin>& origin) {
  if (!origin) return {};
  return fmt::format("{} {} {} {}", origin->address.text(), origin->port,
                     origin->tls ? (*origin->tls ? "https" : "http") : "-",
                     origin->host.empty() ? "-" : origin->host);
}

TEST(Forwarded, SaysWhoAskedTheFirstOfOurProxies) {
  const auto ours = networks("10.0.0.0/8, fd00::/8");
  for (const auto& c : std::vector<Said>{
           {{{"X-Forwarded-For", "192.0.2.1"}}, "192.0.2.1 0 - -"},
           {{{"x-forwarded-for", "192.0.2.1:4711"}}, "192.0.2.1 4711 - -"},
           {{{"X-Forwarded-For", "2001:db8::1"}}, "2001:db8::1 0 - -"},
           {{{"X-Forwarded-For", "[2001:db8::1]:80"}}, "2001:db8::1 80 - -"},
           {{{"X-Forwarded-For", "::ffff:192.0.2.1"}}, "192.0.2.1 0 - -"},
           // Ours are passed over from the right; what stands to the left of the first other is not read.
           {{{"X-Forwarded-For", "1.1.1.1, 192.0.2.1, 10.0.0.2, fd00::7"}}, "192.0.2.1 0 - -"},
           {{{"X-Forwarded-For", "<script>, ;;\", 192.0.2.1"}}, "192.0.2.1 0 - -"},
           {{{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-For", "192.0.2.1, 10.0.0.2"}}, "192.0.2.1 0 - -"},
           {{{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}}, "10.0.0.3 0 - -"},
           {{{"X-Forwarded-For", "192.0.2.1"},
             {"X-Forwarded-Proto", "HTTPS"},
             {"X-Forwarded-Host", "a.example:8"}},
            "192.0.2.1 0 https a.example:8"},
           // As many as there are addresses: the one in the same place.
           {{{"X-Forwarded-For", "1.1.1.1, 192.0.2.1, 10.0.0.2"}, {"X-Forwarded-Proto", "http, https, http"}},
            "192.0.2.1 0 https -"},
           {{{"Forwarded", "for=192.0.2.1"}}, "192.0.2.1 0 - -"},
           {{{"Forwarded", "For=\"192.0.2.1:99\"; Proto=https;host=\"a.example\";by=_me"}},
            "192.0.2.1 99 https a.example"},
           {{{"Forwarded", "for=\"[2001:db8::1]:99\""}}, "2001:db8::1 99 - -"},
           {{{"Forwarded", "for=\"1.1.1.1, for=192.0.2.1;proto=http, for=10.0.0.2"}}, "192.0.2.1 0 http -"},
           {{{"Forwarded", "for=192.0.2.1;proto=https"}, {"X-Forwarded-For", "192.0.2.1:7"}},
            "192.0.2.1 0 https -"},
       })
    EXPECT_EQ(shown(find_origin(c.headers, ours)), c.client) << c.headers[0].value;
}

TEST(Forwarded, IsNotGuessedAt) {
  const auto ours = networks("10.0.0.0/8");
  std::string many = "192.0.2.1";
  for (int i = 0; i < 20; ++i) many += ", 10.0.0.2";
  for (const auto& headers : std::vector<Headers>{
           {},
           {{"X-Forwarded-For", ""}},
           {{"X-Forwarded-For", "192.0.2.1,"}},
           {{"X-Forwarded-For", "unknown"}},
           {{"X-Forwarded-For", "192.0.2.1:"}},
           {{"X-Forwarded-For", "192.0.2.1:99999"}},
           {{"X-Forwarded-For", "192.0.2.1:80:80"}},
           {{"X-Forwarded-For", "[192.0.2.1]"}},
           {{"X-Forwarded-For", "[2001:db8::1"}},
           {{"X-Forwarded-For", "[2001:db8::1]80"}},
           {{"X-Forwarded-For", "host.example"}},
           {{"X-Forwarded-For", "unknown, 10.0.0.2"}},
           {{"X-Forwarded-For", many}},
           {{"X-Forwarded-Proto", "https"}},
           {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "gopher"}},
           {{"X-Forwarded-For", "192.0.2.1, 10.0.0.2, 10.0.0.3"}, {"X-Forwarded-Proto", "https, http"}},
           {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Host", "a b"}},
           {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Host", "a.example/x"}},
           {{"Forwarded", "for=unknown"}},
           {{"Forwarded", "for=_hidden"}},
           {{"Forwarded", "proto=https"}},
           {{"Forwarded", "for=192.0.2.1;for=192.0.2.2"}},
           {{"Forwarded", "for=192.0.2.1;proto=https;proto=http"}},
           {{"Forwarded", "for=\"192.0.2.1"}},
           {{"Forwarded", "for=\"192.0.2.1\\\"\""}},
           {{"Forwarded", "for"}},
           // Two headers that name two clients: one of them is not our proxy's.
           {{"Forwarded", "for=192.0.2.1"}, {"X-Forwarded-For", "192.0.2.2"}},
           {{"Forwarded", "for=192.0.2.1"}, {"X-Forwarded-For", "unknown"}},
           {{"Forwarded", "for=unknown"}, {"X-Forwarded-For", "192.0.2.1"}}})
    EXPECT_EQ(shown(find_origin(headers, ours)), "") << (headers.empty() ? "" : headers[0].value);
}

Peer from(std::string address) {
  const bool loopback = address.starts_with("127.");
  return {
      .address = std::move(address), .port = 5, .loopback = loopback, .tls = true, .certificate_der = "der"};
}

const Trust kTrust{.callers = networks("loopback, unix, 192.0.2.0/24"), .proxies = networks("10.0.0.1")};

TEST(Trust, IsForTheNetworkOfTheOneWhoAsks) {
  struct Case {
    std::string peer;
    Headers headers;
    Forwarding forwarding;
    bool trusted;
    std::string address;
  };
  using enum Forwarding;
  for (const auto& c : std::vector<Case>{
           {"192.0.2.9", {}, none, true, "192.0.2.9"},
           {"127.0.0.1", {}, none, true, "127.0.0.1"},
           {"unix", {}, none, true, "unix"},
           {"198.51.100.1", {}, none, false, "198.51.100.1"},
           {"10.0.0.1", {}, none, false, "10.0.0.1"},
           // An address is not believed from just anybody.
           {"198.51.100.1", {{"X-Forwarded-For", "192.0.2.9"}}, untrusted, false, "198.51.100.1"},
           // And who passes on what others ask does not ask for itself, though its own network is trusted.
           {"127.0.0.1", {{"X-Forwarded-For", "192.0.2.9"}}, untrusted, false, "127.0.0.1"},
           {"127.0.0.1", {{"Forwarded", "for=192.0.2.9"}}, untrusted, false, "127.0.0.1"},
           {"192.0.2.9", {{"Via", "1.1 somebody"}}, untrusted, false, "192.0.2.9"},
           {"192.0.2.9", {{"X-Real-IP", "192.0.2.8"}}, untrusted, false, "192.0.2.9"},
           {"10.0.0.1", {{"X-Forwarded-For", "192.0.2.9"}}, believed, true, "192.0.2.9"},
           {"10.0.0.1", {{"X-Forwarded-For", "198.51.100.1"}}, believed, false, "198.51.100.1"},
           {"10.0.0.1", {{"X-Forwarded-For", "192.0.2.9, 198.51.100.1"}}, believed, false, "198.51.100.1"},
           {"10.0.0.1", {{"X-Forwarded-For", "127.0.0.1"}}, believed, false, "127.0.0.1"},
           {"10.0.0.1", {{"X-Forwarded-For", "nobody"}}, malformed, false, "10.0.0.1"},
           {"10.0.0.1", {{"Via", "1.1 somebody"}}, malformed, false, "10.0.0.1"}}) {
    Peer peer = from(c.peer);
    Headers headers = c.headers;
    const std::string what = c.peer + (headers.empty() ? "" : " " + headers[0].value);
    EXPECT_EQ(settle(kTrust, headers, peer), c.forwarding) << what;
    EXPECT_EQ(peer.trusted, c.trusted) << what;
    EXPECT_EQ(peer.address, c.address) << what;
    EXPECT_EQ(peer.via, c.forwarding == believed ? c.peer : "") << what;
    EXPECT_EQ(peer.loopback, c.forwarding == none && c.peer == "127.0.0.1") << what;
  }
}

TEST(Trust, TakesTlsAndHostFromOurProxyAndNotItsCertificate) {
  for (const auto& [proto, tls] : std::vector<std::pair<std::string, bool>>{
           {";proto=https", true}, {";proto=http", false}, {"", false}}) {
    Peer peer = from("10.0.0.1");
    Headers headers{{"Host", "inside"}, {"Forwarded", "for=\"192.0.2.9:77\";host=outside.example" + proto}};
    EXPECT_EQ(settle(kTrust, headers, peer), Forwarding::believed);
    EXPECT_EQ(peer.port, 77);
    EXPECT_EQ(peer.tls, tls) << proto;
    EXPECT_EQ(peer.certificate_der, "");
    EXPECT_EQ(headers[0].value, "outside.example");
  }
  Peer direct = from("192.0.2.9");
  Headers none{{"Host", "inside"}};
  EXPECT_EQ(settle(kTrust, none, direct), Forwarding::none);
  EXPECT_TRUE(direct.tls);
  EXPECT_EQ(direct.certificate_der, "der");
}

TEST(Trust, IsGivenToNobodyUnlessSaid) {
  for (auto peer : {from("127.0.0.1"), from("unix"), from("10.0.0.1")}) {
    Headers headers;
    EXPECT_EQ(settle({}, headers, peer), Forwarding::none);
    EXPECT_FALSE(peer.trusted);
  }
}

}  // namespace
}  // namespace allauth::http
