// Any bytes into the transcoder: no crash, and what it accepts it writes and reads back the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <google/protobuf/struct.pb.h>

#include "allauth/v1/auth.pb.h"
#include "allauth/v1/clients.pb.h"
#include "allauth/v1/users.pb.h"
#include "wire/rest/json_read.h"
#include "wire/rest/json_write.h"

namespace {

template <class M>
void round(std::string_view text) {
  M first;
  if (!allauth::wire::read_json(text, first, {})) return;
  std::string once;
  allauth::wire::append_json(once, first);
  M second;
  const allauth::wire::JsonLimits wide{.depth = 32, .metadata_depth = 32, .metadata_bytes = 1 << 20};
  if (!allauth::wire::read_json(once, second, wide)) std::abort();
  std::string twice;
  allauth::wire::append_json(twice, second);
  if (once != twice) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  round<google::protobuf::Value>(text);
  round<allauth::v1::User>(text);
  round<allauth::v1::AuthenticateRequest>(text);
  round<allauth::v1::CreateClientRequest>(text);
  return 0;
}
