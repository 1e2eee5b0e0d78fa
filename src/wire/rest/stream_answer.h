// The answers of a method that streams, as the body of an HTTP response: they are asked for as fast as the
// other end takes them, one at a time.
#pragma once

#include <memory>
#include <string>

#include "codec/http.h"
#include "wire/fields.h"
#include "wire/method.h"

namespace allauth::wire {

// Begins at once. An error of the stream is written as its last message: a problem document, as the member
// `error` of a line, or as an event of the name "error". `alive` is kept for as long as the stream.
http::Response stream_answer(std::unique_ptr<MessageStream> stream, StreamFormat format,
                             std::string request_id, std::shared_ptr<const void> alive);

}  // namespace allauth::wire
