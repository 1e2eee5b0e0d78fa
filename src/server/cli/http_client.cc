#include "server/cli/http_client.h"

#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace allauth::server::cli {
namespace {

constexpr std::size_t kMaxAnswer = 16 << 20;

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, CurlDeleter>;

std::size_t append(char* data, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + size * count > kMaxAnswer) return 0;  // ends the transfer
  body.append(data, size * count);
  return size * count;
}

void add_header(Headers& headers, const std::string& line) {
  headers.reset(curl_slist_append(headers.release(), line.c_str()));
}

}  // namespace

Result<ApiAnswer> call_api(const ApiTarget& target, std::string_view method, std::string_view path,
                           std::string_view body) {
  const std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
  if (!curl) return fail(Code::bug, "server.client", "The HTTP client cannot be made.");
  ApiAnswer answer;
  const std::string url = target.server + std::string(path);
  const std::string verb(method);
  Headers headers;
  if (!body.empty()) add_header(headers, "Content-Type: application/json");
  if (!target.token.empty())
    target.token.with(
        [&](std::string_view token) { add_header(headers, fmt::format("Authorization: Bearer {}", token)); });
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, verb.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  if (!body.empty() || verb == "POST" || verb == "PATCH") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_COPYPOSTFIELDS, std::string(body).c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 60L);
  if (!target.ca_file.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, target.ca_file.c_str());
  if (const auto code = curl_easy_perform(curl.get()); code != CURLE_OK)
    return fail(Code::unavailable, "server.unreachable",
                fmt::format("{} cannot be asked: {}.", target.server, curl_easy_strerror(code)));
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace allauth::server::cli
