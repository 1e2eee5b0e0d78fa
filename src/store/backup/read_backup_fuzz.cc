// Any bytes either are a backup, which then reads alike again, or are refused. Half of the inputs are made
// into frames with right checks, so that what is in them is reached as well.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "store/backup/read_backup.h"

using namespace allauth;
using namespace allauth::store::backup;

static ByteSource source_of(const std::string& bytes) {
  return [&bytes, at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t size = std::min(into.size(), bytes.size() - at);
    std::memcpy(into.data(), bytes.data() + at, size);
    at += size;
    return size;
  };
}

// Kind, length in two bytes, payload; and again.
static std::string framed(std::string_view in) {
  std::string out;
  FrameWriter writer([&out](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  });
  while (in.size() >= 3) {
    const auto length =
        static_cast<std::size_t>(static_cast<std::uint8_t>(in[1])) << 8 | static_cast<std::uint8_t>(in[2]);
    const auto kind = static_cast<FrameKind>(in[0]);
    in.remove_prefix(3);
    const auto payload = in.substr(0, std::min(length, in.size()));
    in.remove_prefix(payload.size());
    if (!writer.write(kind, payload)) std::abort();
  }
  return out;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string bytes = data[0] % 2 == 0 ? std::string(in) : framed(in);
  const auto first = verify_backup(source_of(bytes), {});
  if (!first) return 0;
  if (first->bytes != bytes.size()) std::abort();
  const auto second = verify_backup(source_of(bytes), {});
  if (!second || second->counts != first->counts) std::abort();
  return 0;
}
