#include "net/tls.h"

#include <gmock/gmock.h>

#include "net/http_server.h"
#include "net/spawn.h"
#include "net/stream.h"
#include "net/test_certs.h"
#include "net/test_support.h"

namespace allauth::net {
namespace {

using boost::asio::awaitable;
using testing::HasSubstr;

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

// Dials, sends, and gives back all that comes.
awaitable<void> talk(IoPool& pool, Dial target, std::string_view sent,
                     std::promise<Result<std::string>>& done) {
  auto stream = co_await dial(pool, 0, std::move(target));
  if (!stream) {
    done.set_value(fail(stream.error()));
    co_return;
  }
  auto written = co_await stream->write(sent);
  std::string all;
  char block[1000];
  for (;;) {
    const auto n = co_await stream->read_some(block);
    if (!n) written = fail(n.error());
    if (!n || *n == 0) break;
    all.append(block, *n);
  }
  if (!written && all.empty())
    done.set_value(fail(written.error()));
  else
    done.set_value(std::move(all));
}

struct Pki {
  TempDir dir;
  TestCert ca = make_cert("test CA");
  TestCert server = make_cert("server", &ca, "IP:127.0.0.1,DNS:localhost");
  TestCert client = make_cert("device-7", &ca);
  std::string ca_file = dir.write("ca.pem", ca.pem(), 0644);
  std::string cert_file = dir.write("server.pem", server.pem() + ca.pem(), 0644);
  std::string key_file = dir.write("server.key", server.key_pem());

  ServerTlsOptions server_options(ClientCerts certs = ClientCerts::none) const {
    return {.certificate_file = cert_file,
            .key_file = key_file,
            .client_ca_file = ca_file,
            .client_certs = certs};
  }
  std::shared_ptr<ClientTls> client_tls(const TestCert* own = nullptr,
                                        std::vector<std::string> alpn = {}) const {
    ClientTlsOptions options{.ca_file = ca_file, .alpn = std::move(alpn)};
    if (own) {
      options.certificate_file = dir.write("client.pem", own->pem());
      options.key_file = dir.write("client.key", own->key_pem());
    }
    return must(ClientTls::load(options));
  }
};

struct TlsServed {
  explicit TlsServed(ServerTlsOptions options, ListenerOptions listener = {})
      : tls(must(ServerTls::load(std::move(options)))) {
    listener.tls = tls;
    server = must(
        HttpServer::start(test.pool, listener, {}, [this](http::Request request, http::Responder respond) {
          const bool is_tls = request.peer.tls;
          der = std::move(request.peer.certificate_der);
          respond({.status = 200, .headers = {}, .body = is_tls ? "over TLS" : "in clear text"});
        }));
  }
  Result<std::string> get(std::shared_ptr<ClientTls> client, const std::string& host = "127.0.0.1",
                          std::string_view sent = kGet) {
    std::promise<Result<std::string>> done;
    spawn(test.pool, 0, talk(test.pool, {host, server->port(), std::move(client)}, sent, done));
    return wait_for(done.get_future());
  }

  TestPool test;
  std::shared_ptr<ServerTls> tls;
  std::unique_ptr<HttpServer> server;
  std::string der;
};

TEST(Tls, CarriesRequests) {
  const Pki pki;
  TlsServed served(pki.server_options());
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    const auto answer = served.get(pki.client_tls(), host);
    ASSERT_TRUE(answer) << answer.error().message << answer.error().detail;
    EXPECT_THAT(*answer, HasSubstr("over TLS"));
    EXPECT_EQ(served.der, "");
  }
}

TEST(Tls, CarriesLargeAnswersToSlowReaders) {
  const Pki pki;
  TestPool test;
  const std::string body(8 << 20, 'y');
  ListenerOptions listener;
  listener.tls = must(ServerTls::load(pki.server_options()));
  const auto server =
      must(HttpServer::start(test.pool, listener, {}, [&](http::Request, http::Responder respond) {
        respond({.status = 200, .headers = {}, .body = body});
      }));
  std::promise<Result<std::string>> done;
  spawn(test.pool, 0, talk(test.pool, {"127.0.0.1", server->port(), pki.client_tls()}, kGet, done));
  const auto answer = wait_for(done.get_future());
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->ends_with(body));
}

TEST(Tls, HandsTheVerifiedClientCertificateToTheRequest) {
  const Pki pki;
  for (const auto mode : {ClientCerts::optional, ClientCerts::required}) {
    TlsServed served(pki.server_options(mode));
    ASSERT_TRUE(served.get(pki.client_tls(&pki.client)));
    EXPECT_EQ(served.der, pki.client.der());
    const auto without = served.get(pki.client_tls());
    EXPECT_EQ(without.has_value(), mode == ClientCerts::optional);
    if (without) {
      EXPECT_EQ(served.der, "");
    }
  }
}

TEST(Tls, RefusesClientCertificatesOfOthers) {
  const Pki pki;
  const auto other_ca = make_cert("other CA");
  const auto stranger = make_cert("device-7", &other_ca);
  TlsServed served(pki.server_options(ClientCerts::optional));
  EXPECT_FALSE(served.get(pki.client_tls(&stranger)));
  EXPECT_TRUE(eventually(
      [&] { return served.test.metric(R"(allauth_net_refused_total{listener="main",cause="tls"})") == 1; }));
}

