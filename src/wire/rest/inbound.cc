#include "wire/rest/inbound.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/fields.h"
#include "wire/rest/json_read.h"
#include "wire/rest/json_scalar.h"
#include "wire/rest/problem.h"
#include "wire/secrets.h"

namespace allauth::wire {
namespace {

using Field = google::protobuf::FieldDescriptor;
using Query = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kFields = "fields";

bool reads(const Operation& op) { return op.http_method == "GET"; }

Result<Query> read_query(const http::Request& request) {
  auto query = http::parse_query(request.query);
  if (!query)
    return fail(Code::invalid, "query.encoding", "The query string holds a broken percent-encoding.");
  return std::move(*query);
}

// URLs end up in logs, histories and referrers (RFC 6750 §5.3).
Result<void> refuse_tokens(const http::Request& request) {
  static constexpr std::array<std::string_view, 5> kNames{"access_token", "authorization", "bearer", "token",
                                                          "api_key"};
  TRY(const Query query, read_query(request));
  for (const auto& [name, value] : query)
    if (std::ranges::find(kNames, ascii_lower(name)) != kNames.end())
      return fail(Code::invalid, "auth.token_in_query",
                  "A credential must be in the Authorization header, never in the query string.");
  return {};
}

Result<void> check_acceptable(const Operation& op, const http::Headers& headers) {
  if (op.streams ? accepted_stream(headers).has_value() : accepts(headers, "application/json")) return {};
  return fail(Code::invalid, kNotAcceptable,
              fmt::format("The answer is {}, which Accept excludes.",
                          op.streams ? "application/x-ndjson or text/event-stream" : "application/json"));
}

// A free-form object stands in a query string as JSON.
Result<void> read_parameter(std::string_view value, Message& into, const Field& field,
                            const JsonLimits& limits) {
  const bool object =
      field.cpp_type() == Field::CPPTYPE_MESSAGE && shape_of(*field.message_type()) == Shape::object;
  if (!object) return read_text(value, into, field);
  TRY(read_json(value, *into.GetReflection()->MutableMessage(&into, &field), limits));
  return {};
}

Result<void> fill_from_query(const Operation& op, const Query& query, const JsonLimits& limits,
                             Message& into) {
  std::set<const Field*> seen;
  for (const auto& [name, value] : query) {
    if (name == kFields && reads(op)) continue;
    const auto named =
        std::ranges::find_if(op.query_fields, [&](const Field* f) { return f->name() == name; });
    const bool shown = name.size() <= 64 && is_printable_ascii(name);
    if (named == op.query_fields.end())
      return fail(Code::invalid, "query.unknown", "There is no such query parameter here.",
                  shown ? name : "?");
    if (!seen.insert(*named).second && !(*named)->is_repeated())
      return fail(Code::invalid, "query.duplicate", "This query parameter is given twice.", name);
    auto read = read_parameter(value, into, **named, limits);
    if (read) continue;
    read.error().field = name;
    return read;
  }
  return {};
}

Result<void> fill_from_body(const Operation& op, const http::Request& request, const JsonLimits& limits,
                            Message& into, Call& call) {
  if (op.body == Operation::Body::none) {
    if (request.body.empty()) return {};
    return fail(Code::invalid, "body.unexpected", "This request takes no body.");
  }
  if (request.body.empty()) return {};
  Message* target =
      op.body == Operation::Body::field ? into.GetReflection()->MutableMessage(&into, op.body_field) : &into;
  TRY(call.present, read_json(request.body, *target, limits, op.bound));
  return {};
}

}  // namespace

Result<void> read_call(const Operation& op, const http::Request& request, std::size_t max_body, Call& call) {
  TRY(check_acceptable(op, request.headers));
  TRY(refuse_tokens(request));
  TRY(read_authorization(request.headers, call));
  const bool anonymous = !call.bearer && !call.basic && request.peer.certificate_der.empty();
  if (anonymous && !op.is_public)
    return fail(Code::unauthenticated, "auth.missing",
                "This needs a credential in the Authorization header.");
  TRY(call.if_match, read_if_match(request.headers));
  TRY(call.at_least, read_at_least(request.headers));
  TRY(call.idempotency_key, read_idempotency_key(request.headers, *op.descriptor));
  if (request.body.size() > max_body)
    return fail(Code::invalid, kBodyTooLarge, fmt::format("A body may have at most {} bytes.", max_body));
  if (!request.body.empty() && op.body != Operation::Body::none && !sends_json(request.headers))
    return fail(Code::invalid, kUnsupportedMediaType, "A body must have the content type application/json.");
  return {};
}

Result<ReadMask> read_mask(const Operation& op, const http::Request& request) {
  if (!reads(op)) return ReadMask();
  TRY(const Query query, read_query(request));
  const auto named = [](const auto& parameter) { return parameter.first == kFields; };
  const auto found = std::ranges::find_if(query, named);
  if (found == query.end()) return ReadMask();
  if (std::ranges::count_if(query, named) > 1)
    return fail(Code::invalid, "query.duplicate", "This query parameter is given twice.",
                std::string(kFields));
  return ReadMask::parse(found->second, *op.descriptor->output_type());
}

Result<std::optional<EntityTags>> read_if_none_match(const Operation& op, const http::Request& request) {
  constexpr Reason kReason = "precondition.if_none_match";
  TRY(auto tags, read_entity_tags(request.headers, "If-None-Match", kReason));
  if (tags && !reads(op)) return fail(Code::invalid, kReason, "If-None-Match goes with GET and HEAD only.");
  return tags;
}

Result<std::unique_ptr<Message>> read_message(const Operation& op, const http::Request& request,
                                              const std::vector<std::string>& path_values,
                                              const JsonLimits& limits, Call& call) {
  std::unique_ptr<Message> message(op.request->New());
  // On a failure, too, what was read so far may hold secrets.
  const auto filled = [&]() -> Result<void> {
    TRY(fill_from_body(op, request, limits, *message, call));
    TRY(const Query query, read_query(request));
    TRY(fill_from_query(op, query, limits, *message));
    for (std::size_t i = 0; i < op.path_fields.size(); ++i)
      message->GetReflection()->SetString(message.get(), op.path_fields[i], path_values[i]);
    return {};
  }();
  if (filled) return message;
  wipe_secrets(*message);
  return std::unexpected(filled.error());
}

}  // namespace allauth::wire
