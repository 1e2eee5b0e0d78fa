#include "net/http_head.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/http_chunked.h"
#include "net/http_problem.h"
#include "net/http_response.h"

namespace allauth::net {
namespace {

constexpr std::string_view kHost = "Host: example.org\r\n";

Result<RequestHead> parse(std::string_view text, HttpLimits limits = {}) {
  HeadScanner scanner;
  TRY(const auto size, scanner.find(text, limits));
  if (size == 0) return fail(Code::invalid, "test.incomplete", "The head is not complete.");
  return parse_head(text.substr(scanner.start(), size - scanner.start()), limits);
}

std::string reason_of(std::string_view text, HttpLimits limits = {}) {
  const auto head = parse(text, limits);
  return head ? "accepted" : std::string(head.error().reason.slug());
}

std::string with_host(std::string_view fields) {
  return std::string("POST /x HTTP/1.1\r\n") + std::string(kHost) + std::string(fields) + "\r\n";
}

TEST(RequestHeads, AreSplitIntoTheirParts) {
  const auto head = parse("GET /a%20b/c?x=1&y=?z HTTP/1.1\r\nHost: h:80\r\nX-Two:  a\tb \r\nEmpty:\r\n\r\n");
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->request.method, "GET");
  EXPECT_EQ(head->request.path, "/a%20b/c");
  EXPECT_EQ(head->request.query, "x=1&y=?z");
  ASSERT_EQ(head->request.headers.size(), 3U);
  EXPECT_EQ(head->request.headers[1].name, "X-Two");
  EXPECT_EQ(head->request.headers[1].value, "a\tb");
  EXPECT_EQ(head->request.headers[2].value, "");
  EXPECT_TRUE(head->keep_alive);
  EXPECT_FALSE(head->has_body());
}

struct TargetCase {
  std::string line;
  std::string path;  // or the reason, if refused
  std::string query;
};

TEST(RequestHeads, TakeEveryFormOfTarget) {
  const TargetCase cases[] = {
      {"GET / HTTP/1.1", "/", ""},
      {"GET /? HTTP/1.1", "/", ""},
      {"GET //double HTTP/1.1", "//double", ""},
      {"GET http://other.org HTTP/1.1", "/", ""},
      {"GET HTTP://other.org:81/p?q HTTP/1.1", "/p", "q"},
      {"GET http://other.org?q HTTP/1.1", "/", "q"},
      {"OPTIONS * HTTP/1.1", "*", ""},
      {"GET * HTTP/1.1", "http.target.invalid", ""},
      {"GET other.org:80 HTTP/1.1", "http.target.invalid", ""},
      {"GET ftp://other.org/ HTTP/1.1", "http.target.invalid", ""},
      {"GET http:///p HTTP/1.1", "http.target.invalid", ""},
      {"GET http://user@other.org/ HTTP/1.1", "http.target.invalid", ""},
      {"GET /a#b HTTP/1.1", "http.target.invalid", ""},
      {"GET /a\x01 HTTP/1.1", "http.target.invalid", ""},
      {"GET /\xC3\xA9 HTTP/1.1", "http.target.invalid", ""},
      {"GET /a b HTTP/1.1", "http.target.invalid", ""},
      {"GET  / HTTP/1.1", "http.target.invalid", ""},
      {"CONNECT other.org:443 HTTP/1.1", "http.method.connect", ""},
      {"TRACE / HTTP/1.1", "http.method.trace", ""},
  };
  for (const auto& c : cases) {
    const auto head = parse(c.line + "\r\nHost: example.org\r\n\r\n");
    EXPECT_EQ(head ? head->request.path : std::string(head.error().reason.slug()), c.path) << c.line;
    if (head) {
      EXPECT_EQ(head->request.query, c.query) << c.line;
    }
  }
}

TEST(RequestHeads, LetTheAuthorityOfTheTargetWinOverHost) {
  const auto head = parse("GET http://real.org/ HTTP/1.1\r\nHost: other.org\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(http::find_header(head->request.headers, "host"), "real.org");
}

struct RefusedCase {
  std::string text;
  std::string reason;
};

TEST(RequestHeads, AreRefusedWhenTwoParsersCouldReadThemDifferently) {
  const RefusedCase cases[] = {
      {"GET / HTTP/1.1\nHost: x\r\n\r\n", "http.line_end.invalid"},
      {"GET / HTTP/1.1\r\nHost: x\n\r\n", "http.line_end.invalid"},
      {"GET / HTTP/1.1\r\nHost: x\r\n\n", "http.line_end.invalid"},
      {"\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "http.request_line.invalid"},
      {"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "http.request_line.invalid"},
      {"\x16\x03\x01", "http.request_line.invalid"},
      {" GET / HTTP/1.1\r\nHost: x\r\n\r\n", "http.request_line.invalid"},
      {"GET /\r\n\r\n", "http.request_line.invalid"},
      {"GET / HTTP/1.1 \r\nHost: x\r\n\r\n", "http.request_line.invalid"},
      {"GET / http/1.1\r\nHost: x\r\n\r\n", "http.request_line.invalid"},
      {"GET / HTTP/1.10\r\nHost: x\r\n\r\n", "http.request_line.invalid"},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", "http.version.unsupported"},
      {"GET / HTTP/1.2\r\nHost: x\r\n\r\n", "http.version.unsupported"},
      {"G(T / HTTP/1.1\r\nHost: x\r\n\r\n", "http.method.invalid"},
      {std::string(33, 'A') + " / HTTP/1.1\r\nHost: x\r\n\r\n", "http.method.invalid"},
      {"GET / HTTP/1.1\r\n\r\n", "http.host.missing"},
      {"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", "http.host.repeated"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "http.host.invalid"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "http.host.invalid"},
      {with_host("X : y\r\n"), "http.header.invalid"},
      {with_host(" X: y\r\n"), "http.header.folded"},
      {with_host("A: b\r\n\tc\r\n"), "http.header.folded"},
      {with_host(": y\r\n"), "http.header.invalid"},
      {with_host("nocolon\r\n"), "http.header.invalid"},
      {with_host("A: b\rc\r\n"), "http.header.invalid"},
      {with_host(std::string("A: b\0c\r\n", 8)), "http.header.invalid"},
      {with_host("A: b\x7F\r\n"), "http.header.invalid"},
      {with_host("A\x80: b\r\n"), "http.header.invalid"},
      {with_host("Content-Length: 5\r\nContent-Length: 5\r\n"), "http.content_length.repeated"},
      {with_host("Content-Length: 5\r\ncontent-length: 6\r\n"), "http.content_length.repeated"},
      {with_host("Content-Length: 5, 5\r\n"), "http.content_length.invalid"},
      {with_host("Content-Length: +5\r\n"), "http.content_length.invalid"},
      {with_host("Content-Length: -1\r\n"), "http.content_length.invalid"},
      {with_host("Content-Length: 0x5\r\n"), "http.content_length.invalid"},
      {with_host("Content-Length: 5 5\r\n"), "http.content_length.invalid"},
      {with_host("Content-Length:\r\n"), "http.content_length.invalid"},
      {with_host("Content-Length: 18446744073709551616\r\n"), "http.content_length.invalid"},
      {with_host("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "http.framing.ambiguous"},
      {with_host("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), "http.framing.ambiguous"},
      {with_host("Transfer-Encoding: gzip, chunked\r\n"), "http.transfer_encoding.invalid"},
      {with_host("Transfer-Encoding: chunked, chunked\r\n"), "http.transfer_encoding.invalid"},
      {with_host("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       "http.transfer_encoding.invalid"},
      {with_host("Transfer-Encoding: identity\r\n"), "http.transfer_encoding.invalid"},
      {with_host("Transfer-Encoding: \"chunked\"\r\n"), "http.transfer_encoding.invalid"},
      {with_host("Transfer-Encoding: chunked;q=1\r\n"), "http.transfer_encoding.invalid"},
      {with_host("Transfer-Encoding:\r\n"), "http.transfer_encoding.invalid"},
      {with_host("Expect: 200-ok\r\n"), "http.expectation.unknown"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "http.transfer_encoding.invalid"},
  };
  for (const auto& c : cases) EXPECT_EQ(reason_of(c.text), c.reason) << c.text;
}

TEST(RequestHeads, AreAcceptedAtTheEdgesOfTheGrammar) {
  for (const auto& text : {
           with_host("Transfer-Encoding: CHUNKED\r\n"),
           with_host("Content-Length:\t007 \r\n"),
           with_host("X: caf\xC3\xA9 \xFF\r\n"),
           with_host("!#$%&'*+-.^_`|~: v\r\n"),
           std::string("\r\n\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n"),
           std::string("GET / HTTP/1.0\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
           std::string("M-SEARCH /|{\"} HTTP/1.1\r\nHost: x\r\n\r\n"),
       })
    EXPECT_EQ(reason_of(text), "accepted") << text;
}

struct KeepCase {
  std::string version;
  std::string fields;
  bool keep;
};

TEST(RequestHeads, SayWhetherTheConnectionStays) {
  const KeepCase cases[] = {
      {"1.1", "", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: x, CLOSE ,y\r\n", false},
      {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
      {"1.1", "Connection: closed\r\n", true},
      {"1.0", "", false},
      {"1.0", "Connection: Keep-Alive\r\n", true},
      {"1.0", "Connection: keep-alive, close\r\n", false},
  };
  for (const auto& c : cases) {
    const auto head = parse("GET / HTTP/" + c.version + "\r\n" + std::string(kHost) + c.fields + "\r\n");
    ASSERT_TRUE(head);
    EXPECT_EQ(head->keep_alive, c.keep) << c.version << " " << c.fields;
  }
}

TEST(RequestHeads, AreBounded) {
  HttpLimits limits;
  limits.head_bytes = 300;
  limits.target_bytes = 50;
  limits.headers = 3;
  EXPECT_EQ(reason_of("GET /" + std::string(49, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", limits), "accepted");
  EXPECT_EQ(reason_of("GET /" + std::string(50, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", limits),
            "http.target.too_long");
  EXPECT_EQ(reason_of("GET /" + std::string(200, 'a'), limits), "http.target.too_long");
  EXPECT_EQ(reason_of(with_host("A: 1\r\nB: 2\r\n"), limits), "accepted");
  EXPECT_EQ(reason_of(with_host("A: 1\r\nB: 2\r\nC: 3\r\n"), limits), "http.header.too_many");
  EXPECT_EQ(reason_of(with_host("A: " + std::string(300, 'x')), limits), "http.header.too_large");
  EXPECT_EQ(reason_of(with_host("A: " + std::string(100, 'x')), limits), "test.incomplete");
}

TEST(RequestHeads, AreFoundHoweverTheBytesArrive) {
  const std::string text = "\r\nPOST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n";
  HeadScanner scanner;
  for (std::size_t n = 1; n < text.size(); ++n) {
    const auto found = scanner.find(text.substr(0, n), {});
    ASSERT_TRUE(found) << n;
    ASSERT_EQ(*found, 0U) << n;
  }
  EXPECT_EQ(scanner.find(text + "ab", {}).value(), text.size());
  EXPECT_EQ(scanner.start(), 2U);
}

struct ChunkCase {
  std::string text;
  std::string outcome;  // the body, or the reason
};

std::string decode(const std::string& text, std::size_t step, HttpLimits limits = {}) {
  ChunkDecoder decoder(limits);
  std::string body;
  for (std::size_t at = 0; at < text.size() && !decoder.done(); at += step) {
    const auto taken = decoder.feed(std::string_view(text).substr(at, step), body);
    if (!taken) return std::string(taken.error().reason.slug());
  }
  return decoder.done() ? body : "incomplete";
}

TEST(ChunkedBodies, AreDecodedStrictly) {
  const ChunkCase cases[] = {
      {"5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n", "hello world"},
      {"0\r\n\r\n", ""},
      {"A;a;b=c;d=\"e;\\\" f\"\r\n0123456789\r\n0;z\r\nVary: *\r\nX: y\r\n\r\n", "0123456789"},
      {"000000000000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
      {"0000000000000000a\r\n", "http.chunk.invalid"},
      {"5\r\nhello\r\n0\r\n", "incomplete"},
      {"5\r\nhelloX\r\n", "http.chunk.invalid"},
      {"5\r\nhello\n0\r\n\r\n", "http.chunk.invalid"},
      {"5\nhello\r\n", "http.line_end.invalid"},
      {"5 \r\nhello\r\n", "http.chunk.invalid"},
      {" 5\r\nhello\r\n", "http.chunk.invalid"},
      {"5 ;a\r\nhello\r\n", "http.chunk.invalid"},
      {"-1\r\n", "http.chunk.invalid"},
      {"0x5\r\nhello\r\n", "http.chunk.invalid"},
      {"\r\n", "http.chunk.invalid"},
      {"g\r\n", "http.chunk.invalid"},
      {"5;\r\nhello\r\n", "http.chunk.invalid"},
      {"5;a=\r\nhello\r\n", "http.chunk.invalid"},
      {"5;a=\"b\r\nhello\r\n", "http.chunk.invalid"},
      {"5;a=\"b\"c\r\nhello\r\n", "http.chunk.invalid"},
      {"5;a\rb\r\nhello\r\n", "http.chunk.invalid"},
      {"0\r\nbad trailer\r\n\r\n", "http.header.invalid"},
      {"0\r\nA: b\r\n c\r\n\r\n", "http.header.folded"},
      {"FFFFFFFFFFFFFFFF\r\n", "http.body.too_large"},
  };
  for (const auto& c : cases)
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, c.text.size()})
      EXPECT_EQ(decode(c.text, step), c.outcome) << c.text << " in steps of " << step;
}

TEST(ChunkedBodies, AreBounded) {
  HttpLimits limits;
  limits.body_bytes = 8;
  limits.head_bytes = 64;
  limits.headers = 2;
  EXPECT_EQ(decode("4\r\nabcd\r\n4\r\nefgh\r\n0\r\n\r\n", 1, limits), "abcdefgh");
  EXPECT_EQ(decode("4\r\nabcd\r\n5\r\nefghi\r\n0\r\n\r\n", 1, limits), "http.body.too_large");
  EXPECT_EQ(decode("1;" + std::string(100, 'a'), 1, limits), "http.header.too_large");
  EXPECT_EQ(decode("0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", 1, limits), "http.header.too_many");
  std::string many;
  for (int i = 0; i < 5; ++i) many += "1;aaaaaaaaaaaaaaaa\r\nx\r\n";
  EXPECT_EQ(decode(many, 7, limits), "http.header.too_large");
}

TEST(Responses, AreFramedByTheTransport) {
  http::Response response{
      .status = 200, .headers = {{"X", "y"}, {"content-length", "99"}, {"Date", "no"}}, .body = "hi"};
  std::string out;
  EXPECT_TRUE(append_response_head(out, response, {.date = "now"}));
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nDate: now\r\nX: y\r\nContent-Length: 2\r\n\r\n");
  out.clear();
  EXPECT_FALSE(
      append_response_head(out, response, {.keep_alive = false, .head_request = true, .date = "now"}));
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nDate: now\r\nX: y\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
  response.status = 204;
  out.clear();
  EXPECT_FALSE(append_response_head(out, response, {.minor = 0, .date = "now"}));
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nDate: now\r\nX: y\r\nConnection: keep-alive\r\n\r\n");
}

TEST(Responses, ThatWouldSplitAreNotSendable) {
  EXPECT_TRUE(is_sendable({.status = 200, .headers = {{"X", "y"}}, .body = {}}));
  EXPECT_FALSE(is_sendable({.status = 200, .headers = {{"X", "y\r\nZ: 1"}}, .body = {}}));
  EXPECT_FALSE(is_sendable({.status = 200, .headers = {{"X Y", "z"}}, .body = {}}));
  EXPECT_FALSE(is_sendable({.status = 200, .headers = {{"", "z"}}, .body = {}}));
  EXPECT_FALSE(is_sendable({.status = 100, .headers = {}, .body = {}}));
}

TEST(Responses, CarryTheDateOfTheRfc) {
  EXPECT_EQ(http_date(from_millis(784111777'000)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(status_text(431), "Request Header Fields Too Large");
  EXPECT_EQ(status_text(299), "Unknown");
}

TEST(Problems, AreJsonWithAStableReason) {
  const auto response = make_problem(
      Error{.code = Code::exhausted, .reason = "http.header.too_large", .message = "Too \"big\"."});
  EXPECT_EQ(response.status, 431);
  EXPECT_EQ(response.body, R"({"type":"about:blank","status":431,"title":"Request Header Fields Too Large",)"
                           R"("reason":"http.header.too_large","detail":"Too \"big\"."})");
}

}  // namespace
}  // namespace allauth::net
