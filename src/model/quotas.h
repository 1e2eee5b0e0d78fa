// How much a domain may hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace allauth {

// What is counted in a domain. Members are users with a role on the domain itself; roles are those of
// everything in it.
enum class Counted : std::uint8_t { members, clients, channels, groups, roles, connections, client_keys };
inline constexpr std::size_t kCounted = 7;
inline constexpr std::array<std::string_view, kCounted> kCountedNames{
    "members", "clients", "channels", "groups", "roles", "connections", "client_keys"};

// By Counted. As quotas, 0 stands for no limit.
using Amounts = std::array<std::int64_t, kCounted>;

// The quotas that a domain has of its own; nothing where it has those of the installation.
struct Quotas {
  std::array<std::optional<std::int64_t>, kCounted> own{};
  friend bool operator==(const Quotas&, const Quotas&) = default;

  template <class Self, class Field>
  static void describe(Self& quotas, Field&& field) {
    field(21, "quota_members", quotas.own[0]);
    field(22, "quota_clients", quotas.own[1]);
    field(23, "quota_channels", quotas.own[2]);
    field(24, "quota_groups", quotas.own[3]);
    field(25, "quota_roles", quotas.own[4]);
    field(26, "quota_connections", quotas.own[5]);
    field(27, "quota_client_keys", quotas.own[6]);
  }
};

inline Amounts effective(const Quotas& quotas, const Amounts& defaults) {
  Amounts amounts = defaults;
  for (std::size_t i = 0; i < kCounted; ++i) amounts[i] = quotas.own[i].value_or(defaults[i]);
  return amounts;
}

}  // namespace allauth
