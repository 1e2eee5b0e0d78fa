// Nodes without a database show a token to those that have one: who is enrolled, and whose token it is.
#pragma once

#include <string>

#include "app/access/gate.h"
#include "app/identity/digests.h"
#include "app/lists/list_page.h"
#include "model/access.h"

namespace allauth::app {

// 1–64 of a–z 0–9 . _ - beginning with a letter or digit. Error: node.name.
Result<std::string> parse_node_name(std::string_view text, std::string_view field);

struct EnrolledNode {
  std::string name;
  Secret token;  // "ant1_" and 256 random bits; only its digest is kept
};

// Error: conflict node.exists.
Result<store::Write<EnrolledNode>> enroll_node(const Core& core, const TokenDigests& digests,
                                               Permit<act::ManageNodes> permit, std::string name);

// Their credentials, whose owner_id is the node's name, in the order of names.
Result<Page<Credential>> list_nodes(store::Read& read, const Permit<act::ManageNodes>& permit,
                                    const ListRequest& request);

// Error: not_found object.missing.
Result<store::Write<store::Done>> remove_node(const Core& core, Permit<act::ManageNodes> permit,
                                              std::string name);

// The name of the node that shows this token, as of now; empty if there is none.
std::string find_node(const store::Snapshot& snapshot, const TokenDigests& digests, const Secret& token);

}  // namespace allauth::app
