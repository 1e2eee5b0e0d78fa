#include "app/identity/nodes.h"

#include "app/directory/change.h"
#include "app/identity/credentials.h"
#include "codec/base64.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

constexpr std::string_view kNode = "node";  // kind of the owner; no object of the policy

Secret make_node_token(Entropy& entropy) {
  std::array<std::uint8_t, 32> bytes;
  entropy.fill(bytes);
  Secret token("ant1_" + codec::base64url_encode(codec::as_text(bytes)));
  wipe_memory(bytes.data(), bytes.size());
  return token;
}

Credential node_credential(CredentialId id, std::string name, const crypto::Digest& digest) {
  return {.id = std::move(id),
          .owner_kind = std::string(kNode),
          .owner_id = std::move(name),
          .type = CredentialType::node_token,
          .scheme = "ant1",
          .digest = {std::string(codec::as_text(digest))}};
}

}  // namespace

Result<std::string> parse_node_name(std::string_view text, std::string_view field) {
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool good =
      !text.empty() && text.size() <= 64 && alnum(text.front()) &&
      std::ranges::all_of(text, [&](char c) { return alnum(c) || c == '.' || c == '_' || c == '-'; });
  if (good) return std::string(text);
  return fail(Code::invalid, "node.name",
              "A node's name is 1 to 64 of a-z 0-9 . _ - and begins with a letter or digit.",
              std::string(field));
}

Result<store::Write<EnrolledNode>> enroll_node(const Core& core, const TokenDigests& digests,
                                               Permit<act::ManageNodes> permit, std::string name) {
  const Secret token = make_node_token(core.entropy);
  auto row =
      node_credential(CredentialId::trusted(core.ids.next()), std::move(name), digests.node_token(token));
  return guarded<EnrolledNode>(
      core, std::move(permit),
      [row = std::move(row), token = token.copy()](store::Tx& tx, const auto& p) -> Result<EnrolledNode> {
        TRY(const auto known, credentials_of(tx, kNode, row.owner_id));
        if (!known.empty())
          return fail(Code::conflict, "node.exists",
                      "A node of that name is enrolled; remove it to give out a new token.", "name");
        Credential stored = row;
        stored.stamp = fresh_stamp(tx, p.caller());
        TRY(store::insert(tx, stored));
        tx.act(act_of(p.caller(), "node.enrolled", kNode, row.owner_id));
        return EnrolledNode{row.owner_id, token.copy()};
      });
}

Result<Page<Credential>> list_nodes(store::Read& read, const Permit<act::ManageNodes>&,
                                    const ListRequest& request) {
  return list_page<Credential>(read, store::list::nodes(), request);
}

Result<store::Write<store::Done>> remove_node(const Core& core, Permit<act::ManageNodes> permit,
                                              std::string name) {
  return guarded<store::Done>(core, std::move(permit),
                              [name = std::move(name)](store::Tx& tx, const auto& p) -> Result<store::Done> {
                                TRY(auto rows, credentials_of(tx, kNode, name));
                                if (rows.empty()) return missing_object();
                                for (auto& row : rows) TRY(erase_credential(tx, std::move(row)));
                                tx.act(act_of(p.caller(), "node.removed", kNode, name));
                                return store::Done{};
                              });
}

std::string find_node(const store::Snapshot& snapshot, const TokenDigests& digests, const Secret& token) {
  const std::string* name = token.empty() ? nullptr : snapshot.find_node(digests.node_token(token));
  return name != nullptr ? *name : std::string();
}

}  // namespace allauth::app
