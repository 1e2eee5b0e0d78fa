// What the headers of an HTTP request, or the metadata of a gRPC call, say; read strictly. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "codec/http.h"
#include "wire/method.h"

namespace allauth::wire {

// Whether a media type such as application/json is acceptable (RFC 9110 §12.5.1). Without Accept all are.
bool accepts(const http::Headers& headers, std::string_view type);

// What the messages of a stream are written as: a JSON document on each line, or server-sent events (HTML
// §9.2), for those who ask for text/event-stream by its name. Nothing: neither is acceptable.
enum class StreamFormat { lines, events };
std::optional<StreamFormat> accepted_stream(const http::Headers& headers);

// Whether Content-Type is application/json, in UTF-8 if it has a charset (RFC 8259 §8.1, §11).
bool sends_json(const http::Headers& headers);

// Fills call.bearer (RFC 6750 §2.1) or call.basic (RFC 7617) from Authorization, if there is one.
// Errors: auth.header_twice (invalid), auth.scheme, auth.malformed (unauthenticated).
Result<void> read_authorization(const http::Headers& headers, Call& call);

// The revision in If-Match; nothing without the header or for "*". Weak tags never match (RFC 9110 §13.1.1):
// precondition.weak (stale) if there is no other. Error: precondition.if_match (invalid), also for tags of
// two revisions: an entity has had each once, and only the last that was read can be meant.
Result<std::optional<std::string>> read_if_match(const http::Headers& headers);

// Allauth-At-Least: the revision that an answer's Allauth-Revision gave. Error: invalid
// precondition.at_least.
Result<std::optional<std::uint64_t>> read_at_least(const http::Headers& headers);

// Our step of the trace that `traceparent` and `tracestate` name; of a new one if they are absent,
// malformed or given twice.
codec::TraceContext read_trace(const http::Headers& headers, Entropy& entropy);

// Idempotency-Key, of a method that writes; of others it means nothing. Errors, invalid: idempotency.key for
// anything but 1–64 printable characters, idempotency.public for a write that anybody may make.
Result<std::optional<std::string>> read_idempotency_key(const http::Headers& headers,
                                                        const google::protobuf::MethodDescriptor& method);

// X-Request-Id, if it is 1–64 characters that an id may have.
std::optional<std::string> read_request_id(const http::Headers& headers);

}  // namespace allauth::wire
