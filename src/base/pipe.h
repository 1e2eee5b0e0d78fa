// A bounded pipe of bytes: any threads write into one end, one reader that must not block takes out of
// the other. When an end is destroyed the other one learns of it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace allauth {

struct PipeState;

enum class PipeWrite {
  taken,
  full,    // no room: the reader is slower than what is written
  closed,  // the reader is gone, or end() was called; nothing will ever be taken again
};

// Thread-safe.
class PipeWriter {
 public:
  explicit PipeWriter(std::shared_ptr<PipeState> state) : state_(std::move(state)) {}
  ~PipeWriter() { end(); }
  PipeWriter(const PipeWriter&) = delete;
  PipeWriter& operator=(const PipeWriter&) = delete;

  // All of the piece or nothing of it. A piece larger than the pipe fits when the pipe is empty.
  PipeWrite write(std::string_view piece);
  // Waits for room as long as the reader takes something now and then; full when it took nothing for
  // `patience`. Blocks.
  PipeWrite write_patiently(std::string_view piece, Millis patience);
  // Calls `then` once, when there may be room again or nothing will ever be taken: at once, or on the
  // reader's thread, where it must not block. For one who was told `full`; a later call replaces it.
  void on_room(std::function<void()> then);
  // No more will come; what is inside is still read. Idempotent.
  void end();
  bool closed() const;

 private:
  std::shared_ptr<PipeState> state_;
};

// For one thread at a time.
class PipeReader {
 public:
  explicit PipeReader(std::shared_ptr<PipeState> state) : state_(std::move(state)) {}
  ~PipeReader();  // closes
  PipeReader(const PipeReader&) = delete;
  PipeReader& operator=(const PipeReader&) = delete;

  struct Taken {
    std::string bytes;  // all that was inside; may be empty
    bool last = false;  // nothing comes after these
  };
  // Once it answered neither bytes nor `last`, `ready` is called when there is more.
  Taken take();
  // `ready` is called on a writer's thread, never again before the next take(); it must not block or
  // use the pipe. Before the first take().
  void on_ready(std::function<void()> ready);

 private:
  std::shared_ptr<PipeState> state_;
};

struct Pipe {
  std::shared_ptr<PipeWriter> writer;
  std::shared_ptr<PipeReader> reader;
};
// Holds `capacity` bytes at most, or one larger piece.
Pipe make_pipe(std::size_t capacity);

}  // namespace allauth