TEST(Tls, ClientsCheckCertificateAndHost) {
  const Pki pki;
  const Pki other;
  TlsServed served(pki.server_options());
  const auto untrusted = served.get(other.client_tls());
  ASSERT_FALSE(untrusted);
  EXPECT_EQ(untrusted.error().reason, Reason("net.tls"));
  EXPECT_THAT(untrusted.error().detail, HasSubstr("verify failed"));

  const auto elsewhere = make_cert("server", &pki.ca, "DNS:elsewhere.example");
  auto options = pki.server_options();
  options.certificate_file = pki.dir.write("elsewhere.pem", elsewhere.pem());
  options.key_file = pki.dir.write("elsewhere.key", elsewhere.key_pem());
  TlsServed misnamed(options);
  for (const std::string host : {"127.0.0.1", "localhost"})
    EXPECT_FALSE(misnamed.get(pki.client_tls(), host));
}

TEST(Tls, AgreesOnAProtocolOrRefuses) {
  const Pki pki;
  TlsServed served(pki.server_options());
  EXPECT_TRUE(served.get(pki.client_tls(nullptr, {"h2", "http/1.1"})));
  EXPECT_FALSE(served.get(pki.client_tls(nullptr, {"h2"})));
}

TEST(Tls, DropsClientsThatDoNotFinishTheHandshake) {
  const Pki pki;
  ListenerOptions listener;
  listener.handshake_timeout = Millis(30);
  TlsServed served(pki.server_options(), listener);
  Client silent(served.server->port());
  EXPECT_EQ(silent.read_to_end(), "");
  Client clear(served.server->port());
  clear.send(kGet);
  EXPECT_EQ(status_of(clear.read_to_end()), 0);
  EXPECT_TRUE(eventually(
      [&] { return served.test.metric(R"(allauth_net_refused_total{listener="main",cause="tls"})") == 2; }));
}

TEST(Tls, DrainsConnectionsThatAreInTheirHandshake) {
  const Pki pki;
  TlsServed served(pki.server_options());
  Client silent(served.server->port());
  ASSERT_TRUE(
      eventually([&] { return served.test.metric(R"(allauth_net_connections{listener="main"})") == 1; }));
  served.server->drain(Millis(0));
  EXPECT_EQ(silent.read_to_end(), "");
}

TEST(Tls, ReloadsChangedFilesAndKeepsTheOldOnesWhenTheNewAreBroken) {
  const Pki pki;
  const Pki next;
  ListenerOptions listener;
  listener.tls_check = Millis(5);
  TlsServed served(pki.server_options(), listener);
  ASSERT_TRUE(served.get(pki.client_tls()));
  EXPECT_FALSE(must(served.tls->reload_if_changed()));

  pki.dir.write("server.pem", "not a certificate");
  ASSERT_FALSE(served.tls->reload());
  EXPECT_TRUE(served.get(pki.client_tls()));

  pki.dir.write("server.pem", next.server.pem(), 0644);
  const auto mismatch = served.tls->reload();
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().reason, Reason("tls.key.mismatch"));
  EXPECT_TRUE(served.get(pki.client_tls()));

  pki.dir.write("server.key", next.server.key_pem());
  EXPECT_TRUE(eventually([&] { return served.get(next.client_tls()).has_value(); }));
  EXPECT_FALSE(served.get(pki.client_tls()));
}

struct BrokenCase {
  std::string reason;
  std::function<void(const Pki&, ServerTlsOptions&)> spoil;
};

TEST(Tls, SaysWhichFileIsWrongAndWhy) {
  const BrokenCase cases[] = {
      {"tls.cert.unreadable", [](const Pki&, auto& o) { o.certificate_file = "/nonexistent/cert.pem"; }},
      {"tls.cert.invalid", [](const Pki& p, auto& o) { o.certificate_file = p.dir.write("f", "junk"); }},
      {"tls.cert.invalid",
       [](const Pki& p, auto& o) {
         o.certificate_file = p.dir.write("f", p.server.pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n");
       }},
      {"tls.key.unreadable", [](const Pki&, auto& o) { o.key_file = "/nonexistent/key.pem"; }},
      {"tls.key.invalid", [](const Pki& p, auto& o) { o.key_file = p.dir.write("f", "junk"); }},
      {"tls.key.permissions",
       [](const Pki& p, auto& o) { o.key_file = p.dir.write("f", p.server.key_pem(), 0644); }},
      {"tls.key.mismatch", [](const Pki& p, auto& o) { o.key_file = p.dir.write("f", p.ca.key_pem()); }},
      {"tls.ca.unreadable", [](const Pki&, auto& o) { o.client_ca_file = ""; }},
      {"tls.ca.invalid", [](const Pki& p, auto& o) { o.client_ca_file = p.dir.write("f", "junk"); }},
      {"tls.alpn.invalid", [](const Pki&, auto& o) { o.alpn = {std::string(256, 'x')}; }},
  };
  for (const auto& c : cases) {
    const Pki pki;
    auto options = pki.server_options(ClientCerts::required);
    c.spoil(pki, options);
    const auto tls = ServerTls::load(options);
    ASSERT_FALSE(tls) << c.reason;
    EXPECT_EQ(tls.error().reason.slug(), c.reason) << tls.error().message;
    EXPECT_THAT(tls.error().message, testing::Not(HasSubstr("BEGIN")));
  }
}

}  // namespace
}  // namespace allauth::net
