// scrypt (RFC 7914) as PHC string: "$scrypt$ln=17,r=8,p=1$salt$hash", N being 2^ln.
#include <vector>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"
#include "crypto/password_record.h"

namespace allauth::crypto {
namespace {

constexpr std::uint64_t kMaxR = 32;
constexpr std::uint64_t kMaxP = 16;
constexpr std::uint64_t kMaxWork = std::uint64_t{1} << 21;  // N·r·p; twice OWASP's N=2^17, r=8, p=1

struct Scrypt {
  std::uint64_t n = 0, r = 0, p = 0;
  SaltedHash salted;
};

std::uint64_t memory_of(const Scrypt& record) { return 128 * record.r * record.n; }

bool begins(std::string_view record) { return record.starts_with("$scrypt$"); }

Result<Scrypt> parse(std::string_view text) {
  const auto fields = split(text, '$');
  if (fields.size() != 5) return broken_record("not four fields");
  const auto params = split(fields[2], ',');
  if (params.size() != 3) return broken_record("not three parameters");
  const auto ln = parse_param(params[0], "ln=");
  const auto r = parse_param(params[1], "r=");
  const auto p = parse_param(params[2], "p=");
  if (!ln || !r || !p || *ln == 0 || *r == 0 || *p == 0) return broken_record("bad scrypt parameters");
  if (*ln > 20 || *r > kMaxR || *p > kMaxP) return unsupported_record("scrypt cost above the limit");
  auto salted = salted_hash(fields[3], fields[4]);
  if (!salted) return broken_record("bad salt or hash");
  Scrypt record{.n = std::uint64_t{1} << *ln, .r = *r, .p = *p, .salted = std::move(*salted)};
  if (memory_of(record) > kMaxRecordMemory || record.n * record.r * record.p > kMaxWork)
    return unsupported_record("scrypt cost above the limit");
  return record;
}

Result<void> check(std::string_view record) {
  TRY(parse(record));
  return {};
}

Result<bool> matches(std::string_view password, std::string_view text) {
  TRY(const Scrypt record, parse(text));
  std::string out(record.salted.hash.size(), '\0');
  // OpenSSL counts its own small buffers too.
  const std::uint64_t most = memory_of(record) + 128 * record.r * (record.p + 2) + 4096;
  if (EVP_PBE_scrypt(password.data(), password.size(), codec::as_bytes(record.salted.salt).data(),
                     record.salted.salt.size(), record.n, record.r, record.p, most,
                     reinterpret_cast<std::uint8_t*>(out.data()), out.size()) != 1)
    return no_memory_for_record();
  return equal_ct(out, record.salted.hash);
}

}  // namespace

const RecordKind kScrypt{.begins = begins, .check = check, .matches = matches};

}  // namespace allauth::crypto
