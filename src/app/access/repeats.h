// Writes that may come twice: under a key that the caller chose, a repeat gets the first answer again and
// changes nothing. A caller that heard no answer can so ask again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/caller.h"
#include "base/clock.h"
#include "crypto/master_key.h"
#include "store/kept_answers.h"

namespace allauth::app {

// Thread-safe.
class Repeats {
 public:
  // `key`: a secret that the nodes of an installation have in common. Answers are sealed under a key that is
  // made of it, since they may hold secrets.
  static Result<Repeats> make(const Secret& key, Entropy& entropy);

  // One write of one caller, told from others by what was asked for.
  struct Once {
    store::AnswerName name;
    std::string request;  // a digest
  };
  Once once(const Caller& caller, std::string_view key, const Secret& request) const;

  struct First {
    Secret answer;
    Revision revision{};
  };
  // The answer to the first of them, if there was one. Errors: conflict idempotency.reused, when that asked
  // for something else; unavailable seal.*.
  Result<std::optional<First>> find(store::Read& read, const Once& once) const;
  // Within the write. Error: conflict idempotency.under_way, when another came first meanwhile.
  Result<void> require_first(store::Read& read, const Once& once) const;
  // Within the write. Error: exhausted idempotency.too_many.
  Result<void> keep(store::Tx& tx, const Once& once, const Secret& answer) const;

 private:
  Repeats(crypto::MasterKeys keys, Secret digest_key, Entropy& entropy)
      : keys_(std::move(keys)), digest_key_(std::move(digest_key)), entropy_(entropy) {}

  crypto::MasterKeys keys_;
  Secret digest_key_;
  Entropy& entropy_;
};

}  // namespace allauth::app
