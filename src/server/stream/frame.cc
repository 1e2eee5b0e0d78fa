#include "server/stream/frame.h"

#include <limits>
#include <optional>

#include <fmt/format.h>

#include "codec/protobuf.h"

namespace allauth::server {
namespace {

namespace pb = codec::protobuf;

constexpr std::size_t kMaxKeys = 64;
constexpr std::size_t kMaxLengthBytes = 4;  // of a varint: more than any frame needs

// The field of a frame that each kind stands in.
constexpr int kHello = 1, kStateBegin = 2, kImage = 3, kStateEnd = 4, kEntryEnd = 5, kHeartbeat = 6,
              kFarewell = 7;

std::unexpected<Error> malformed() {
  return fail(Code::invalid, "stream.frame.malformed", "The log stream holds a frame that cannot be read.");
}

void put_number(std::string& out, int field, std::uint64_t number) {
  if (number != 0) pb::put_integer(out, field, static_cast<std::int64_t>(number));
}

void put_cursor(std::string& out, const store::LogCursor& at) {
  put_number(out, 1, to_number(at.revision));
  put_number(out, 2, at.tag);
}

struct Encoder {
  std::string& out;

  int operator()(const Hello& hello) const {
    put_number(out, 1, kStreamVersion);
    pb::put_bytes(out, 2, hello.issuer);
    pb::put_bytes(out, 3, hello.audience);
    for (const auto& key : hello.keys) pb::put_bytes(out, 4, key);
    hello.digest_key.with([this](std::string_view key) {
      if (!key.empty()) pb::put_bytes(out, 5, key);
    });
    return kHello;
  }
  int operator()(const StateBegin&) const { return kStateBegin; }
  int operator()(const store::Image& image) const {
    put_number(out, 1, static_cast<std::uint64_t>(image.kind));
    pb::put_bytes(out, 2, image.key);
    if (!image.bytes.empty()) pb::put_bytes(out, 3, image.bytes);
    return kImage;
  }
  int operator()(const StateEnd& end) const {
    put_cursor(out, end.at);
    return kStateEnd;
  }
  int operator()(const EntryEnd& end) const {
    put_cursor(out, end.at);
    put_number(out, 3, static_cast<std::uint64_t>(to_millis(end.time)));
    return kEntryEnd;
  }
  int operator()(const Heartbeat& heartbeat) const {
    put_number(out, 1, to_number(heartbeat.revision));
    put_number(out, 2, static_cast<std::uint64_t>(heartbeat.silence.count()));
    return kHeartbeat;
  }
  int operator()(const Farewell& farewell) const {
    pb::put_bytes(out, 1, farewell.reason);
    return kFarewell;
  }
};

// The fields of one message. A field of an unexpected type makes the message malformed, one that is not
// known is left out.
class Fields {
 public:
  explicit Fields(std::string_view message) : reader_(message) {}

  // Calls visit(number, field); false from it, or broken bytes, is malformed.
  template <class Visit>
  bool each(Visit visit) {
    while (!reader_.done()) {
      const auto field = reader_.next();
      if (!field || !visit(*field)) return false;
    }
    return true;
  }

