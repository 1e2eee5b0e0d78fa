#include "server/cli/resource/request.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"
#include "server/cli/client/json.h"
#include "server/cli/resource/fields.h"

namespace allauth::server::cli {
namespace {

using Field = wire::RequestField;
using Type = Field::Type;

std::unexpected<Error> usage(std::string message) { return fail(Code::invalid, "usage", std::move(message)); }

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// KEY=VALUE again and again, or one JSON object.
Result<std::string> object_of(const Field& field, const std::vector<std::string>& values) {
  if (values.size() == 1 && values[0].starts_with('{')) {
    if (parse_json(values[0])) return values[0];
    return usage(fmt::format("--{} is no JSON object.", field.name));
  }
  boost::json::object object;
  for (const auto& value : values) {
    const auto equals = value.find('=');
    if (value.empty()) continue;
    if (equals == std::string::npos || equals == 0)
      return usage(fmt::format("--{0} takes KEY=VALUE or a JSON object, not `{1}`.", field.name, value));
    object[value.substr(0, equals)] = value.substr(equals + 1);
  }
  return boost::json::serialize(object);
}

Result<std::string> number_of(const Field& field, const std::string& value) {
  if (parse_u64(value)) return value;
  return usage(fmt::format("--{} takes a whole number, not `{}`.", option_of(field, false).name, value));
}

// Actions and words hold no commas, tags may.
bool may_be_divided(const Field& field) {
  return field.type == Type::word || field.name.ends_with("actions");
}

std::vector<std::string> pieces_of(const Field& field, const std::vector<std::string>& values) {
  std::vector<std::string> pieces;
  for (const auto& value : values) {
    if (!may_be_divided(field)) {
      pieces.push_back(value);
      continue;
    }
    for (const auto piece : split(value, ',')) pieces.emplace_back(trim(piece));
  }
  if (pieces.size() == 1 && pieces[0].empty()) pieces.clear();  // --tag '' is no tag at all
  return pieces;
}

Result<std::string> json_of(const Field& field, const std::vector<std::string>& values) {
  if (field.type == Type::object) return object_of(field, values);
  if (field.repeated) {
    std::string list;
    for (const auto& piece : pieces_of(field, values)) {
      const bool as_it_is = field.type == Type::message;
      if (as_it_is && !parse_json(piece))
        return usage(fmt::format("--{} takes JSON objects, not `{}`.", option_of(field, false).name, piece));
      list += (list.empty() ? "" : ",") + (as_it_is ? piece : quoted(piece));
    }
    return "[" + list + "]";
  }
  if (field.type == Type::flag) return values.back();
  if (field.type == Type::number) return number_of(field, values.back());
  return quoted(values.back());
}

Result<std::string> path_of(const wire::RestMethod& method, const FieldValues& values) {
  std::string path;
  for (const auto segment : split(std::string_view(method.path).substr(1), '/')) {
    path += '/';
    if (!segment.starts_with('{')) {
      path += segment;
      continue;
    }
    const auto name = segment.substr(1, segment.size() - 2);
    const auto at = values.find(name);
    if (at == values.end() || at->second.back().empty())
      return usage(
          name == "domain_id"
              ? "Which domain? --domain DOMAIN, or once and for all: allauth profile set domain DOMAIN"
              : fmt::format("The {} must not be empty.", metavar_of(*method.find(name))));
    path += percent_encoded(at->second.back());
  }
  return path;
}

Result<std::string> query_of(const wire::RestMethod& method, const FieldValues& values) {
  std::string query;
  for (const auto& field : method.fields) {
    const auto at = values.find(field.name);
    if (field.place != Field::Place::query || at == values.end()) continue;
    std::vector<std::string> pieces{at->second.back()};
    if (field.repeated) pieces = pieces_of(field, at->second);
    if (field.type == Type::number) TRY(number_of(field, pieces.back()));
    if (field.type == Type::object) {
      TRY(auto object, object_of(field, at->second));
      pieces = {std::move(object)};
    }
    for (const auto& piece : pieces)
      query += fmt::format("{}{}={}", query.empty() ? "?" : "&", field.name, percent_encoded(piece));
  }
  return query;
}

}  // namespace

ApiRequest::~ApiRequest() { wipe_memory(body.data(), body.size()); }

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Result<ApiRequest> make_request(const wire::RestMethod& method, const FieldValues& values) {
  ApiRequest request;
  request.method = method.http_method;
  TRY(request.path, path_of(method, values));
  TRY(const auto query, query_of(method, values));
  request.path += query;
  if (method.http_method == "GET" || method.http_method == "DELETE") return request;
  JsonObject body;
  for (const auto& field : method.fields) {
    const auto at = values.find(field.name);
    if (field.place != Field::Place::body || at == values.end()) continue;
    TRY(auto json, json_of(field, at->second));
    body.raw(field.name, json);
    wipe_memory(json.data(), json.size());
  }
  request.body = body.done();
  return request;
}

Result<Ref> parse_ref(std::string_view text) {
  if (text == "me") return Ref{"user", "me"};
  if (text == "platform") return Ref{"platform", ""};
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && colon > 0 && colon + 1 < text.size())
    return Ref{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  if (text.find('@') != std::string_view::npos) return Ref{"user", std::string(text)};
  return usage(fmt::format(
      "`{}` does not say what it is: user:ID, client:ID, channel:ID, group:ID, domain:ID.", text));
}

}  // namespace allauth::server::cli
