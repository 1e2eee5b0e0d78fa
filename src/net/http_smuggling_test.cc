// The known ways to make two HTTP parsers in a row see different requests in the same bytes, end to end: what
// the face is given, and what the client is told. Every vector ends with a request for /smuggled, or holds
// one where another parser would see it; the face must never get it unless it is a request of its own right.
#include <mutex>

#include <gmock/gmock.h>

#include "net/test_support.h"

namespace allauth::net {
namespace {

constexpr std::string_view kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

// What the face was given, and then what the client was told: "POST /a body=hello; 400 http.chunk.invalid".
// A request that was answered 200 is only the former.
std::string outcome(const std::string& bytes) {
  static TestPool test;
  std::mutex mutex;
  std::string seen;
  const auto server =
      must(HttpServer::start(test.pool, {}, {}, [&](http::Request r, http::Responder respond) {
        {
          const std::lock_guard lock(mutex);
          seen += fmt::format("{} {}{}{}; ", r.method, r.path, r.body.empty() ? "" : " body=", r.body);
        }
        respond({.status = 200, .headers = {}, .body = {}});
      }));
  Client client(server->port());
  client.send(bytes);
  client.finish();
  const std::string answers = client.read_to_end();
  const std::lock_guard lock(mutex);
  constexpr std::string_view kReason = "\"reason\":\"";
  if (const auto at = answers.find(kReason); at != std::string::npos) {
    const auto status = answers.rfind("HTTP/1.1 ", at);
    const auto from = at + kReason.size();
    seen += fmt::format("{} {}", answers.substr(status + 9, 3),
                        answers.substr(from, answers.find('"', from) - from));
  }
  return seen;
}

struct Vector {
  std::string_view name;
  std::string fields;  // after "POST /a HTTP/1.1" and Host, each line with its end
  std::string body;
  std::string outcome;
};

void check(const std::vector<Vector>& vectors) {
  for (const auto& v : vectors)
    EXPECT_EQ(
        outcome("POST /a HTTP/1.1\r\nHost: x\r\n" + v.fields + "\r\n" + v.body + std::string(kSmuggled)),
        v.outcome)
        << v.name;
}

TEST(Smuggling, FindsNoSecondWayToReadALength) {
  const std::string both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
  check({
      {"CL.TE", both, "0\r\n\r\n", "400 http.framing.ambiguous"},
      {"TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "5c\r\n",
       "400 http.framing.ambiguous"},
      {"CL.0", "Content-Length: 0\r\n", "", "POST /a; GET /smuggled; "},
      {"CL.CL equal", "Content-Length: 5\r\nContent-Length: 5\r\n", "hello",
       "400 http.content_length.repeated"},
      {"CL.CL different", "Content-Length: 5\r\nContent-Length: 0\r\n", "hello",
       "400 http.content_length.repeated"},
      {"CL as a list", "Content-Length: 5, 5\r\n", "hello", "400 http.content_length.invalid"},
      {"CL with plus", "Content-Length: +5\r\n", "hello", "400 http.content_length.invalid"},
      {"CL with minus", "Content-Length: -5\r\n", "hello", "400 http.content_length.invalid"},
      {"CL with a space in it", "Content-Length: 0 5\r\n", "hello", "400 http.content_length.invalid"},
      {"CL in hexadecimal", "Content-Length: 0x5\r\n", "hello", "400 http.content_length.invalid"},
      {"CL with an underscore", "Content-Length: 1_0\r\n", "hellohello", "400 http.content_length.invalid"},
      {"CL as a real number", "Content-Length: 5.0\r\n", "hello", "400 http.content_length.invalid"},
      {"CL in quotes", "Content-Length: \"5\"\r\n", "hello", "400 http.content_length.invalid"},
      {"CL that is empty", "Content-Length:\r\n", "", "400 http.content_length.invalid"},
      {"CL that overflows to 5", "Content-Length: 18446744073709551621\r\n", "hello",
       "400 http.content_length.invalid"},
      {"CL with leading zeros", "Content-Length: 0005\r\n", "hello", "POST /a body=hello; GET /smuggled; "},
      {"CL with blanks around it", "Content-Length: \t5 \r\n", "hello",
       "POST /a body=hello; GET /smuggled; "},
      {"CL with a blank before the colon", "Content-Length : 5\r\n", "hello", "400 http.header.invalid"},
      {"CL under another name", "Content_Length: 5\r\n", "", "POST /a; GET /smuggled; "},
      {"CL named in Connection", "Connection: close, content-length\r\nContent-Length: 5\r\n", "hello",
       "POST /a body=hello; "},
      {"CL folded", "Content-Length:\r\n 5\r\n", "hello", "400 http.content_length.invalid"},
  });
}

TEST(Smuggling, FindsNoSecondWayToReadATransferCoding) {
  const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
  const std::string refused = "400 http.transfer_encoding.invalid";
  check({
      {"chunked", "Transfer-Encoding: chunked\r\n", chunks, "POST /a body=hello; GET /smuggled; "},
      {"in capitals", "transfer-encoding: CHUNKED\r\n", chunks, "POST /a body=hello; GET /smuggled; "},
      {"TE.TE", "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n", chunks, refused},
      {"TE.TE the other way round", "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n", chunks,
       refused},
      {"TE twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunks, refused},
      {"TE as a list", "Transfer-Encoding: chunked, chunked\r\n", chunks, refused},
      {"TE behind another", "Transfer-Encoding: gzip, chunked\r\n", chunks, refused},
      {"TE before another", "Transfer-Encoding: chunked, identity\r\n", chunks, refused},
      {"TE identity", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello", refused},
      {"TE misspelled", "Transfer-Encoding: xchunked\r\n", chunks, refused},
      {"TE with a parameter", "Transfer-Encoding: chunked;q=1\r\n", chunks, refused},
      {"TE in quotes", "Transfer-Encoding: \"chunked\"\r\n", chunks, refused},
      {"TE with a comma", "Transfer-Encoding: ,chunked\r\n", chunks, refused},
      {"TE that is empty", "Transfer-Encoding:\r\n", "", refused},
      {"TE behind a vertical tab",
       "Transfer-Encoding: \x0B"
       "chunked\r\n",
       chunks, "400 http.header.invalid"},
      {"TE behind a NUL", std::string("Transfer-Encoding: \0chunked\r\n", 29), chunks,
       "400 http.header.invalid"},
      {"TE with a blank before the colon", "Transfer-Encoding : chunked\r\n", chunks,
       "400 http.header.invalid"},
      {"TE behind a blank", " Transfer-Encoding: chunked\r\n", chunks, "400 http.header.folded"},
      {"TE folded", "Transfer-Encoding:\r\n chunked\r\n", chunks, refused},
      {"TE folded behind another field", "X: y\r\n Transfer-Encoding: chunked\r\n", chunks,
       "400 http.header.folded"},
      {"TE behind a bare CR", "X: y\rTransfer-Encoding: chunked\r\n", chunks, "400 http.header.invalid"},
      {"TE behind a bare LF", "X: y\nTransfer-Encoding: chunked\r\n", chunks, "400 http.line_end.invalid"},
  });
}

TEST(Smuggling, FindsNoSecondWayToReadChunks) {
  const std::string te = "Transfer-Encoding: chunked\r\n";
  const std::string end = "0\r\n\r\n";
  const std::string refused = "400 http.chunk.invalid";
  check({
      {"an extension", te, "5;a=b;c=\"d;e\"\r\nhello\r\n" + end, "POST /a body=hello; GET /smuggled; "},
      {"an extension without a name", te, "5;\r\nhello\r\n" + end, refused},
      {"an extension behind a blank", te, "5 ;a=b\r\nhello\r\n" + end, refused},
      {"an extension with a bare LF", te, "5;a=b\nhello\r\n" + end, "400 http.line_end.invalid"},
      {"an extension with a bare CR", te, "5;a\rb\r\nhello\r\n" + end, refused},
      {"an extension with an open quote", te, "5;a=\"\r\nhello\r\n" + end, refused},
      {"too many extensions", te, "5;" + std::string(20'000, 'a') + "\r\nhello\r\n" + end,
       "431 http.header.too_large"},
      {"a size with a blank behind it", te, "5 \r\nhello\r\n" + end, refused},
      {"a size behind a blank", te, " 5\r\nhello\r\n" + end, refused},
      {"a size with 0x", te, "0x5\r\nhello\r\n" + end, refused},
      {"a size with a plus", te, "+5\r\nhello\r\n" + end, refused},
      {"a size with an underscore", te, "0_5\r\nhello\r\n" + end, refused},
      {"a size that overflows to 5", te, "10000000000000005\r\nhello\r\n" + end, refused},
      {"a size without digits", te, "\r\nhello\r\n" + end, refused},
      {"a size too small", te, "3\r\nhello\r\n" + end, refused},
      {"a size too large", te, "7\r\nhello\r\n" + end, refused},
      {"data that ends in a bare LF", te, "5\r\nhello\n" + end, refused},
      {"a last chunk that ends in a bare LF", te, "5\r\nhello\r\n0\n\n", "400 http.line_end.invalid"},
      {"a trailer", te, "5\r\nhello\r\n0\r\nX: y\r\n\r\n", "POST /a body=hello; GET /smuggled; "},
      {"a trailer that is folded", te, "0\r\nX: y\r\n z\r\n\r\n", "400 http.header.folded"},
      {"a trailer with a bare LF", te, "0\r\nX: y\n\r\n", "400 http.line_end.invalid"},
      {"a trailer that says a length", te, "0\r\nContent-Length: 50\r\n\r\n", "400 http.trailer.forbidden"},
      {"a trailer that says a coding", te, "0\r\ntransfer-encoding: chunked\r\n\r\n",
       "400 http.trailer.forbidden"},
      {"a trailer that says a host", te, "0\r\nHost: y\r\n\r\n", "400 http.trailer.forbidden"},
  });
}

TEST(Smuggling, FindsNoSecondWayToReadAHead) {
  struct Case {
    std::string_view name;
    std::string bytes, outcome;
  };
  const std::string tail(kSmuggled);
  const std::string get = "GET /a HTTP/1.1\r\n";
  for (const auto& c : std::vector<Case>{
           {"bare LF", "GET /a HTTP/1.1\nHost: x\n\n" + tail, "400 http.line_end.invalid"},
           {"bare LF at the end", get + "Host: x\r\n\n" + tail, "400 http.line_end.invalid"},
           {"bare CR at the end", get + "Host: x\r\n\r" + tail, "400 http.header.invalid"},
           {"a NUL in a name", get + std::string("X\0: y\r\n", 7) + "Host: x\r\n\r\n" + tail,
            "400 http.header.invalid"},
           {"a control in a value", get + "X: \x01\r\nHost: x\r\n\r\n" + tail, "400 http.header.invalid"},
           {"a NUL in the target", std::string("GET /a\0 HTTP/1.1\r\nHost: x\r\n\r\n", 28) + tail,
            "400 http.target.invalid"},
           {"a tab as a separator", "GET\t/a\tHTTP/1.1\r\nHost: x\r\n\r\n" + tail,
            "400 http.request_line.invalid"},
           {"two blanks", "GET  /a HTTP/1.1\r\nHost: x\r\n\r\n" + tail, "400 http.target.invalid"},
           {"two targets", "GET /a /smuggled HTTP/1.1\r\nHost: x\r\n\r\n" + tail, "400 http.target.invalid"},
           {"no Host", get + "\r\n" + tail, "400 http.host.missing"},
           {"Host twice", get + "Host: x\r\nHost: y\r\n\r\n" + tail, "400 http.host.repeated"},
           {"Host twice in any case", get + "Host: x\r\nhOST: x\r\n\r\n" + tail, "400 http.host.repeated"},
           {"Host as a list", get + "Host: x, y\r\n\r\n" + tail, "400 http.host.invalid"},
           {"Host with a user", get + "Host: x@y\r\n\r\n" + tail, "400 http.host.invalid"},
           {"Host with a path", get + "Host: x/smuggled\r\n\r\n" + tail, "400 http.host.invalid"},
           {"absolute-form with another Host", "GET http://real/a HTTP/1.1\r\nHost: other\r\n\r\n",
            "GET /a; "},
           {"absolute-form without Host", "GET http://real/a HTTP/1.1\r\n\r\n" + tail,
            "400 http.host.missing"},
           {"HTTP/0.9", "GET /a\r\n" + tail, "400 http.request_line.invalid"},
           {"HTTP/0.9 by its version", "GET /a HTTP/0.9\r\n\r\n" + tail, "505 http.version.unsupported"},
           {"HTTP/2 from the start", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + tail,
            "505 http.version.unsupported"},
           {"HTTP/1.0 with chunks", "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + tail,
            "400 http.transfer_encoding.invalid"},
           {"HTTP/1.0 closes", "GET /a HTTP/1.0\r\n\r\n" + tail, "GET /a; "},
           {"an upgrade to h2c is not taken up",
            get +
                "Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" +
                tail,
            "GET /a; GET /smuggled; "},
           {"an upgrade to a socket is not taken up",
            get + "Host: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n" + tail,
            "GET /a; GET /smuggled; "},
           {"CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n" + tail, "501 http.method.connect"},
           {"another expectation", get + "Host: x\r\nExpect: 200-ok\r\n\r\n" + tail,
            "417 http.expectation.unknown"},
           {"an expectation as a list", get + "Host: x\r\nExpect: 100-continue, x\r\n\r\n" + tail,
            "417 http.expectation.unknown"},
           {"an expectation and the body at once",
            "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello" + tail,
            "POST /a body=hello; GET /smuggled; "},
           {"an expectation without a body", get + "Host: x\r\nExpect: 100-continue\r\n\r\n" + tail,
            "GET /a; GET /smuggled; "},
           {"GET with a body",
            get + "Host: x\r\nContent-Length: " + std::to_string(tail.size()) + "\r\n\r\n" + tail,
            "GET /a body=" + tail + "; "},
           {"close ends it", get + "Host: x\r\nConnection: close\r\n\r\n" + tail, "GET /a; "},
           {"close in a list ends it", get + "Host: x\r\nConnection: keep-alive, Close\r\n\r\n" + tail,
            "GET /a; "},
           {"a body that is cut off", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n" + tail,
            ""}})
    EXPECT_EQ(outcome(c.bytes), c.outcome) << c.name;
}

TEST(Smuggling, TakesTheHostOfTheTarget) {
  TestPool test;
  std::string host;
  const auto server =
      must(HttpServer::start(test.pool, {}, {}, [&](http::Request r, http::Responder respond) {
        host = http::find_header(r.headers, "Host").value_or("(none)");
        respond({.status = 200, .headers = {}, .body = {}});
      }));
  Client client(server->port());
  client.send("GET http://real.example/a HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n");
  client.read_to_end();
  EXPECT_EQ(host, "real.example");
}

}  // namespace
}  // namespace allauth::net
