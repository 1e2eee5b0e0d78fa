// What hostile peers send, as hand-built HTTP/2 frames (RFC 9113): the server stays up, its memory does
// not grow, and others are served.

#include <fstream>

#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

#include "net/rpc/test_frames.h"

namespace allauth::net {
namespace {

using rpc::StatusCode;

// Memory in use. The address sanitizer keeps what was freed, but knows what is not.
#if __has_feature(address_sanitizer)
std::size_t bytes_in_use() { return __sanitizer_get_current_allocated_bytes(); }
#else
std::size_t bytes_in_use() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * 4096;
}
#endif

// Others are served, and at the end no more memory is in use than such a test has reason to.
class RpcAbuse : public testing::Test {
 protected:
  explicit RpcAbuse(RpcLimits limits = {}) : RpcAbuse(limits, {}) {}
  RpcAbuse(RpcLimits limits, ListenerOptions options)
      : test({{"/t.T/Echo", echo},
              {"/t.T/Keep",
               [this](CallPtr call) {
                 std::lock_guard lock(mutex);
                 kept.push_back(std::move(call));
               }},
              {"/t.T/Pour", pour}},
             limits, std::move(options), [](std::string_view method) { return method == "/t.T/Pour"; }),
        client(test.client()) {
    serves();
    before = bytes_in_use();
  }
  void TearDown() override {
    serves();
    EXPECT_TRUE(eventually([&] { return bytes_in_use() < before + grown_at_most; }))
        << bytes_in_use() << " bytes instead of " << before;
  }
  void serves() {
    const auto reply = client->call({.method = "/t.T/Echo"}, "still there");
    EXPECT_EQ(reply.end.status.code, StatusCode::ok) << reply.end.status.message;
    EXPECT_EQ(reply.message, "still there");
  }
  static void pour(CallPtr call) {
    call->write(std::string(100'000, 'x'), [call](bool taken) {
      if (taken) pour(call);
    });
  }