 private:
  pb::Reader reader_;
};

bool read_into(const pb::Field& field, std::uint64_t& into) {
  into = field.integer;
  return field.type == pb::WireType::varint;
}
bool read_into(const pb::Field& field, std::string& into) {
  into = std::string(field.bytes);
  return field.type == pb::WireType::bytes;
}

Result<Hello> decode_hello(std::string_view message) {
  Hello hello;
  std::uint64_t version = 0;
  std::string secret;
  const bool good = Fields(message).each([&](const pb::Field& field) {
    if (field.number == 1) return read_into(field, version);
    if (field.number == 2) return read_into(field, hello.issuer);
    if (field.number == 3) return read_into(field, hello.audience);
    if (field.number == 4) return hello.keys.size() < kMaxKeys && read_into(field, hello.keys.emplace_back());
    if (field.number == 5) return read_into(field, secret);
    return true;
  });
  hello.digest_key = Secret::take(secret);
  if (!good) return malformed();
  if (version == kStreamVersion) return hello;
  return fail(
      Code::unsupported, "stream.version",
      fmt::format("The log stream is of version {}; this program knows {}.", version, kStreamVersion));
}

Result<store::Image> decode_image(std::string_view message) {
  store::Image image;
  std::uint64_t kind = 0;
  const bool good = Fields(message).each([&](const pb::Field& field) {
    if (field.number == 1) return read_into(field, kind);
    if (field.number == 2) return read_into(field, image.key);
    if (field.number == 3) return read_into(field, image.bytes);
    return true;
  });
  if (!good || kind == 0 || kind > std::numeric_limits<std::uint8_t>::max() || image.key.empty() ||
      image.bytes.size() > store::kMaxImageBytes)
    return malformed();
  image.kind = static_cast<ImageKind>(kind);
  return image;
}

struct Numbers {
  std::uint64_t first = 0, second = 0, third = 0;
};

std::optional<Numbers> decode_numbers(std::string_view message) {
  Numbers numbers;
  const bool good = Fields(message).each([&](const pb::Field& field) {
    if (field.number == 1) return read_into(field, numbers.first);
    if (field.number == 2) return read_into(field, numbers.second);
    if (field.number == 3) return read_into(field, numbers.third);
    return true;
  });
  return good ? std::optional(numbers) : std::nullopt;
}

Result<Frame> decode_end(std::uint64_t kind, std::string_view message) {
  const auto numbers = decode_numbers(message);
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (!numbers || numbers->first > kMost) return malformed();
  const store::LogCursor at{Revision{numbers->first}, numbers->second};
  if (kind == kStateEnd) return StateEnd{at};
  if (kind == kEntryEnd) return EntryEnd{at, from_millis(static_cast<std::int64_t>(numbers->third))};
  // A century is long enough for any clock.
  constexpr std::uint64_t kLongest = 3'155'760'000'000;
  return Heartbeat{at.revision, Millis(static_cast<std::int64_t>(std::min(numbers->second, kLongest)))};
}

// Nothing for a kind that is not known.
Result<std::optional<Frame>> decode_kind(const pb::Field& field) {
  if (field.number < kHello || field.number > kFarewell) return std::nullopt;
  if (field.type != pb::WireType::bytes) return malformed();
  switch (field.number) {
    case kHello: {
      TRY(auto hello, decode_hello(field.bytes));
      return Frame(std::move(hello));
    }
    case kStateBegin:
      return Frame(StateBegin{});
    case kImage: {
      TRY(auto image, decode_image(field.bytes));
      return Frame(std::move(image));
    }
    case kFarewell: {
      Farewell farewell;
      const bool good = Fields(field.bytes).each([&](const pb::Field& part) {
        return part.number != 1 || read_into(part, farewell.reason);
      });
      if (!good) return malformed();
      return Frame(std::move(farewell));
    }
    default: {
      TRY(auto end, decode_end(field.number, field.bytes));
      return std::optional(std::move(end));
    }
  }
}

Result<std::optional<Frame>> decode_frame(std::string_view message) {
  std::optional<Frame> frame;
  pb::Reader fields(message);
  while (!fields.done()) {
    const auto field = fields.next();
    if (!field) return malformed();
    TRY(auto decoded, decode_kind(*field));
    if (!decoded) continue;
    if (frame) return malformed();  // one frame is one thing
    frame = std::move(decoded);
  }
  return frame;
}

struct Length {
  std::size_t bytes = 0;  // that it takes itself; 0: it is not complete
  std::size_t value = 0;
};

Result<Length> read_length(std::string_view in) {
  Length length;
  for (std::size_t i = 0; i < in.size() && i < kMaxLengthBytes; ++i) {
    const auto byte = static_cast<std::uint8_t>(in[i]);
    length.value |= static_cast<std::size_t>(byte & 0x7F) << (7 * i);
    if (byte >= 0x80) continue;
    length.bytes = i + 1;
    break;
  }
  const bool endless = length.bytes == 0 && in.size() >= kMaxLengthBytes;
  if (endless || (length.bytes > 0 && length.value > kMaxFrame))
    return fail(Code::invalid, "stream.frame.too_large", "The log stream holds a frame that is too large.");
  return length;
}

}  // namespace

std::string encode_frame(const Frame& frame) {
  std::string body, message, out;
  const int kind = std::visit(Encoder{body}, frame);
  pb::put_bytes(message, kind, body);
  pb::put_varint(out, message.size());
  out += message;
  wipe_memory(body.data(), body.size());
  wipe_memory(message.data(), message.size());
  return out;
}

Result<void> FrameReader::feed(std::string_view bytes, const Take& take) {
  const bool joined = !partial_.empty();
  if (joined) partial_ += bytes;
  const std::string_view in = joined ? std::string_view(partial_) : bytes;
  std::size_t used = 0;
  while (used < in.size()) {
    const auto rest = in.substr(used);
    TRY(const auto length, read_length(rest));
    if (length.bytes == 0 || rest.size() - length.bytes < length.value) break;
    TRY(auto frame, decode_frame(rest.substr(length.bytes, length.value)));
    if (frame) TRY(take(*std::move(frame)));
    used += length.bytes + length.value;
  }
  if (joined)
    partial_.erase(0, used);
  else
    partial_.assign(in.substr(used));
  return {};
}

}  // namespace allauth::server
