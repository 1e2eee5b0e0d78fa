#include "store/backup/frames.h"

#include <array>

#include "codec/base64.h"

namespace allauth::store::backup {
namespace {

constexpr std::size_t kHeadSize = 5;  // kind, and length with the lowest byte first

std::string head_of(FrameKind kind, std::size_t length) {
  std::string head(1, static_cast<char>(kind));
  for (int shift = 0; shift < 32; shift += 8) head += static_cast<char>(length >> shift & 0xFF);
  return head;
}

std::size_t length_in(std::string_view head) {
  std::size_t length = 0;
  for (std::size_t i = kHeadSize - 1; i > 0; --i) length = length << 8 | static_cast<std::uint8_t>(head[i]);
  return length;
}

crypto::Digest check_of(const crypto::Digest& before, std::string_view head, std::string_view payload) {
  return crypto::sha256(std::array{codec::as_text(before), head, payload});
}

}  // namespace

FrameWriter::FrameWriter(ByteSink sink) : sink_(std::move(sink)), check_(crypto::sha256(kMagic)) {}

Result<void> FrameWriter::write(FrameKind kind, std::string_view payload) {
  if (payload.size() > kMaxPayload)
    return fail(Code::bug, "backup.too_large", "A part of the backup is larger than its format allows.");
  if (bytes_ == 0) TRY(put(kMagic));
  const std::string head = head_of(kind, payload.size());
  check_ = check_of(check_, head, payload);
  TRY(put(head));
  TRY(put(payload));
  return put(codec::as_text(check_));
}

Result<void> FrameWriter::put(std::string_view bytes) {
  bytes_ += bytes.size();
  return sink_(bytes);
}

FrameReader::FrameReader(ByteSource source) : source_(std::move(source)), check_(crypto::sha256(kMagic)) {}

Result<void> FrameReader::begin() {
  std::array<char, kMagic.size()> magic{};
  TRY(const std::size_t size, source_(magic));
  bytes_ += size;
  const std::string_view read(magic.data(), size);
  if (read == kMagic) return {};
  const bool ours = size == kMagic.size() && read.substr(0, size - 1) == kMagic.substr(0, size - 1);
  return fail(Code::unsupported, "backup.format",
              ours ? "The backup has a later format than this allauth knows; restore it with the version "
                     "that made it."
                   : "The file is not a backup of allauth.");
}

Result<Frame> FrameReader::next() {
  if (bytes_ == 0) TRY(begin());
  std::array<char, kHeadSize> head{};
  TRY(take(head));
  const std::string_view head_text(head.data(), head.size());
  const std::size_t length = length_in(head_text);
  if (length > kMaxPayload) return damaged("the length of a frame");
  payload_.resize(length);
  TRY(take(payload_));
  crypto::Digest found{};
  TRY(take({reinterpret_cast<char*>(found.data()), found.size()}));
  check_ = check_of(check_, head_text, payload_);
  if (found != check_) return damaged("a check is wrong");
  return Frame{static_cast<FrameKind>(head[0]), payload_};
}

Result<void> FrameReader::take(std::span<char> into) {
  TRY(const std::size_t size, source_(into));
  bytes_ += size;
  if (size != into.size()) return damaged("it ends too early");
  return {};
}

Result<void> FrameReader::expect_end() {
  char more = 0;
  TRY(const std::size_t size, source_(std::span(&more, 1)));
  if (size != 0) return damaged("there is something after its end");
  return {};
}

}  // namespace allauth::store::backup
