// Tokens in this process, without the cache of verified ones: what each algorithm costs.
#include <chrono>

#include <fmt/format.h>

#include "bench/machine.h"
#include "bench/rows.h"
#include "codec/jose/jws.h"
#include "crypto/jwt.h"

namespace allauth::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

const crypto::Expectation& expected() {
  static const crypto::Expectation one{.issuer = "https://id.example", .audience = "api", .typ = "at+jwt"};
  return one;
}

crypto::Claims claims(Instant now) {
  return {.issuer = expected().issuer,
          .subject = "0197bd3c6a7a7f3c8f0d6c9b1e2a4d58",
          .audience = {expected().audience},
          .expires = now + Seconds(3600),
          .issued = now,
          .id = "0197bd3c6a7a7f3c8f0d6c9b1e2a4d59",
          .extra = {{"sid", "0197bd3c6a7a7f3c8f0d6c9b1e2a4d60"}}};
}

// Microseconds of one call, over some tenths of a second.
template <class Fn>
Result<double> micros(double seconds, Fn&& fn) {
  int calls = 0;
  const auto begin = SteadyClock::now();
  const auto passed = [begin] { return std::chrono::duration<double>(SteadyClock::now() - begin).count(); };
  while (passed() < seconds) {
    TRY(fn());
    ++calls;
  }
  return passed() * 1e6 / calls;
}

struct Signer {
  crypto::Algorithm algorithm;
  std::function<Result<std::string>(const crypto::Claims&)> mint;
  crypto::KeySet keys;
};

Result<Signer> signer(crypto::Algorithm algorithm) {
  if (auto key = crypto::SigningKey::generate(algorithm)) {
    TRY(auto keys, crypto::KeySet::make({key->public_key()}));
    return Signer{algorithm,
                  [key = *key](const auto& what) { return crypto::mint(key, what, expected().typ); },
                  std::move(keys)};
  }
  TRY(auto key, crypto::SharedKey::make(algorithm, Secret(std::string(64, 's')), "shared"));
  TRY(auto keys, crypto::KeySet::make({}, {key}));
  return Signer{algorithm, [key](const auto& what) { return crypto::mint(key, what, expected().typ); },
                std::move(keys)};
}

Result<void> measure(const Options& options, const Signer& signer, Report& report) {
  const Instant now = from_millis(1'700'000'000'000);
  const auto what = claims(now);
  TRY(const auto token, signer.mint(what));
  Sample mint, verify;
  const double seconds = options.seconds() / 10;
  for (int i = 0; i < options.runs(); ++i) {
    TRY(const double minted, micros(seconds, [&] { return signer.mint(what); }));
    mint.add(minted);
    TRY(const double verified, micros(seconds, [&]() -> Result<void> {
          TRY(const auto jws, jose::UnverifiedJws::parse(token));
          TRY(crypto::verify(jws, signer.keys, expected(), now));
          return {};
        }));
    verify.add(verified);
  }
  const auto line = [&](std::string_view of, Sample figures) {
    report.add({.row = "tokens",
                .what = fmt::format("{}, {}", of, crypto::jose_name(signer.algorithm)),
                .unit = "us",
                .ours = std::move(figures)});
  };
  line("mint", std::move(mint));
  line("read and verify", std::move(verify));
  return {};
}

}  // namespace

Result<void> tokens_row(const Options& options, Report& report) {
  using enum crypto::Algorithm;
  if (options.pin) bind_to(kLoadCore);
  for (const auto algorithm : {es256, eddsa, rs256, hs256, hs384, hs512}) {
    TRY(const auto with, signer(algorithm));
    TRY(measure(options, with, report));
  }
  return {};
}

}  // namespace allauth::bench
