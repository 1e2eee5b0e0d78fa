#include "wire/rest/stream_answer.h"

#include <atomic>
#include <utility>

#include "wire/rest/json_write.h"
#include "wire/rest/problem.h"
#include "wire/secrets.h"

namespace allauth::wire {
namespace {

constexpr std::size_t kPipeBytes = 64 * 1024;

// Moves messages from the stream into the pipe. Lives as long as somebody has yet to call it back.
class BodyPump : public std::enable_shared_from_this<BodyPump> {
 public:
  BodyPump(std::unique_ptr<MessageStream> stream, std::shared_ptr<PipeWriter> out, StreamFormat format,
           std::string request_id, std::shared_ptr<const void> alive)
      : alive_(std::move(alive)),
        stream_(std::move(stream)),
        out_(std::move(out)),
        format_(format),
        request_id_(std::move(request_id)) {}

  // Asks for one more. Whoever is asking already does it for all, so that answers that come at once do not
  // pile up calls within calls.
  void ask() {
    if (wanted_.fetch_add(1) != 0) return;
    do {
      stream_->next([self = shared_from_this()](Result<std::unique_ptr<Message>> message) {
        self->take(std::move(message));
      });
    } while (wanted_.fetch_sub(1) != 1);
  }

 private:
  void take(Result<std::unique_ptr<Message>> message) {
    const bool last = !message || *message == nullptr;
    if (!message)
      send(frame_error(message.error()), last);
    else if (*message != nullptr)
      send(frame(**message), last);
    else
      out_->end();
  }

  void send(std::string piece, bool last) {
    switch (out_->write(piece)) {
      case PipeWrite::taken:
        return last ? out_->end() : ask();
      case PipeWrite::full:
        return out_->on_room(
            [self = shared_from_this(), piece = std::move(piece), last] { self->send(piece, last); });
      case PipeWrite::closed:
        return;
    }
  }

  std::string frame(Message& message) const {
    std::string text = format_ == StreamFormat::events ? "data: " : "";
    append_json(text, message);
    wipe_secrets(message);
    return text + (format_ == StreamFormat::events ? "\n\n" : "\n");
  }

  std::string frame_error(const Error& error) const {
    const std::string text = problem(error, request_id_).body;
    if (format_ == StreamFormat::events) return "event: error\ndata: " + text + "\n\n";
    return "{\"error\":" + text + "}\n";
  }

  const std::shared_ptr<const void> alive_;
  const std::unique_ptr<MessageStream> stream_;
  const std::shared_ptr<PipeWriter> out_;
  const StreamFormat format_;
  const std::string request_id_;
  std::atomic<int> wanted_{0};
};

}  // namespace

http::Response stream_answer(std::unique_ptr<MessageStream> stream, StreamFormat format,
                             std::string request_id, std::shared_ptr<const void> alive) {
  auto [writer, reader] = make_pipe(kPipeBytes);
  std::make_shared<BodyPump>(std::move(stream), std::move(writer), format, std::move(request_id),
                             std::move(alive))
      ->ask();
  const auto* type = format == StreamFormat::events ? "text/event-stream" : "application/x-ndjson";
  return {.status = 200, .headers = {{"Content-Type", type}}, .body = {}, .stream = std::move(reader)};
}

}  // namespace allauth::wire
