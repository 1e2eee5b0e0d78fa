#include "codec/rpc.h"

namespace allauth::rpc {

std::optional<std::string_view> find_field(const Metadata& metadata, std::string_view name) {
  for (const auto& field : metadata)
    if (field.name == name) return field.value;
  return std::nullopt;
}

}  // namespace allauth::rpc
