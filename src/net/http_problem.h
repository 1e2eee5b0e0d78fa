// The answers that the transport gives itself: RFC 9457 problems for what never reached a face, or
// got no answer from it.
//
//   400  http.request_line.invalid  http.method.invalid  http.target.invalid  http.line_end.invalid
//        http.header.invalid  http.header.folded  http.host.missing|repeated|invalid
//        http.content_length.invalid|repeated  http.transfer_encoding.invalid
//        http.framing.ambiguous  http.chunk.invalid  http.trailer.forbidden  http.body.truncated
//   405  http.method.trace            408  http.head.timeout  http.body.timeout
//   413  http.body.too_large          414  http.target.too_long
//   417  http.expectation.unknown     431  http.header.too_large  http.header.too_many
//   500  http.answer.missing  http.answer.invalid
//   501  http.method.connect          503  http.answer.timeout
//   505  http.version.unsupported
#pragma once

#include "base/error.h"
#include "codec/http.h"

namespace allauth::net {

int problem_status(const Error& error);
http::Response make_problem(const Error& error);

}  // namespace allauth::net
