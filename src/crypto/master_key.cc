#include "crypto/master_key.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "codec/base64.h"
#include "crypto/hash.h"

namespace allauth::crypto {
namespace {

constexpr std::size_t kHexSize = MasterKey::kSize * 2;
constexpr std::size_t kIdSize = sizeof(MasterKey::Id) * 2;

std::unexpected<Error> invalid(std::string message) {
  return fail(Code::invalid, "seal.key.invalid", std::move(message));
}

std::unexpected<Error> unknown(const MasterKey::Id& id) {
  return fail(Code::not_found, "seal.key.unknown",
              fmt::format("The master key file holds no key {}.", to_string(id)));
}

// "64 digits" or "64 digits id".
Result<MasterKey> parse_line(std::string_view line, std::size_t number) {
  const auto hex = line.substr(0, kHexSize);
  const auto key = MasterKey::parse(Secret(std::string(hex)));
  const bool with_id = line.size() == kHexSize + 1 + kIdSize && line[kHexSize] == ' ';
  if (!key || hex.size() != kHexSize || (line.size() != kHexSize && !with_id))
    return invalid(
        fmt::format("Line {} of the master key file is no key: 64 hexadecimal digits, and the "
                    "key's id after a blank.",
                    number));
  if (with_id && line.substr(kHexSize + 1) != to_string(key->id()))
    return invalid(fmt::format(
        "Line {} of the master key file is damaged: the key is not the one that its id says; restore the "
        "file from a backup.",
        number));
  return key;
}

Result<std::vector<MasterKey>> parse_lines(std::string_view text) {
  std::vector<MasterKey> keys;
  while (!text.empty() && keys.size() < MasterKeys::kMost) {
    const auto end = std::min(text.find('\n'), text.size());
    TRY(auto key, parse_line(text.substr(0, end), keys.size() + 1));
    if (std::ranges::find(keys, key.id(), &MasterKey::id) != keys.end())
      return invalid("The master key file holds a key twice.");
    keys.push_back(std::move(key));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!text.empty() || keys.empty())
    return invalid(fmt::format("A master key file holds 1 to {} keys.", MasterKeys::kMost));
  return keys;
}

}  // namespace

struct MasterKey::Impl {
  std::array<std::uint8_t, kSize> bytes{};
  Id id{};

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { wipe_memory(bytes.data(), bytes.size()); }
};

MasterKey MasterKey::make(std::span<const std::uint8_t, kSize> bytes) {
  auto impl = std::make_shared<Impl>();
  std::ranges::copy(bytes, impl->bytes.begin());
  const Digest name = hmac_sha256(codec::as_text(impl->bytes), "allauth master key id");
  std::copy_n(name.begin(), impl->id.size(), impl->id.begin());
  return MasterKey(std::move(impl));
}

Result<MasterKey> MasterKey::parse(const Secret& text) {
  return text.with([](std::string_view t) -> Result<MasterKey> {
    const bool cut = codec::hex_decode(t).has_value();  // half of a key in hex; no 32 bytes look like it
    if (t.size() == kSize && !cut) return make(codec::as_bytes(t).first<kSize>());
    if (t.size() == kHexSize + 1 && t.ends_with('\n')) t.remove_suffix(1);
    auto raw = t.size() == kHexSize ? codec::hex_decode(t) : std::nullopt;
    if (!raw) return invalid("A master key is 32 bytes, or 64 hexadecimal digits.");
    auto key = make(codec::as_bytes(*raw).first<kSize>());
    wipe_memory(raw->data(), raw->size());
    return key;
  });
}

MasterKey MasterKey::generate(Entropy& entropy) {
  std::array<std::uint8_t, kSize> bytes{};
  entropy.fill(bytes);
  auto key = make(bytes);
  wipe_memory(bytes.data(), bytes.size());
  return key;
}

const MasterKey::Id& MasterKey::id() const { return impl_->id; }
const std::uint8_t* MasterKey::bytes() const { return impl_->bytes.data(); }

std::string to_string(const MasterKey::Id& id) { return codec::hex_encode(codec::as_text(id)); }

Result<MasterKey::Id> parse_master_key_id(std::string_view text) {
  MasterKey::Id id{};
  const auto bytes = codec::hex_decode(text);
  if (!bytes || bytes->size() != id.size())
    return fail(Code::invalid, "seal.key.id",
                "A master key is named by eight hexadecimal digits, as allauth keys status shows them.");
  std::ranges::copy(codec::as_bytes(*bytes), id.begin());
  return id;
}

Result<MasterKeys> MasterKeys::parse(const Secret& text) {
  if (text.size() == MasterKey::kSize) {
    TRY(auto only, MasterKey::parse(text));
    return MasterKeys(std::move(only));
  }
  TRY(auto keys, text.with([](std::string_view t) { return parse_lines(t); }));
  return MasterKeys(std::move(keys));
}

Secret MasterKeys::text() const {
  std::string lines;
  lines.reserve(keys_.size() * (kHexSize + 1 + kIdSize + 1));  // no copies of secrets left by growing
  for (const auto& key : keys_) {
    std::string hex = codec::hex_encode(codec::as_text({key.bytes(), MasterKey::kSize}));
    lines += hex;
    wipe_memory(hex.data(), hex.size());
    lines += ' ';
    lines += to_string(key.id());
    lines += '\n';
  }
  return Secret::take(lines);
}

const MasterKey* MasterKeys::find(const MasterKey::Id& id) const {
  const auto at = std::ranges::find(keys_, id, &MasterKey::id);
  return at == keys_.end() ? nullptr : &*at;
}

Result<MasterKeys> MasterKeys::with(MasterKey added) const {
  if (find(added.id()) != nullptr)
    return fail(Code::conflict, "seal.key.exists", "The master key file holds this key already.");
  if (keys_.size() >= kMost)
    return fail(
        Code::conflict, "seal.key.too_many",
        fmt::format("The master key file holds {} keys, which is the most; retire one first.", kMost));
  auto keys = keys_;
  keys.push_back(std::move(added));
  return MasterKeys(std::move(keys));
}

Result<MasterKeys> MasterKeys::with_current(const MasterKey::Id& id) const {
  auto keys = keys_;
  const auto at = std::ranges::find(keys, id, &MasterKey::id);
  if (at == keys.end()) return unknown(id);
  std::rotate(keys.begin(), at, at + 1);
  return MasterKeys(std::move(keys));
}

Result<MasterKeys> MasterKeys::without(const MasterKey::Id& id) const {
  if (find(id) == nullptr) return unknown(id);
  if (current().id() == id)
    return fail(Code::conflict, "seal.key.current",
                fmt::format("{} is the current master key; make another one current first.", to_string(id)));
  auto keys = keys_;
  std::erase_if(keys, [&id](const MasterKey& key) { return key.id() == id; });
  return MasterKeys(std::move(keys));
}

}  // namespace allauth::crypto