  std::mutex mutex;
  std::vector<CallPtr> kept;
  TestServer test;
  std::unique_ptr<RpcClient> client;
  std::size_t before = 0;
  std::size_t grown_at_most = 64 * 1024 * 1024;
};

RpcLimits impatient() {
  RpcLimits limits;
  limits.write_patience = Millis(300);
  limits.call_time = Millis(300);
  limits.unheard_bytes = 2 * 1024 * 1024;
  return limits;
}
ListenerOptions hasty() {
  ListenerOptions options;
  options.handshake_timeout = Millis(300);
  return options;
}
class RpcImpatience : public RpcAbuse {
 protected:
  RpcImpatience() : RpcAbuse(impatient(), hasty()) {}
};

TEST_F(RpcAbuse, what_is_not_http2_is_cut) {
  for (const std::string_view text :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01", "PRI * HTTP/1.0"}) {
    Client peer(test.server->port());
    peer.send(std::string(text) + std::string(100'000, 'x'));
    peer.read_to_end();
    EXPECT_TRUE(peer.ended());
  }
}

TEST_F(RpcImpatience, who_says_nothing_is_cut) {
  Client silent(test.server->port());
  Client half(test.server->port());
  half.send(kPreface);
  silent.read_to_end();
  half.read_to_end();
  EXPECT_TRUE(silent.ended() && half.ended());
  EXPECT_TRUE(eventually([&] { return test.server->connections() == 1; }));
}

TEST_F(RpcImpatience, a_call_without_a_deadline_gets_one) {
  Peer peer(test);
  peer.send(frame(kHeaders, kEndHeaders, 1, head("/t.T/Keep")));
  ASSERT_TRUE(eventually([&] {
    std::lock_guard lock(mutex);
    return kept.size() == 1;
  }));
  EXPECT_NE(kept[0]->head().deadline, Tick::max());
  EXPECT_TRUE(eventually([&] { return test.server->in_flight() == 0; }));
}

TEST_F(RpcImpatience, a_call_whose_message_never_comes_ends) {
  Peer peer(test);
  peer.send(frame(kHeaders, kEndHeaders, 1, head("/t.T/Echo")) +
            frame(kData, 0, 1, std::string("\0\0\0\0\x64half", 9)));
  ASSERT_TRUE(eventually([&] { return test.server->in_flight() == 1; }));
  EXPECT_TRUE(eventually([&] { return test.server->in_flight() == 0; }));
}

TEST_F(RpcImpatience, who_asks_for_much_and_reads_nothing_is_cut) {
  Peer peer(test);
  peer.send(settings(4, 0x7FFFFFFF) + frame(kWindow, 0, 0, big_endian(0x7FFF0000, 4)));
  for (std::uint32_t stream = 1; stream < 101; stream += 2)
    peer.send(frame(kHeaders, kEndHeaders | kEndStream, stream, head("/t.T/Pour")));
  ASSERT_TRUE(eventually([&] { return test.server->in_flight() > 10; }));
  EXPECT_TRUE(eventually([&] { return test.server->in_flight() == 0; }));
  EXPECT_TRUE(eventually([&] { return test.server->connections() == 1; }));
}

TEST_F(RpcImpatience, a_window_that_never_opens_holds_no_more_than_one_message) {
  Peer peer(test);
  peer.send(settings(4, 0));
  for (std::uint32_t stream = 1; stream < 101; stream += 2)
    peer.send(frame(kHeaders, kEndHeaders | kEndStream, stream, head("/t.T/Pour")));
  ASSERT_TRUE(eventually([&] { return test.server->in_flight() > 10; }));
  EXPECT_TRUE(eventually([&] { return test.server->in_flight() == 0; }));
}

TEST_F(RpcAbuse, headers_without_end_take_no_memory) {
  Peer peer(test);
  peer.send(frame(kHeaders, 0, 1, head("/t.T/Echo")));
  const auto more = field("x-a", std::string(100, 'a'));
  std::string block;
  while (block.size() + more.size() < 16'000) block += more;
  EXPECT_FALSE(peer.flood(frame(kMore, 0, 1, block), 30'000));  // 480 MB
}

TEST_F(RpcAbuse, empty_continuations_without_end_take_no_memory) {
  Peer peer(test);
  peer.send(frame(kHeaders, 0, 1, head("/t.T/Echo")));
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += frame(kMore, 0, 1, "");
  peer.flood(many, 1'000);
}

TEST_F(RpcAbuse, a_header_table_bomb_is_refused) {
  Peer peer(test);
  // One long value into the table, then references to it, a byte each (RFC 7541 §6.1).
  const auto long_field = field("x-a", std::string(120, 'a')).replace(0, 1, "\x40");
  const auto block = head("/t.T/Keep") + long_field + std::string(8'000, '\xBE');
  for (std::uint32_t stream = 1; stream < 201; stream += 2)
    if (!peer.send(frame(kHeaders, kEndHeaders, stream, block))) break;
  serves();
  EXPECT_TRUE(eventually(
      [&] { return test.io.metric(R"(allauth_rpc_refused_total{listener="main",cause="metadata"})") > 0; }));
  EXPECT_TRUE(kept.empty());
}

TEST_F(RpcAbuse, floods_of_questions_that_nobody_reads_the_answers_of_take_no_memory) {
  const std::string floods[] = {frame(kPing, 0, 0, "12345678"),
                                frame(kSettings, 0, 0, ""),
                                settings(1, 0),
                                frame(kPriority, 0, 1, std::string(5, '\0')),
                                frame(kWindow, 0, 0, big_endian(1, 4)),
                                frame(kReset, 0, 1, big_endian(8, 4))};
  for (const auto& one : floods) {
    Peer peer(test);
    std::string many;
    for (int i = 0; i < 1'000; ++i) many += one;
    // The server may stop reading, so this side must not wait.
    std::thread flooding([&] { peer.flood(many, 1'000); });
    serves();
    ::shutdown(peer.descriptor(), SHUT_WR);
    flooding.join();
  }
}

TEST_F(RpcAbuse, more_streams_than_allowed_are_refused) {
  Peer peer(test);
  for (std::uint32_t stream = 1; stream < 2'001; stream += 2)
    if (!peer.send(frame(kHeaders, kEndHeaders, stream, head("/t.T/Keep")))) break;
  serves();
  EXPECT_TRUE(eventually([&] { return test.server->in_flight() <= 2 * RpcLimits{}.streams; }));
  std::lock_guard lock(mutex);
  kept.clear();
}

TEST_F(RpcAbuse, a_message_beyond_all_limits_is_not_taken_to_its_end) {
  grown_at_most = 1024 * 1024 * 1024;  // this side's own buffers are in it
  auto target = test.target();
  target.message_bytes = 1'000'000'000;
  const auto reply =
      must(RpcClient::make(target))
          ->call({.method = "/t.T/Echo", .timeout = Seconds(20)}, std::string(400'000'000, 'x'));
  EXPECT_EQ(reply.end.status.code, StatusCode::unavailable) << reply.end.status.message;
}

// Calls that are begun and taken back at once ("rapid reset"), by the caller or by what it makes the server
// do. The head is in the table after the first: few bytes begin a call.
std::string known_head(std::uint32_t stream, std::string_view path) {
  static const std::pair<std::string_view, std::string_view> kRest[] = {{":method", "POST"},
                                                                        {":scheme", "http"},
                                                                        {":authority", "x"},
                                                                        {"te", "trailers"},
                                                                        {"content-type", "application/grpc"}};
  std::string block;
  if (stream == 1) {
    for (const auto& [name, value] : kRest) block += field(name, value).replace(0, 1, "\x40");
    return block + field(":path", path).replace(0, 1, "\x40");
  }
  for (int index = 67; index > 61; --index) block += static_cast<char>(0x80 | index);
  return block;
}

struct TakenBack {
  std::string_view path;
  std::uint8_t flags;
  std::string (*then)(std::uint32_t stream);

  std::string operator()(std::uint32_t stream) const {
    return frame(kHeaders, kEndHeaders | flags, stream, known_head(stream, path)) + then(stream);
  }
};
std::string reset(std::uint32_t stream) { return frame(kReset, 0, stream, big_endian(8, 4)); }

const TakenBack kTakenBack[] = {
    {"/t.T/Echo", 0, reset},
    {"/t.T/Pour", kEndStream, reset},
    {"/t.T/Echo", 0,
     [](std::uint32_t stream) {  // half a message
       return frame(kData, 0, stream, std::string("\0\0\x0F\0\0half", 9)) + reset(stream);
     }},
    {"/t.T/Echo", 0,
     [](std::uint32_t stream) {  // a window beyond all: the server takes it back
       return frame(kWindow, 0, stream, big_endian(0x7FFFFFFF, 4));
     }},
    {"/t.T/Echo", kEndStream, [](std::uint32_t stream) { return frame(kData, 0, stream, "late"); }}};

TEST_F(RpcAbuse, calls_that_are_taken_back_take_no_memory_meanwhile) {
  const auto attack = [&](const TakenBack& way) {
    std::size_t most = 0;
    Peer peer(test);
    // Who does not read what comes back is not read from for long.
    const timeval patience{.tv_sec = 0, .tv_usec = 200'000};
    ::setsockopt(peer.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    for (std::uint32_t stream = 1; stream < 40'000;) {
      std::string many;
      for (int i = 0; i < 100; ++i, stream += 2) many += way(stream);
      if (!peer.send(many)) break;
      most = std::max(most, bytes_in_use());
    }
    return most;
  };
  const auto round = [&] {
    std::size_t most = 0;
    for (const auto& way : kTakenBack) {
      for (int again = 0; again < 4; ++again) most = std::max(most, attack(way));
      serves();
      EXPECT_TRUE(
          eventually([&] { return test.server->connections() == 1 && test.server->in_flight() == 0; }));
      most = std::max(most, bytes_in_use());
    }
    return most;
  };
  // The library holds what it is behind with, some KB for each call; a second time adds little to that.
  grown_at_most = 256 * 1024 * 1024;
  const auto first = round();
  EXPECT_LT(round(), first + grown_at_most);
  before = first;
  EXPECT_GT(test.io.metric(R"(allauth_rpc_connections_cut_total{listener="main",cause="resets"})"), 0);
}

TEST_F(RpcAbuse, frames_that_break_the_protocol_end_their_connection_only) {
  const std::string broken[] = {
      frame(kData, 0, 0, "x"),                                      // data of no stream
      frame(kHeaders, kEndHeaders, 0, head("/t.T/Echo")),           // a head of no stream
      frame(kHeaders, kEndHeaders, 1, "\xFF\xFF\xFF\xFF\xFF\xFF"),  // no HPACK
      frame(kMore, kEndHeaders, 1, ""),                             // continues nothing
      frame(kSettings, 0, 0, "x"),                                  // half a setting
      settings(4, 0xFFFFFFFF),                                      // a window beyond all
      frame(kPush, kEndHeaders, 1, "1234"),                         // clients do not push
      std::string("\xFF\xFF\xFF\x00\x00\x00\x00\x00\x01", 9),       // a frame of 16 MB
  };
  for (const auto& one : broken) {
    Peer peer(test);
    peer.send(one);
    peer.finish();
    peer.read_to_end();
    EXPECT_TRUE(peer.ended());
  }
}

}  // namespace
}  // namespace allauth::net
