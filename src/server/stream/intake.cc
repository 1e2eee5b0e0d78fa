#include "server/stream/intake.h"

#include "store/write.h"

namespace allauth::server {
namespace {

// The largest entry that is taken, with all its images.
constexpr std::size_t kMaxEntryBytes = 512 << 20;

}  // namespace

std::optional<store::LogCursor> Intake::begin() {
  reader_ = FrameReader();
  greeted_ = false;
  load_.reset();
  images_.clear();
  image_bytes_ = 0;
  entries_.entries.clear();
  next_ = at_;
  return at_;
}

Result<void> Intake::feed(std::string_view bytes) {
  TRY(reader_.feed(bytes, [this](Frame frame) { return take(std::move(frame)); }));
  return apply_entries();
}

Result<void> Intake::take(Frame frame) {
  if (!greeted_ && !std::holds_alternative<Hello>(frame))
    return fail(Code::invalid, "stream.order", "The log stream does not begin with a hello.");
  return std::visit([this](auto part) { return on(std::move(part)); }, std::move(frame));
}

Result<void> Intake::on(Hello hello) {
  TRY(events_.hello(std::move(hello)));
  greeted_ = true;
  return {};
}

Result<void> Intake::on(StateBegin) {
  TRY(apply_entries());
  images_.clear();
  image_bytes_ = 0;
  load_.emplace(hub_.load());
  return {};
}

Result<void> Intake::on(store::Image image) {
  if (load_) return load_->put(image);
  image_bytes_ += image.key.size() + image.bytes.size();
  if (images_.size() >= store::kMaxImages || image_bytes_ > kMaxEntryBytes)
    return fail(Code::invalid, "stream.too_large", "An entry of the log stream is too large.");
  images_.push_back(std::move(image));
  return {};
}

Result<void> Intake::on(StateEnd end) {
  if (!load_) return fail(Code::invalid, "stream.order", "A state ends in the log stream that never began.");
  load_->finish(end.at.revision);
  load_.reset();
  ++seen_.states;
  if (at_ && end.at.revision < at_->revision) ++seen_.rewinds;
  at_ = next_ = end.at;
  events_.loaded();
  return {};
}

Result<void> Intake::on(EntryEnd end) {
  if (load_ || !next_)
    return fail(Code::invalid, "stream.order", "The log stream goes on where no state was given.");
  if (to_number(end.at.revision) != to_number(next_->revision) + 1) {
    at_.reset();
    return fail(Code::invalid, "stream.gap", "An entry is missing in the log stream.");
  }
  entries_.entries.push_back({.revision = end.at.revision,
                              .tag = end.at.tag,
                              .time = end.time,
                              .act = {},
                              .images = std::move(images_)});
  images_.clear();
  image_bytes_ = 0;
  next_ = end.at;
  return {};
}

// Who knows all that the server knew at that moment has been in contact with the log then.
Result<void> Intake::on(Heartbeat heartbeat) {
  TRY(apply_entries());
  if (!load_ && at_ && at_->revision >= heartbeat.revision) hub_.contact(heartbeat.silence);
  return {};
}

Result<void> Intake::on(Farewell farewell) {
  TRY(apply_entries());
  return fail(Code::unavailable, "stream.farewell", "The server has ended the log stream.", {},
              std::move(farewell.reason));
}

Result<void> Intake::apply_entries() {
  if (entries_.entries.empty()) return {};
  hub_.apply(entries_);
  entries_.entries.clear();
  if (!hub_.healthy()) {
    at_.reset();
    return fail(Code::bug, "stream.apply", "What came over the log stream cannot be applied.");
  }
  at_ = next_;
  return {};
}

}  // namespace allauth::server
