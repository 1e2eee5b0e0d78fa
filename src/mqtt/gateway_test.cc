#include "mqtt/gateway.h"

#include <gtest/gtest.h>

#include "mqtt/gateway_rig.h"

namespace allauth::mqtt {
namespace {

class GatewayWithMosquitto : public testing::TestWithParam<Version> {
 protected:
  void SetUp() override {
    if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
    broker_.emplace();
    ASSERT_TRUE(broker_->started());
  }
  std::optional<Mosquitto> broker_;
};

std::string suback(Version version, std::uint16_t id, std::string_view codes) {
  return bytes_of(SubscribeAck{.packet_id = id, .properties = {}, .codes = codes}, version);
}

Subscribe subscribe_to(std::uint16_t id, std::vector<Subscription> entries) {
  return {.packet_id = id, .properties = {}, .entries = std::move(entries)};
}

TEST_P(GatewayWithMosquitto, messages_pass_between_clients_and_denials_do_not) {
  const auto version = GetParam();
  GatewayRig rig(broker_->port());
  auto reader = rig.open(version, "reader");
  reader.send(bytes_of(subscribe_to(1, {{"room/+", 1}, {"no/x", 0}, {"name/#", 0}}), version));
  EXPECT_EQ(hex(reader.packet()),
            hex(suback(version, 1, std::string_view(version == v4 ? "\x01\x80\x00" : "\x01\x87\x00", 3))));
  auto writer = rig.open(version, "writer");
  writer.send(bytes_of(message("room/1", 0, "first"), version));
  writer.send(bytes_of(message("no/x", 5, "denied"), version));
  writer.send(bytes_of(message("room/2", 6, "second"), version));
  writer.send(bytes_of(message("name/y", 0, "third"), version));
  EXPECT_EQ(hex(writer.packet()), version == v4 ? "40020005" : "4003000587");
  EXPECT_EQ(hex(writer.packet()), "40020006");
  EXPECT_EQ(reader.packet(), bytes_of(message("room/1", 0, "first"), version));
  EXPECT_EQ(reader.packet(), bytes_of(message("room/2", 1, "second"), version));
  EXPECT_EQ(reader.packet(), bytes_of(message("name/y", 0, "third"), version));
  reader.send(unhex("40020001"));
  for (auto* socket : {&reader, &writer}) {
    socket->send(unhex("C000"));
    EXPECT_EQ(hex(socket->packet()), "D000");
    socket->send(unhex("E000"));
    EXPECT_EQ(socket->drain(), "");
    EXPECT_TRUE(socket->ended());
  }
  EXPECT_TRUE(eventually([&] { return rig.gateway->connections() == 0; }));
}

TEST_P(GatewayWithMosquitto, segments_of_one_byte_make_no_difference) {
  const auto version = GetParam();
  GatewayRig rig(broker_->port());
  auto client = rig.connect();
  const auto bytes = bytes_of(Connect{.version = version, .keep_alive = 60, .client_id = "slow"}, version) +
                     bytes_of(subscribe_to(1, {{"t", 1}}), version) +
                     bytes_of(message("t", 2, "hello"), version) + unhex("C000");
  for (const char c : bytes) client.send(std::string_view(&c, 1));
  EXPECT_EQ(client.packet()[0], '\x20');
  EXPECT_EQ(hex(client.packet()), hex(suback(version, 1, "\x01")));
  std::string rest;
  for (int i = 0; i < 3; ++i) rest += client.packet();
  EXPECT_NE(rest.find(bytes_of(message("t", 1, "hello"), version)), std::string::npos) << hex(rest);
  EXPECT_NE(rest.find(unhex("D000")), std::string::npos);
}

TEST_P(GatewayWithMosquitto, a_lost_client_publishes_its_will_and_one_that_says_goodbye_does_not) {
  const auto version = GetParam();
  GatewayRig rig(broker_->port());
  auto reader = rig.open(version, "reader");
  reader.send(bytes_of(subscribe_to(1, {{"will/#", 0}}), version));
  reader.packet();
  for (const bool polite : {true, false}) {
    auto client = rig.connect();
    // Ids of their own: a broker may see a new connection of the same id before the goodbye of the old.
    Connect connect{.version = version, .keep_alive = 60, .client_id = polite ? "polite" : "lost"};
    connect.will = Will{.topic = polite ? "will/polite" : "will/lost", .payload = "gone"};
    client.send(bytes_of(connect, version));
    EXPECT_EQ(client.packet()[0], '\x20');
    if (polite) client.send(unhex("E000"));
    if (polite) client.drain();
  }
  EXPECT_EQ(reader.packet(), bytes_of(message("will/lost", 0, "gone"), version));
}

TEST_P(GatewayWithMosquitto, revocation_reaches_a_live_connection_within_a_second) {
  const auto version = GetParam();
  GatewayRig rig(broker_->port());
  auto reader = rig.open(version, "reader");
  auto writer = rig.open(version, "writer");
  reader.send(bytes_of(subscribe_to(1, {{"room/1", 0}, {"other", 0}}), version));
  reader.packet();
  rig.state->change([](Policy& policy) { policy.more.emplace("room/1", Verdict::deny("test.revoked")); });
  writer.send(bytes_of(message("other", 0, "still"), version));
  EXPECT_EQ(reader.packet(), bytes_of(message("other", 0, "still"), version));
  writer.send(bytes_of(message("room/1", 7), version));
  EXPECT_EQ(hex(writer.packet()), version == v4 ? "40020007" : "4003000787");
  const auto start = std::chrono::steady_clock::now();
  rig.state->change([](Policy& policy) { policy.alive = Verdict::deny("client.gone"); });
  for (auto* socket : {&reader, &writer}) {
    EXPECT_EQ(hex(socket->drain()), version == v4 ? "" : "E00187");
    EXPECT_TRUE(socket->ended());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
}

TEST_P(GatewayWithMosquitto, a_bulk_message_passes_both_ways) {
  const auto version = GetParam();
  GatewayRig rig(broker_->port());
  auto client = rig.open(version);
  client.send(bytes_of(subscribe_to(1, {{"bulk", 0}}), version));
  client.packet();
  const std::string payload(900'000, 'x');
  for (int i = 0; i < 3; ++i) {
    client.send(bytes_of(message("bulk", 0, payload), version));
    const auto got = client.packet();
    EXPECT_TRUE(got == bytes_of(message("bulk", 0, payload), version)) << got.size();
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, GatewayWithMosquitto, testing::Values(v4, v5),
                         [](const auto& p) { return p.param == v4 ? "v3_1_1" : "v5"; });

TEST(Gateway, the_broker_is_never_contacted_before_everything_is_authorised) {
  FakeBroker broker;
  GatewayRig rig(broker.port());
  {
    auto client = rig.connect();
    Connect connect{.clean = true, .keep_alive = 60, .client_id = "c"};
    connect.username = "bad";
    connect.password = "x";
    client.send(bytes_of(connect, v4));
    EXPECT_EQ(hex(client.drain()), "20020004");
    EXPECT_TRUE(client.ended());
  }
  {
    auto client = rig.connect();
    Connect connect{.keep_alive = 60, .client_id = "c"};
    connect.will = Will{.topic = "no/will", .payload = "x"};
    client.send(bytes_of(connect, v4) + bytes_of(message("a", 1), v4));  // with more behind it
    EXPECT_EQ(hex(client.drain()), "20020005");
    EXPECT_TRUE(client.ended());
  }
  EXPECT_FALSE(broker.accept(Millis(100)).ok());
}

TEST(Gateway, an_unreachable_broker_is_reported_as_unavailable) {
  std::uint16_t nobody = 0;
  {
    FakeBroker gone;
    nobody = gone.port();
  }
  GatewayRig rig(nobody);
  auto client = rig.connect();
  client.send(bytes_of(Connect{.version = v5, .client_id = "c"}, v5));
  EXPECT_EQ(hex(client.drain()), "2003008800");
}

TEST(Gateway, a_client_that_sends_half_a_connect_is_cut_off) {
  FakeBroker broker;
  GatewayRig rig(broker.port(), [](GatewayOptions& o) { o.session.limits.connect_deadline = Millis(300); });
  auto silent = rig.connect();
  auto half = rig.connect();
  half.send(unhex("100D00044D51"));
  for (auto* socket : {&silent, &half}) {
    EXPECT_EQ(socket->drain(), "");
    EXPECT_TRUE(socket->ended());
  }
  EXPECT_FALSE(broker.accept(Millis(0)).ok());
}

long resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

TEST(Gateway, an_announced_giant_costs_no_memory) {
  FakeBroker broker;
  GatewayRig rig(broker.port());
  const auto before = resident_kilobytes();
  for (int i = 0; i < 50; ++i) {
    auto client = rig.connect();
    client.send(unhex("10FFFFFF7F"));
    EXPECT_EQ(client.drain(), "");
    EXPECT_TRUE(client.ended());
  }
  EXPECT_LT(resident_kilobytes() - before, 16 * 1024);
}

// Lets one client in by hand.
Socket admit(const FakeBroker& broker, Socket& client, Version version) {
  auto upstream = broker.accept();
  upstream.packet();
  upstream.send(bytes_of(Connack{}, version));
  client.packet();
  return upstream;
}

TEST(Gateway, a_slow_broker_stops_the_client_not_the_memory) {
  FakeBroker broker;
  GatewayRig rig(broker.port());
  auto client = rig.connect();
  client.send(bytes_of(Connect{.client_id = "c"}, v4));
  auto upstream = admit(broker, client, v4);
  const auto before = resident_kilobytes();
  const auto one = bytes_of(message("a", 0, std::string(60'000, 'x')), v4);
  // The broker does not read, so at some point nothing more is taken from the client.
  std::size_t sent = 0;
  pollfd writable{client.fd(), POLLOUT, 0};
  while (sent < 200'000'000 && ::poll(&writable, 1, 300) == 1) {
    const auto n = ::send(client.fd(), one.data() + sent % one.size(), one.size() - sent % one.size(),
                          MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
  EXPECT_LT(sent, 200'000'000u);
  EXPECT_LT(resident_kilobytes() - before, 16 * 1024);
  // Once it reads again, everything arrives.
  std::size_t got = 0;
  while (got < sent / one.size() * one.size()) {
    const auto bytes = upstream.read(1 << 20, Millis(2'000));
    if (bytes.empty()) break;
    got += bytes.size();
  }
  EXPECT_EQ(got, sent / one.size() * one.size());
}

// Sends `one` again and again, reads nothing, and returns how many bytes were taken.
std::size_t flood(const Socket& socket, std::string_view one, std::size_t most) {
  std::string many;
  while (many.size() < 64 * 1024) many += one;
  std::size_t sent = 0;
  pollfd writable{socket.fd(), POLLOUT, 0};
  while (sent < most && ::poll(&writable, 1, 500) == 1) {
    const auto at = sent % many.size();
    const auto n = ::send(socket.fd(), many.data() + at, many.size() - at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
  return sent;
}

// What is answered here grows the queue of the very leg that asks.
TEST(Gateway, who_does_not_read_its_acknowledgements_is_not_read) {
  constexpr std::size_t kMost = 64'000'000;
  for (const bool broker_floods : {false, true}) {
    FakeBroker broker;
    GatewayRig rig(broker.port(), [](GatewayOptions& o) { o.max_unwritten = 16 * 1024; });
    auto client = rig.connect();
    client.send(bytes_of(Connect{.version = v5, .client_id = "c"}, v5));
    auto upstream = admit(broker, client, v5);
    const auto& source = broker_floods ? upstream : client;
    const int small = 4096;
    ::setsockopt(source.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    EXPECT_LT(flood(source, bytes_of(message("no/a", 1, ""), v5), kMost), kMost) << broker_floods;
    EXPECT_EQ(rig.gateway->connections(), 1u);
  }
}

TEST(Gateway, a_client_that_takes_nothing_is_given_up) {
  FakeBroker broker;
  GatewayRig rig(broker.port(), [](GatewayOptions& o) { o.write_timeout = Millis(500); });
  auto client = rig.connect();
  client.send(bytes_of(Connect{.client_id = "c"}, v4));
  auto upstream = admit(broker, client, v4);
  std::thread flood([&] {
    const auto one = bytes_of(message("a", 0, std::string(60'000, 'x')), v4);
    for (int i = 0; i < 1000; ++i) upstream.send(one);
  });
  EXPECT_TRUE(eventually([&] { return rig.gateway->connections() == 0; }));
  flood.join();
}

TEST(Gateway, a_broker_that_goes_takes_its_clients_along) {
  FakeBroker broker;
  GatewayRig rig(broker.port());
  auto client = rig.connect();
  client.send(bytes_of(Connect{.version = v5, .client_id = "c"}, v5));
  admit(broker, client, v5).close();
  EXPECT_EQ(hex(client.drain()), "E00180");
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(eventually([&] { return rig.gateway->connections() == 0; }));
}

TEST(Gateway, kicking_ends_the_connection_of_that_id_only) {
  FakeBroker broker;
  GatewayRig rig(broker.port());
  auto one = rig.connect();
  one.send(bytes_of(Connect{.version = v5, .client_id = "one"}, v5));
  auto broker_one = admit(broker, one, v5);
  auto two = rig.connect();
  two.send(bytes_of(Connect{.version = v5, .client_id = "two"}, v5));
  auto broker_two = admit(broker, two, v5);
  rig.gateway->kick("one");
  EXPECT_EQ(hex(one.drain()), "E00198");
  EXPECT_EQ(broker_one.drain(), "");
  EXPECT_TRUE(broker_one.ended());
  two.send(unhex("C000"));
  EXPECT_EQ(hex(broker_two.packet()), "C000");
}

TEST(Gateway, draining_tells_the_clients_and_ends) {
  FakeBroker broker;
  GatewayRig rig(broker.port());
  auto client = rig.connect();
  client.send(bytes_of(Connect{.version = v5, .client_id = "c"}, v5));
  auto upstream = admit(broker, client, v5);
  rig.gateway->drain();
  EXPECT_EQ(hex(client.drain()), "E0018B");
  EXPECT_TRUE(eventually([&] { return rig.gateway->connections() == 0; }));
  EXPECT_FALSE(rig.connect().ok());
}

TEST(Gateway, a_late_verdict_for_a_client_that_went_away_is_dropped) {
  FakeBroker broker;
  std::mutex mutex;
  std::move_only_function<void(ConnectOutcome)> pending;
  SystemClock clock;
  Log log(clock, LogLevel::error, LogFormat::human);
  Metrics metrics;
  net::IoPool pool({.threads = 1}, clock, log, metrics);
  pool.start();
  GatewayOptions options;
  options.listeners.push_back({.name = "mqtt"});
  options.broker_port = broker.port();
  auto gateway = Gateway::start(pool, std::move(options), [&](ConnectRequest, auto done) {
    const std::lock_guard lock(mutex);
    pending = std::move(done);
  });
  ASSERT_TRUE(gateway);
  {
    auto client = Socket::connect((*gateway)->port());
    client.send(bytes_of(Connect{.client_id = "c"}, v4));
    ASSERT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex);
      return pending != nullptr;
    }));
  }
  ASSERT_TRUE(eventually([&] { return (*gateway)->connections() == 0; }));
  Policy policy;
  pending(Accepted{.guard = std::make_unique<ScriptedGuard>(policy), .broker_client_id = "b"});
  EXPECT_FALSE(broker.accept(Millis(100)).ok());
  pool.stop();
}

TEST(Gateway, a_port_in_use_is_an_error) {
  FakeBroker broker;
  SystemClock clock;
  Log log(clock, LogLevel::error, LogFormat::human);
  Metrics metrics;
  net::IoPool pool({.threads = 1}, clock, log, metrics);
  GatewayOptions options;
  options.listeners.push_back({.name = "mqtt", .port = broker.port()});
  const auto gateway = Gateway::start(pool, std::move(options), [](ConnectRequest, auto) {});
  ASSERT_FALSE(gateway);
  EXPECT_EQ(gateway.error().reason.slug(), "listener.bind");
}

}  // namespace
}  // namespace allauth::mqtt
