#include "app/access/repeats.h"

#include <fmt/format.h>

#include "crypto/hash.h"
#include "crypto/seal.h"

namespace allauth::app {
namespace {

std::string bytes_of(const crypto::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Secret derive(const Secret& key, std::string_view purpose) {
  return Secret(
      key.with([&](std::string_view text) { return bytes_of(crypto::hmac_sha256(text, purpose)); }));
}

// A '/' is in no kind, so it is clear where the id begins.
std::string row_of(const store::AnswerName& name) { return name.principal + "/" + name.name; }

crypto::SealPlace place(const std::string& row) {
  return {.table = "kept_answers", .row = row, .column = "answer"};
}

std::unexpected<Error> reused() {
  return fail(Code::conflict, "idempotency.reused",
              "This key came with another request before; take a new key for each request.",
              "Idempotency-Key");
}

}  // namespace

Result<Repeats> Repeats::make(const Secret& key, Entropy& entropy) {
  TRY(auto sealing, crypto::MasterKey::parse(derive(key, "what kept answers are sealed under")));
  return Repeats(crypto::MasterKeys(std::move(sealing)), derive(key, "what tells repeats from others"),
                 entropy);
}

Repeats::Once Repeats::once(const Caller& caller, std::string_view key, const Secret& request) const {
  const auto& who = caller.who.principal;
  const auto digest = digest_key_.with([&](std::string_view under) {
    return request.with([&](std::string_view text) { return crypto::hmac_sha256(under, text); });
  });
  // What one credential was answered is not for another one, which may go less far.
  std::string principal = fmt::format("{}/{}", to_string(who.kind), who.id);
  if (!caller.who.token.empty()) principal.append("/").append(caller.who.token.str());
  return {.name = {.principal = std::move(principal), .name = std::string(key)}, .request = bytes_of(digest)};
}

Result<std::optional<Repeats::First>> Repeats::find(store::Read& read, const Once& once) const {
  TRY(const auto kept, store::KeptAnswers::find(read, once.name));
  if (!kept) return std::nullopt;
  if (kept->request != once.request) return reused();
  const std::string row = row_of(once.name);
  TRY(auto answer, crypto::open(keys_, place(row), kept->answer));
  return First{.answer = std::move(answer), .revision = kept->revision};
}

Result<void> Repeats::require_first(store::Read& read, const Once& once) const {
  TRY(const auto kept, store::KeptAnswers::find(read, once.name));
  if (!kept) return {};
  if (kept->request != once.request) return reused();
  return fail({.code = Code::conflict,
               .reason = "idempotency.under_way",
               .message = "The same request is being answered at the moment; ask again for its answer.",
               .field = "Idempotency-Key",
               .retry_after = Seconds(1)});
}

Result<void> Repeats::keep(store::Tx& tx, const Once& once, const Secret& answer) const {
  const std::string row = row_of(once.name);
  return store::KeptAnswers::keep(tx, once.name, once.request,
                                  crypto::seal(keys_, place(row), answer, entropy_));
}

}  // namespace allauth::app
