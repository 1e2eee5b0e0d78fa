// TLS of the gRPC listener and client, with certificates made on the spot.

#include "net/rpc/test_support.h"
#include "net/test_certs.h"
#include "net/tls.h"

namespace allauth::net {
namespace {

using rpc::StatusCode;

constexpr const char* kNames = "IP:127.0.0.1,DNS:localhost";

// An authority with a server and a client that it has signed, as files.
struct Pki {
  TestCert authority = make_cert("authority");
  TestCert server = make_cert("server", &authority, kNames);
  TestCert client = make_cert("client", &authority, "URI:allauth:node:n1");
  TempDir files;
  std::string ca_file = files.write("ca.pem", authority.pem());
  std::string certificate_file = files.write("server.pem", server.pem());
  std::string key_file = files.write("server.key", server.key_pem());

  std::shared_ptr<ServerTls> load(ClientCerts certs) const {
    return must(ServerTls::load({.certificate_file = certificate_file,
                                 .key_file = key_file,
                                 .client_ca_file = certs == ClientCerts::none ? "" : ca_file,
                                 .client_certs = certs}));
  }
  RpcClientTls with(const std::string& name, const TestCert& own) const {
    return {.ca_file = ca_file,
            .certificate_file = files.write(name + ".pem", own.pem()),
            .key_file = files.write(name + ".key", own.key_pem())};
  }
};

struct TlsServer {
  TlsServer(const Pki& pki, ClientCerts certs)
      : tls(pki.load(certs)),
        test({{"/t.T/Who",
               [this](CallPtr call) {
                 seen = call->head().peer;
                 call->answer("");
               }}},
             {}, options()) {}
  ListenerOptions options() const {
    ListenerOptions options;
    options.tls = tls;
    options.tls_check = Millis(20);
    return options;
  }
  rpc::Status call(const RpcClientTls& with, const std::string& host = "127.0.0.1") {
    auto target = test.target();
    target.host = host;
    target.tls = with;
    return must(RpcClient::make(target))->call({.method = "/t.T/Who"}, "").end.status;
  }

  std::shared_ptr<ServerTls> tls;
  http::Peer seen;
  TestServer test;
};

TEST(RpcTls, calls_are_served_and_the_peer_is_said_to_have_tls) {
  const Pki pki;
  TlsServer server(pki, ClientCerts::none);
  const auto status = server.call({.ca_file = pki.ca_file});
  EXPECT_EQ(status.code, StatusCode::ok) << status.message;
  EXPECT_TRUE(server.seen.tls);
  EXPECT_EQ(server.seen.certificate_der, "");
}

TEST(RpcTls, a_client_believes_only_its_authority_and_the_name_it_dials) {
  const Pki pki;
  const Pki other;
  TlsServer server(pki, ClientCerts::none);
  EXPECT_EQ(server.call({.ca_file = other.ca_file}).code, StatusCode::unavailable);
  EXPECT_EQ(server.call({}).code, StatusCode::unavailable) << "the system's authorities";
  EXPECT_EQ(server.call({.ca_file = pki.ca_file}, "127.0.0.2").code, StatusCode::unavailable);
}

TEST(RpcTls, clear_text_is_not_answered) {
  const Pki pki;
  TlsServer server(pki, ClientCerts::none);
  const auto reply = server.test.client()->call({.method = "/t.T/Who"}, "");
  EXPECT_EQ(reply.end.status.code, StatusCode::unavailable);
}

TEST(RpcTls, a_client_certificate_that_verifies_is_handed_on) {
  const Pki pki;
  for (const auto certs : {ClientCerts::optional, ClientCerts::required}) {
    TlsServer server(pki, certs);
    EXPECT_EQ(server.call(pki.with("client", pki.client)).code, StatusCode::ok);
    EXPECT_EQ(server.seen.certificate_der, pki.client.der());
  }
}

TEST(RpcTls, one_that_does_not_verify_is_refused) {
  const Pki pki;
  const auto stranger = make_cert("client");
  for (const auto certs : {ClientCerts::optional, ClientCerts::required}) {
    TlsServer server(pki, certs);
    EXPECT_EQ(server.call(pki.with("stranger", stranger)).code, StatusCode::unavailable);
  }
}

TEST(RpcTls, none_is_enough_where_it_is_optional_only) {
  const Pki pki;
  TlsServer optional(pki, ClientCerts::optional);
  EXPECT_EQ(optional.call({.ca_file = pki.ca_file}).code, StatusCode::ok);
  EXPECT_EQ(optional.seen.certificate_der, "");
  TlsServer required(pki, ClientCerts::required);
  EXPECT_EQ(required.call({.ca_file = pki.ca_file}).code, StatusCode::unavailable);
}

TEST(RpcTls, changed_files_are_taken_up_and_connections_live_on) {
  Pki pki;
  TlsServer server(pki, ClientCerts::none);
  auto target = server.test.target();
  target.tls = RpcClientTls{.ca_file = pki.ca_file};
  const auto before = must(RpcClient::make(target));
  EXPECT_EQ(before->call({.method = "/t.T/Who"}, "").end.status.code, StatusCode::ok);

  const Pki next;
  pki.files.write("server.key", next.server.key_pem());
  pki.files.write("server.pem", next.server.pem());
  EXPECT_TRUE(eventually([&] { return server.call({.ca_file = next.ca_file}).code == StatusCode::ok; }));
  EXPECT_EQ(server.call({.ca_file = pki.ca_file}).code, StatusCode::unavailable);
  EXPECT_EQ(before->call({.method = "/t.T/Who"}, "").end.status.code, StatusCode::ok);

  pki.files.write("server.pem", "broken");
  EXPECT_TRUE(eventually([&] { return !server.tls->reload_if_changed() || true; }));
  EXPECT_EQ(server.call({.ca_file = next.ca_file}).code, StatusCode::ok) << "the old ones stay in use";
}

TEST(RpcTls, a_client_does_not_start_with_files_it_cannot_use) {
  const Pki pki;
  RpcClientOptions target{.host = "localhost", .port = 1};
  target.tls = RpcClientTls{.ca_file = pki.files.write("empty.pem", "")};
  EXPECT_EQ(RpcClient::make(target).error().reason.slug(), "tls.ca.invalid");
  target.tls = pki.with("client", pki.client);
  pki.files.write("client.key", pki.client.key_pem(), 0604);
  EXPECT_EQ(RpcClient::make(target).error().reason.slug(), "tls.key.permissions");
  for (const char* host : {"", "a b", "unix:x/y", "host/path"})
    EXPECT_EQ(RpcClient::make({.host = host, .port = 1}).error().reason.slug(), "rpc.target.invalid") << host;
}

}  // namespace
}  // namespace allauth::net
