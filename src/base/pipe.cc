#include "base/pipe.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace allauth {

struct PipeState {
  explicit PipeState(std::size_t most) : capacity(most) {}

  bool over() const { return reader_gone || ended; }
  bool fits(std::string_view piece) const {
    return bytes.empty() || (bytes.size() < capacity && piece.size() <= capacity - bytes.size());
  }
  // With the lock held, so that the reader cannot go meanwhile.
  void wake_reader() {
    if (std::exchange(waiting, false) && ready) ready();
  }

  const std::size_t capacity;
  std::mutex mutex;
  std::condition_variable changed;
  std::string bytes;
  std::uint64_t takes = 0;
  bool ended = false;
  bool reader_gone = false;
  bool waiting = false;  // the reader found nothing and wants to be told
  std::function<void()> ready;
  std::function<void()> room;
};

PipeWrite PipeWriter::write(std::string_view piece) {
  const std::lock_guard lock(state_->mutex);
  if (state_->over()) return PipeWrite::closed;
  if (!state_->fits(piece)) return PipeWrite::full;
  state_->bytes += piece;
  state_->wake_reader();
  return PipeWrite::taken;
}

PipeWrite PipeWriter::write_patiently(std::string_view piece, Millis patience) {
  std::unique_lock lock(state_->mutex);
  while (!state_->over() && !state_->fits(piece)) {
    const auto takes = state_->takes;
    const bool moved = state_->changed.wait_for(
        lock, patience, [&] { return state_->over() || state_->fits(piece) || state_->takes != takes; });
    if (!moved) return PipeWrite::full;
  }
  if (state_->over()) return PipeWrite::closed;
  state_->bytes += piece;
  state_->wake_reader();
  return PipeWrite::taken;
}

void PipeWriter::on_room(std::function<void()> then) {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->over() && !state_->bytes.empty()) {
      state_->room = std::move(then);
      return;
    }
  }
  then();
}

void PipeWriter::end() {
  const std::lock_guard lock(state_->mutex);
  if (state_->over()) return;
  state_->ended = true;
  state_->changed.notify_all();
  state_->wake_reader();
}

bool PipeWriter::closed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->over();
}

PipeReader::~PipeReader() {
  std::function<void()> ready, room;  // what they hold goes after the lock
  {
    const std::lock_guard lock(state_->mutex);
    state_->reader_gone = true;
    std::string().swap(state_->bytes);
    ready.swap(state_->ready);
    room.swap(state_->room);
    state_->changed.notify_all();
  }
  if (room) room();
}

PipeReader::Taken PipeReader::take() {
  std::function<void()> room;
  Taken taken;
  {
    const std::lock_guard lock(state_->mutex);
    taken = {.bytes = std::exchange(state_->bytes, {}), .last = state_->ended};
    state_->waiting = taken.bytes.empty() && !taken.last;
    ++state_->takes;
    room = std::exchange(state_->room, nullptr);
    state_->changed.notify_all();
  }
  if (room) room();
  return taken;
}

void PipeReader::on_ready(std::function<void()> ready) {
  const std::lock_guard lock(state_->mutex);
  state_->ready = std::move(ready);
}

Pipe make_pipe(std::size_t capacity) {
  auto state = std::make_shared<PipeState>(capacity);
  return {std::make_shared<PipeWriter>(state), std::make_shared<PipeReader>(state)};
}

}  // namespace allauth
