#include "store/backup/format.h"

#include <limits>
#include <optional>
#include <utility>

#include "codec/protobuf.h"
#include "store/image.h"

namespace allauth::store::backup {
namespace {

using codec::protobuf::Field;
using codec::protobuf::put_bytes;
using codec::protobuf::put_integer;
using codec::protobuf::Reader;
using codec::protobuf::WireType;

constexpr std::size_t kMaxKey = 64 * 1024;

// The members of an Act in the order of their fields, which begin at 4.
constexpr int kFirstActField = 4;
constexpr std::string Act::* kActFields[] = {
    &Act::slug,      &Act::actor_kind, &Act::actor_id,    &Act::on_behalf_of,
    &Act::domain_id, &Act::request_id, &Act::target_kind, &Act::target_id,
};

// Calls take(field) for each field; false, from it or from the message, means that it is damaged.
template <class Take>
bool read_fields(std::string_view message, Take&& take) {
  Reader in(message);
  while (!in.done()) {
    const auto field = in.next();
    if (!field || !take(*field)) return false;
  }
  return true;
}

bool is_integer(const Field& field) { return field.type == WireType::varint; }
bool is_bytes(const Field& field) { return field.type == WireType::bytes; }

bool take_integer(const Field& field, std::int64_t& into) {
  into = static_cast<std::int64_t>(field.integer);
  return is_integer(field);
}

bool take_text(const Field& field, std::string& into) {
  into = field.bytes;
  return is_bytes(field);
}

bool read_image(std::string_view message, Image& image) {
  std::int64_t kind = 0;
  std::int64_t audience = 0;
  const bool whole = read_fields(message, [&](const Field& field) {
    switch (field.number) {
      case 1:
        return take_integer(field, kind);
      case 2:
        return field.bytes.size() <= kMaxKey && take_text(field, image.key);
      case 3:
        return take_integer(field, audience);
      case 4:
        return field.bytes.size() <= kMaxImageBytes && take_text(field, image.bytes);
      default:
        return false;
    }
  });
  if (!whole || !std::in_range<std::uint8_t>(kind) || image.key.empty() || image.bytes.empty()) return false;
  image.kind = static_cast<ImageKind>(kind);
  image.audience = static_cast<Audience>(audience);
  return audience == static_cast<int>(Audience::all) || audience == static_cast<int>(Audience::node);
}

bool read_entry(std::string_view message, LogEntry& entry) {
  std::int64_t revision = 0;
  std::int64_t tag = 0;
  std::int64_t time = 0;
  const bool whole = read_fields(message, [&](const Field& field) {
    if (field.number == 1) return take_integer(field, revision);
    if (field.number == 2) return take_integer(field, tag);
    if (field.number == 3) return take_integer(field, time);
    const auto index = field.number - kFirstActField;  // wraps around for numbers below
    return index < std::size(kActFields) && take_text(field, entry.act.*kActFields[index]);
  });
  entry.revision = static_cast<Revision>(revision);
  entry.tag = static_cast<std::uint64_t>(tag);
  entry.time = from_millis(time);
  return whole && revision > 0;
}

template <class Record>
Result<void> read_records(std::string_view payload, bool (*read)(std::string_view, Record&),
                          const std::function<Result<void>(Record)>& take) {
  Reader in(payload);
  while (!in.done()) {
    const auto field = in.next();
    Record record;
    if (!field || field->number != 1 || !is_bytes(*field) || !read(field->bytes, record))
      return damaged("a record cannot be read");
    TRY(take(std::move(record)));
  }
  return {};
}

}  // namespace

std::uint64_t Counts::records() const {
  std::uint64_t sum = entries;
  for (const auto& [kind, count] : images) sum += count;
  return sum;
}

std::string encode_header(const Header& header) {
  std::string out;
  put_integer(out, 1, to_millis(header.made_at));
  put_bytes(out, 2, header.program);
  put_integer(out, 3, header.schema);
  put_integer(out, 4, static_cast<std::int64_t>(to_number(header.at.revision)));
  put_integer(out, 5, static_cast<std::int64_t>(header.at.tag));
  return out;
}

Result<Header> decode_header(std::string_view payload) {
  Header header;
  std::int64_t made_at = 0;
  std::int64_t schema = 0;
  std::int64_t revision = 0;
  std::int64_t tag = 0;
  const bool whole = read_fields(payload, [&](const Field& field) {
    switch (field.number) {
      case 1:
        return take_integer(field, made_at);
      case 2:
        return take_text(field, header.program);
      case 3:
        return take_integer(field, schema);
      case 4:
        return take_integer(field, revision);
      case 5:
        return take_integer(field, tag);
      default:
        return false;
    }
  });
  if (!whole || schema < 1 || !std::in_range<int>(schema) || revision < 0) return damaged("the header");
  header.made_at = from_millis(made_at);
  header.schema = static_cast<int>(schema);
  header.at = {static_cast<Revision>(revision), static_cast<std::uint64_t>(tag)};
  return header;
}

std::string encode_end(const Counts& counts) {
  std::string out;
  for (const auto& [kind, count] : counts.images) {
    std::string one;
    put_integer(one, 1, static_cast<std::int64_t>(kind));
    put_integer(one, 2, static_cast<std::int64_t>(count));
    put_bytes(out, 1, one);
  }
  put_integer(out, 2, static_cast<std::int64_t>(counts.entries));
  return out;
}

Result<Counts> decode_end(std::string_view payload) {
  Counts counts;
  const auto read_count = [&counts](std::string_view message) {
    std::int64_t kind = 0;
    std::int64_t count = 0;
    const bool whole = read_fields(message, [&](const Field& field) {
      return (field.number == 1 && take_integer(field, kind)) ||
             (field.number == 2 && take_integer(field, count));
    });
    return whole && std::in_range<std::uint8_t>(kind) &&
           counts.images.emplace(static_cast<ImageKind>(kind), static_cast<std::uint64_t>(count)).second;
  };
  const bool whole = read_fields(payload, [&](const Field& field) {
    if (field.number == 1) return is_bytes(field) && read_count(field.bytes);
    counts.entries = field.integer;
    return field.number == 2 && is_integer(field);
  });
  if (!whole) return damaged("the end");
  return counts;
}

void append_image(std::string& payload, const Image& image) {
  std::string one;
  one.reserve(image.key.size() + image.bytes.size() + 32);
  put_integer(one, 1, static_cast<std::int64_t>(image.kind));
  put_bytes(one, 2, image.key);
  put_integer(one, 3, static_cast<std::int64_t>(image.audience));
  put_bytes(one, 4, image.bytes);
  put_bytes(payload, 1, one);
}

void append_entry(std::string& payload, const LogEntry& entry) {
  std::string one;
  put_integer(one, 1, static_cast<std::int64_t>(to_number(entry.revision)));
  put_integer(one, 2, static_cast<std::int64_t>(entry.tag));
  put_integer(one, 3, to_millis(entry.time));
  int number = kFirstActField;
  for (const auto member : kActFields) {
    if (!(entry.act.*member).empty()) put_bytes(one, number, entry.act.*member);
    ++number;
  }
  put_bytes(payload, 1, one);
}

Result<void> decode_images(std::string_view payload, const TakeImage& take) {
  return read_records<Image>(payload, &read_image, take);
}

Result<void> decode_entries(std::string_view payload, const TakeEntry& take) {
  return read_records<LogEntry>(payload, &read_entry, take);
}

std::unexpected<Error> damaged(std::string detail) {
  return fail(Code::invalid, "backup.damaged",
              "The backup is damaged or not complete; nothing was taken from it.", {}, std::move(detail));
}

}  // namespace allauth::store::backup
