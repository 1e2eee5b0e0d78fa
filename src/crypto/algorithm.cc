#include "crypto/algorithm.h"

#include <array>

namespace allauth::crypto {

std::string_view jose_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
      return "ES256";
    case Algorithm::eddsa:
      return "EdDSA";
    case Algorithm::rs256:
      return "RS256";
    case Algorithm::hs256:
      return "HS256";
    case Algorithm::hs384:
      return "HS384";
    case Algorithm::hs512:
      return "HS512";
  }
  return {};
}

std::optional<Algorithm> find_algorithm(std::string_view name) {
  constexpr std::array all = {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256,
                              Algorithm::hs256, Algorithm::hs384, Algorithm::hs512};
  for (const auto algorithm : all)
    if (jose_name(algorithm) == name) return algorithm;
  return std::nullopt;
}

}  // namespace allauth::crypto
