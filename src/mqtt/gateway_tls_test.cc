#include <gtest/gtest.h>

#include "mqtt/gateway_rig.h"
#include "net/test_certs.h"
#include "net/tls.h"

namespace allauth::mqtt {
namespace {

// Certificates in files of a folder of their own.
class Pki {
 public:
  Pki() {
    char name[] = "/tmp/allauth-mqtt-tls-XXXXXX";
    folder_ = ::mkdtemp(name);
    write("ca.pem", ca_.pem());
    for (const auto& [file, cert] : {std::pair("server", &server_), std::pair("client", &client_)}) {
      write(fmt::format("{}.pem", file), cert->pem());
      write(fmt::format("{}.key", file), cert->key_pem());
    }
  }
  ~Pki() { std::filesystem::remove_all(folder_); }
  Pki(const Pki&) = delete;
  Pki& operator=(const Pki&) = delete;
  std::string path(const std::string& file) const { return folder_ + "/" + file; }
  std::string client_der() const { return client_.der(); }

 private:
  void write(const std::string& file, const std::string& text) const {
    std::ofstream(path(file)) << text;
    std::filesystem::permissions(path(file),
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  net::TestCert ca_ = net::make_cert("test CA");
  net::TestCert server_ = net::make_cert("server", &ca_, "IP:127.0.0.1");
  net::TestCert client_ = net::make_cert("device-7", &ca_);
  std::string folder_;
};

// A client in clear text -> a gateway -> TLS -> a second gateway -> a broker: TLS in both directions.
TEST(GatewayTls, both_legs_and_the_client_certificate) {
  const Pki pki;
  FakeBroker broker;
  auto server = net::ServerTls::load({.certificate_file = pki.path("server.pem"),
                                      .key_file = pki.path("server.key"),
                                      .client_ca_file = pki.path("ca.pem"),
                                      .client_certs = net::ClientCerts::optional,
                                      .alpn = {}});
  ASSERT_TRUE(server) << server.error().message;
  auto client_tls = net::ClientTls::load({.ca_file = pki.path("ca.pem"),
                                          .certificate_file = pki.path("client.pem"),
                                          .key_file = pki.path("client.key")});
  ASSERT_TRUE(client_tls) << client_tls.error().message;
  std::string certificate;
  bool tls = false;
  GatewayRig inner(broker.port(), [&](GatewayOptions& o) { o.listeners[0].tls = *server; });
  inner.on_request = [&](const ConnectRequest& request) {
    certificate = request.certificate_der;
    tls = request.tls;
  };
  GatewayRig outer(inner.gateway->port(), [&](GatewayOptions& o) { o.broker_tls = *client_tls; });

  auto client = outer.connect();
  client.send(bytes_of(Connect{.version = v5, .client_id = "c"}, v5));
  auto upstream = broker.accept();
  upstream.packet();
  upstream.send(bytes_of(Connack{}, v5));
  EXPECT_EQ(client.packet()[3], 0);
  EXPECT_TRUE(tls);
  EXPECT_EQ(certificate, pki.client_der());
  const auto large = bytes_of(message("a", 0, std::string(500'000, 'x')), v5);
  std::thread sending([&] {
    client.send(large);
    client.send(large);
  });
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(upstream.packet() == large);
  sending.join();
  std::thread delivering([&] { upstream.send(large); });
  EXPECT_TRUE(client.packet() == large);
  delivering.join();
  client.send(unhex("E000"));
  EXPECT_EQ(hex(upstream.drain()), "E000");
  EXPECT_TRUE(upstream.ended());
  client.close();
  upstream.close();
  EXPECT_TRUE(eventually([&] { return inner.gateway->connections() + outer.gateway->connections() == 0; }));
}

TEST(GatewayTls, a_broker_without_a_trusted_certificate_is_unavailable) {
  const Pki pki;
  const Pki other;
  FakeBroker broker;
  auto server = net::ServerTls::load(
      {.certificate_file = pki.path("server.pem"), .key_file = pki.path("server.key"), .alpn = {}});
  ASSERT_TRUE(server) << server.error().message;
  auto client_tls = net::ClientTls::load({.ca_file = other.path("ca.pem")});
  ASSERT_TRUE(client_tls) << client_tls.error().message;
  GatewayRig inner(broker.port(), [&](GatewayOptions& o) { o.listeners[0].tls = *server; });
  GatewayRig outer(inner.gateway->port(), [&](GatewayOptions& o) { o.broker_tls = *client_tls; });
  auto client = outer.connect();
  client.send(bytes_of(Connect{.client_id = "c"}, v4));
  EXPECT_EQ(hex(client.drain()), "20020003");
  EXPECT_FALSE(broker.accept(Millis(0)).ok());
}

}  // namespace
}  // namespace allauth::mqtt
