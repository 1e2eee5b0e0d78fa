#include "server/outbound/http_client.h"

#include <array>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace allauth::server {
namespace {

constexpr std::size_t kMaxAnswer = 16 << 20;
constexpr std::size_t kMaxRefusal = 4096;
constexpr int kPollMillis = 100;

// CURL and CURLM are both void to the compiler, so the deleter says which is meant.
template <auto Free>
struct CurlFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Headers = std::unique_ptr<curl_slist, CurlFree<curl_slist_free_all>>;
using Easy = std::unique_ptr<CURL, CurlFree<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, CurlFree<curl_multi_cleanup>>;

using WriteFunction = std::size_t (*)(char* data, std::size_t size, std::size_t count, void* into);

void add_header(Headers& headers, const std::string& line) {
  headers.reset(curl_slist_append(headers.release(), line.c_str()));
}

Headers headers_of(const ApiTarget& target, bool json) {
  Headers headers;
  if (json) add_header(headers, "Content-Type: application/json");
  if (!target.token.empty() && target.basic_name.empty())
    target.token.with([&](std::string_view token) {
      std::string line = fmt::format("Authorization: Bearer {}", token);
      add_header(headers, line);
      wipe_memory(line.data(), line.size());
    });
  return headers;
}

void set_basic(CURL* curl, const ApiTarget& target) {
  if (target.basic_name.empty()) return;
  curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(curl, CURLOPT_USERNAME, target.basic_name.c_str());
  target.token.with([&](std::string_view token) {
    std::string password(token);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, password.c_str());
    wipe_memory(password.data(), password.size());
  });
}

struct Request {
  Easy curl{curl_easy_init()};
  Headers headers;
  std::array<char, CURL_ERROR_SIZE> failure{};

  std::string why(CURLcode code) const {
    return failure[0] != '\0' ? failure.data() : curl_easy_strerror(code);
  }
};

void set_text(CURL* curl, CURLoption option, const std::string& text) {
  if (!text.empty()) curl_easy_setopt(curl, option, text.c_str());
}

// All but what is sent and where the answer goes. The request must not move afterwards.
void prepare(Request& request, const ApiTarget& target, std::string_view path, WriteFunction write,
             void* into) {
  CURL* curl = request.curl.get();
  const std::string url = target.server + std::string(path);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  if (target.from_server) {
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, request.headers.get());
  set_basic(curl, target);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, into);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, request.failure.data());
  set_text(curl, CURLOPT_CAINFO, target.ca_file);
  set_text(curl, CURLOPT_SSLCERT, target.certificate_file);
  set_text(curl, CURLOPT_SSLKEY, target.key_file);
}

std::unexpected<Error> unreachable(const ApiTarget& target, const Request& request, CURLcode code) {
  const auto sentence = fmt::format("{} cannot be asked: {}.", target.server, request.why(code));
  const bool untrusted = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
                         code == CURLE_SSL_ISSUER_ERROR;
  if (untrusted) return fail(Code::unavailable, "server.certificate", sentence);
  return fail(Code::unavailable, "server.unreachable", sentence);
}

std::unexpected<Error> no_client() {
  return fail(Code::bug, "server.client", "The HTTP client cannot be made.");
}

std::size_t append(char* data, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + size * count > kMaxAnswer) return 0;  // ends the transfer
  body.append(data, size * count);
  return size * count;
}

// A stream under way.
struct Reading {
  const StreamWatch& watch;
  CURL* curl;
  Result<void> result{};
  std::string refusal{};  // the body of an answer that is not 200

  bool take(std::string_view bytes) {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200) {
      result = watch.on_bytes(bytes);
      return result.has_value();
    }
    refusal.append(bytes.substr(0, kMaxRefusal - std::min(kMaxRefusal, refusal.size())));
    return true;
  }
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* into) {
  return static_cast<Reading*>(into)->take({data, size * count}) ? size * count : 0;
}

// Until the transfer has ended by itself or the watch wants no more. Nothing: the latter.
std::optional<CURLcode> drive(CURLM* multi, Reading& reading) {
  int running = 1;
  while (running > 0) {
    curl_multi_perform(multi, &running);
    if (reading.result) reading.result = reading.watch.go_on();
    if (!reading.result) return std::nullopt;
    if (running > 0) curl_multi_poll(multi, nullptr, 0, kPollMillis, nullptr);
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(multi, &left);
  return message != nullptr ? message->data.result : CURLE_GOT_NOTHING;
}

std::unexpected<Error> refused(long status, std::string words) {
  const bool us = status == 401 || status == 403;
  return fail(us ? Code::unauthenticated : Code::unavailable, "stream.refused",
              fmt::format("The server answers {}.", status), {}, std::move(words));
}

}  // namespace

Result<ApiAnswer> call_api(const ApiTarget& target, std::string_view method, std::string_view path,
                           std::string_view body, Millis longest, std::string_view if_match) {
  Request request{.headers = headers_of(target, !body.empty())};
  if (!if_match.empty()) add_header(request.headers, fmt::format("If-Match: \"{}\"", if_match));
  CURL* curl = request.curl.get();
  if (curl == nullptr) return no_client();
  ApiAnswer answer;
  prepare(request, target, path, &append, &answer.body);
  const std::string verb(method);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, verb.c_str());
  if (!body.empty() || verb == "POST" || verb == "PUT" || verb == "PATCH") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  }
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(longest.count()));
  if (const auto code = curl_easy_perform(curl); code != CURLE_OK) return unreachable(target, request, code);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

Result<void> read_stream(const ApiTarget& target, std::string_view path, const StreamWatch& watch) {
  Request request{.headers = headers_of(target, false)};
  CURL* curl = request.curl.get();
  const Multi multi(curl_multi_init());
  if (curl == nullptr || !multi) return no_client();
  Reading reading{.watch = watch, .curl = curl};
  prepare(request, target, path, &take, &reading);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(watch.connect_timeout.count()));
  curl_multi_add_handle(multi.get(), curl);
  const auto code = drive(multi.get(), reading);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_multi_remove_handle(multi.get(), curl);
  if (!reading.result) return reading.result;
  if (status != 0 && status != 200) return refused(status, std::move(reading.refusal));
  if (status == 200) return fail(Code::unavailable, "stream.ended", "The log stream has ended.");
  return unreachable(target, request, code.value_or(CURLE_GOT_NOTHING));
}

}  // namespace allauth::server
