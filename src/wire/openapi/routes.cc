#include "wire/openapi/routes.h"

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/openapi/embedded.h"

namespace allauth::wire::openapi {
namespace {

// The page runs its own script and asks its own server, nothing else.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct File {
  std::string text;
  std::string content_type;
  std::string etag;
};

// FNV-1a: tells versions apart, and need not withstand anybody.
std::string etag_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return fmt::format("\"{:016x}\"", hash);
}

bool has_it(const http::Request& request, const std::string& etag) {
  const auto tags = http::find_header(request.headers, "If-None-Match");
  if (!tags) return false;
  for (std::string_view tag : split(*tags, ',')) {
    tag = trim(tag);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag || tag == "*") return true;
  }
  return false;
}

http::Response serve(const File& file, const http::Request& request) {
  http::Headers headers{{"ETag", file.etag}, {"Cache-Control", "public, max-age=300"}};
  if (has_it(request, file.etag)) return {.status = 304, .headers = std::move(headers), .body = {}};
  headers.push_back({"Content-Type", file.content_type});
  headers.push_back({"Content-Security-Policy", std::string(kPolicy)});
  headers.push_back({"Referrer-Policy", "no-referrer"});
  return {.headers = std::move(headers), .body = file.text};
}

Result<void> add(RestFace& face, std::string_view path, std::string_view text,
                 std::string_view content_type) {
  const auto file = std::make_shared<const File>(
      File{.text = std::string(text), .content_type = std::string(content_type), .etag = etag_of(text)});
  return face.route("GET", path, [file](const http::Request& request) { return serve(*file, request); });
}

}  // namespace

Result<void> add_routes(RestFace& face, std::span<const google::protobuf::ServiceDescriptor* const> services,
                        const DocumentOptions& options) {
  TRY(const std::string document, make_document(services, descriptor_set(), options));
  TRY(add(face, "/api/v1/openapi.json", document, "application/json"));
  TRY(add(face, "/api/v1/docs", page_html(), "text/html; charset=utf-8"));
  TRY(add(face, "/api/v1/docs/page.css", page_css(), "text/css; charset=utf-8"));
  return add(face, "/api/v1/docs/page.js", page_js(), "text/javascript; charset=utf-8");
}

}  // namespace allauth::wire::openapi
