#include "server/stream/access.h"

#include <gtest/gtest.h>

#include "app/identity/nodes.h"
#include "app/test_world.h"
#include "net/test_certs.h"

namespace allauth::server {
namespace {

const http::Peer kHere{.address = "127.0.0.1", .loopback = true};

class Access : public ::testing::Test {
 protected:
  Secret enroll(const std::string& name) {
    return world
        .run(app::enroll_node(*world.core, world.issuer->digests(),
                              world.permit<app::act::ManageNodes>(world.admin, app::Platform{}), name))
        .token;
  }
  void remove(const std::string& name) {
    world.run(app::remove_node(*world.core, world.permit<app::act::ManageNodes>(world.admin, app::Platform{}),
                               name));
  }
  static http::Peer showing(const std::string& der) {
    return {.address = "192.0.2.1", .tls = true, .certificate_der = der};
  }
  std::string why(const http::Peer& peer, const Secret* bearer = nullptr) const {
    const auto node = access.admit(peer, bearer);
    return node ? node->name : std::string(node.error().reason.slug());
  }

  app::TestWorld world;
  NodeAccess access{*world.core, world.issuer->digests(), {"edge.example", "urn:edge"}};
};

TEST_F(Access, IsByTheTokenOfAnEnrolledNodeForAsLongAsItIsOne) {
  const Secret token = enroll("edge-1");
  enroll("edge-2");
  const auto node = app::must(access.admit(kHere, &token));
  EXPECT_EQ(node.name, "edge-1");
  EXPECT_TRUE(node.allowed());
  remove("edge-2");
  EXPECT_TRUE(node.allowed());
  remove("edge-1");
  EXPECT_FALSE(node.allowed());
  EXPECT_EQ(why(kHere, &token), "stream.credential");
  const Secret renewed = enroll("edge-1");
  EXPECT_FALSE(node.allowed()) << "another token";
  EXPECT_EQ(why(kHere, &renewed), "edge-1");
}

TEST_F(Access, IsNotByAnythingElse) {
  enroll("edge-1");
  const auto client = world.make_client(world.make_domain("plant").id);
  for (const std::string& shown :
       {std::string(), std::string("ant1_"), "ant1_" + std::string(43, 'A'), std::string(100'000, 'x'),
        std::string("\0\xFF", 2), client.key.key.copy().reveal(), std::string("edge-1")}) {
    const Secret bearer{std::string(shown)};
    EXPECT_EQ(why(kHere, &bearer), "stream.credential") << shown.substr(0, 50);
  }
  EXPECT_EQ(why(kHere), "stream.credential");
}

TEST_F(Access, IsByACertificateOfATrustedName) {
  const auto authority = net::make_cert("authority");
  const auto by = [&](const std::string& name, const char* names) {
    return why(showing(net::make_cert(name, &authority, names).der()));
  };
  EXPECT_EQ(by("edge.example", nullptr), "edge.example");
  EXPECT_EQ(by("any", "DNS:other.example,DNS:edge.example"), "edge.example");
  EXPECT_EQ(by("any", "URI:urn:edge"), "urn:edge");
  EXPECT_EQ(by("edge.example.org", "DNS:an.edge.example"), "stream.credential");
  EXPECT_EQ(by("EDGE.EXAMPLE", "IP:127.0.0.1"), "stream.credential") << "as it is written";
  EXPECT_EQ(why(showing("no certificate")), "stream.credential");
  EXPECT_EQ(why(showing("")), "stream.credential");
  const Secret token = enroll("edge-1");
  EXPECT_EQ(why(showing(net::make_cert("any", &authority).der()), &token), "edge-1")
      << "the token counts, too";
}

TEST_F(Access, IsNotInClearTextFromElsewhere) {
  const Secret token = enroll("edge-1");
  EXPECT_EQ(why({.address = "192.0.2.1"}, &token), "stream.plaintext");
  EXPECT_EQ(why({.address = "192.0.2.1", .tls = true}, &token), "edge-1");
}

TEST_F(Access, IsForNobodyWhileTheStateIsTooOldToKnow) {
  const Secret token = enroll("edge-1");
  const auto certificate = showing(net::make_cert("edge.example").der());
  world.hub.watch(Seconds(60));
  world.clock.advance(Seconds(61));
  ASSERT_TRUE(world.turns_stale());
  EXPECT_EQ(why(kHere, &token), "state.stale");
  EXPECT_EQ(why(certificate), "state.stale");
  const auto refused = access.admit(certificate, nullptr);
  EXPECT_EQ(refused.error().code, Code::unavailable) << "so that the node asks another one";
  EXPECT_TRUE(refused.error().retry_after);
  world.hub.contact();
  EXPECT_EQ(why(kHere, &token), "edge-1");
  EXPECT_EQ(why(certificate), "edge.example");
}

}  // namespace
}  // namespace allauth::server
