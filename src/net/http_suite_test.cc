// The malformed-request vectors of llhttp: what a strict parser rejects must end in a 4xx or a closed
// connection and reach no handler; what it accepts must be framed as it says.
#include <atomic>
#include <cstdlib>
#include <set>

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "net/http_chunked.h"
#include "net/http_head.h"
#include "net/test_support.h"

namespace allauth::net {
namespace {

// Where the third-party test data is, if it is there.
std::filesystem::path suites() {
  const char* set = std::getenv("ALLAUTH_SUITES");
  return set ? std::filesystem::path(set)
             : std::filesystem::path(ALLAUTH_SOURCE_DIR) / ".." / "shared" / "suites";
}

struct Vector {
  std::string id, result, bytes;
  std::size_t messages = 0;
};

// The suite shows bytes as Latin-1 text.
std::string from_latin1(std::string_view utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      bytes += utf8[i];
    } else {
      ++i;
      bytes += static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(utf8[i]) & 0x3F));
    }
  }
  return bytes;
}

std::vector<Vector> load() {
  std::ifstream in(suites() / "http" / "requests.json");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  std::vector<Vector> vectors;
  if (text.empty()) return vectors;
  const auto parsed = boost::json::parse(text);
  for (const auto& value : parsed.as_object().at("cases").as_array()) {
    const auto& c = value.as_object();
    vectors.push_back({.id = c.at("id").as_string().c_str(),
                       .result = c.at("result").as_string().c_str(),
                       .bytes = from_latin1(c.at("input_text").as_string()),
                       .messages = c.at("messages_complete").to_number<std::size_t>()});
  }
  return vectors;
}

// Many vectors lack a Host, which alone gets them refused; with one, their own fault must do it.
std::string with_host(const std::string& bytes) {
  const auto end = bytes.find("\r\n", bytes.starts_with("\r\n") ? 2 : 0);
  if (end == std::string::npos || bytes.find("Host:") != std::string::npos) return bytes;
  return bytes.substr(0, end) + "\r\nHost: x" + bytes.substr(end);
}

struct Outcome {
  std::size_t handled = 0;
  std::string answers;
};

Outcome run(const std::string& bytes) {
  static TestPool test;
  std::atomic<std::size_t> handled{0};
  const auto server = must(HttpServer::start(test.pool, {}, {}, [&](http::Request, http::Responder respond) {
    ++handled;
    respond({.status = 200, .headers = {}, .body = "handled"});
  }));
  Client client(server->port());
  client.send(bytes);
  client.finish();
  Outcome outcome{.answers = client.read_to_end()};
  outcome.handled = handled;
  return outcome;
}

std::size_t count(std::string_view text, std::string_view piece) {
  std::size_t n = 0;
  for (auto at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

// Rejected by llhttp for a method that it does not know, or only for RTSP. They are well-formed HTTP:
// refusing such a method (405, 501) is the face's business.
const std::set<std::string> kOnlyTheMethod = {"invalid/4", "invalid/14"};

TEST(HttpSuite, RejectedRequestsReachNoHandler) {
  const auto vectors = load();
  if (vectors.empty()) GTEST_SKIP() << "no suite in " << suites();
  std::size_t checked = 0;
  for (const auto& vector : vectors) {
    if (vector.result != "reject") continue;
    for (const auto& bytes : {vector.bytes, with_host(vector.bytes)}) {
      const bool well_formed = kOnlyTheMethod.contains(vector.id) && bytes.find("Host:") != std::string::npos;
      const std::size_t allowed = well_formed ? 1 : vector.messages;
      const auto outcome = run(bytes);
      EXPECT_LE(outcome.handled, allowed) << vector.id << "\n" << bytes << "\n" << outcome.answers;
      EXPECT_EQ(count(outcome.answers, "handled"), outcome.handled) << vector.id;
      EXPECT_LE(count(outcome.answers, "HTTP/1.1 4") + count(outcome.answers, "HTTP/1.1 5"), 1U) << vector.id;
      ++checked;
    }
  }
  EXPECT_GE(checked, 68U);
}

TEST(HttpSuite, AcceptedRequestsAreFramedAsTheySay) {
  const auto vectors = load();
  if (vectors.empty()) GTEST_SKIP() << "no suite in " << suites();
  // Refused here on purpose: other protocols, "*" without OPTIONS, a fragment in the target, user
  // information, a transfer coding that is not offered.
  const std::set<std::string> refused = {"method/12", "method/13", "method/5",
                                         "uri/8",     "uri/10",    "transfer-encoding/20"};
  std::size_t checked = 0;
  for (const auto& vector : vectors) {
    if (vector.result != "accept") continue;
    const auto outcome = run(with_host(vector.bytes));
    if (refused.contains(vector.id))
      EXPECT_EQ(outcome.handled, 0U) << vector.id;
    else
      EXPECT_EQ(outcome.handled, vector.messages) << vector.id << "\n"
                                                  << vector.bytes << "\n"
                                                  << outcome.answers;
    ++checked;
  }
  EXPECT_GE(checked, 33U);
}

// There is no other protocol to change to: such a request is one of HTTP/1.1, what follows it is the next,
// and CONNECT is refused.
TEST(HttpSuite, UpgradesAreNotTakenUp) {
  const auto vectors = load();
  if (vectors.empty()) GTEST_SKIP() << "no suite in " << suites();
  const std::set<std::string> connects = {"method/2", "uri/9"};
  std::size_t checked = 0;
  for (const auto& vector : vectors) {
    if (vector.result != "upgrade") continue;
    const auto outcome = run(with_host(vector.bytes));
    EXPECT_EQ(outcome.handled, connects.contains(vector.id) ? 0U : 1U) << vector.id << outcome.answers;
    EXPECT_EQ(count(outcome.answers, "101 "), 0U) << vector.id;
    ++checked;
  }
  EXPECT_GE(checked, 5U);
}

}  // namespace
}  // namespace allauth::net
