#include "store/sql/sqlite_damage.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <sqlite3.h>

#include "store/sql/sqlite_error.h"

namespace allauth::sql {
namespace {

// https://sqlite.org/fileformat2.html §4.1-4.2: all numbers are big-endian, but for those that are summed.
constexpr std::size_t kHeader = 32;
constexpr std::size_t kHeaderSummed = 24;
constexpr std::size_t kFrameHeader = 24;
constexpr std::size_t kFrameHeaderSummed = 8;
constexpr std::uint32_t kMagic = 0x377f0682;  // the lowest bit: sums are of big-endian numbers
constexpr std::uint32_t kLeastPage = 512, kMostPage = 65536;

using Bytes = std::span<const unsigned char>;

std::uint32_t big(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

std::uint32_t little(Bytes bytes, std::size_t at) { return __builtin_bswap32(big(bytes, at)); }

struct Sum {
  std::uint32_t first = 0, second = 0;
  friend bool operator==(const Sum&, const Sum&) = default;
};

Sum sum_at(Bytes bytes, std::size_t at) { return {big(bytes, at), big(bytes, at + 4)}; }

// A frame as it lies there, and whether it goes on from the frame before.
struct Frame {
  bool of_this_log = false;  // not left over from before the file was last begun anew
  bool commit = false;
  Sum computed;  // from the sum that the frame before says it has
  Sum stored;
  bool sound() const { return of_this_log && computed == stored; }
};

class Wal {
 public:
  Wal(Bytes header, std::FILE* file)
      : file_(file),
        big_endian_((big(header, 0) & 1) != 0),
        salts_(sum_at(header, 16)),
        previous_(sum_at(header, kHeaderSummed)),
        buffer_(kFrameHeader + big(header, 8)) {}

  Sum add(Sum sum, Bytes bytes) const {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      sum.first += (big_endian_ ? big(bytes, at) : little(bytes, at)) + sum.second;
      sum.second += (big_endian_ ? big(bytes, at + 4) : little(bytes, at + 4)) + sum.first;
    }
    return sum;
  }

  std::optional<Frame> next() {
    if (std::fread(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) return std::nullopt;
    const Bytes bytes(buffer_);
    Frame frame{
        .of_this_log = sum_at(bytes, 8) == salts_, .commit = big(bytes, 4) != 0, .stored = sum_at(bytes, 16)};
    frame.computed = add(add(previous_, bytes.first(kFrameHeaderSummed)), bytes.subspan(kFrameHeader));
    previous_ = frame.stored;
    return frame;
  }

 private:
  std::FILE* file_;
  bool big_endian_;
  Sum salts_;
  Sum previous_;
  std::vector<unsigned char> buffer_;
};

bool is_header(Bytes header) {
  const auto page = big(header, 8);
  if ((big(header, 0) & ~1U) != kMagic || page < kLeastPage || page > kMostPage) return false;
  return Wal(header, nullptr).add({}, header.first(kHeaderSummed)) == sum_at(header, kHeaderSummed);
}

// Each commit is on disk before the next transaction begins. So a sound commit at or after the first frame
// that is broken, with more after it, cannot be what a power cut left.
bool lost_in_the_middle(Wal wal) {
  bool broken = false, committed_after = false;
  while (const auto frame = wal.next()) {
    if (!broken && frame->sound()) continue;
    broken = true;
    if (!frame->sound()) continue;
    if (committed_after) return true;
    committed_after = frame->commit;
  }
  return false;
}

std::unexpected<Error> damaged(const std::string& name) {
  return fail(corrupt(fmt::format(
      "The file '{}' is damaged: changes in it cannot be read any more. Restore the database from a backup.",
      name)));
}

}  // namespace

Result<void> check_wal(const std::string& path) {
  const std::string name = path + "-wal";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(name.c_str(), "rbe"), std::fclose);
  if (!file) {
    if (errno == ENOENT) return {};
    return fail(Code::unavailable, "store.io", fmt::format("The file '{}' cannot be opened.", name), {},
                std::strerror(errno));
  }
  std::array<unsigned char, kHeader> header{};
  if (std::fread(header.data(), 1, header.size(), file.get()) != header.size()) return {};
  if (header == std::array<unsigned char, kHeader>{}) return {};  // made, and nothing written yet
  if (!is_header(header) || lost_in_the_middle(Wal(header, file.get()))) return damaged(name);
  return {};
}

Result<void> check_pages(sqlite3* db, const std::string& path) {
  std::string said;
  const auto keep = [](void* into, int, char** values, char**) {
    if (values[0]) *static_cast<std::string*>(into) = values[0];
    return 0;
  };
  const int code = sqlite3_exec(db, "PRAGMA quick_check(1)", keep, &said, nullptr);
  if (code != SQLITE_OK) return fail(to_error(code, db, "quick_check"));
  if (said == "ok") return {};
  // A line that names the file, and one that says what is wrong.
  return fail(corrupt(fmt::format("The database '{}' is damaged; restore it from a backup.", path),
                      said.substr(said.rfind('\n') + 1)));
}

}  // namespace allauth::sql
