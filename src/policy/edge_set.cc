#include "policy/edge_set.h"

namespace allauth::policy {

using edge_block::Leaf;

bool EdgeSet::contains(Label label, std::uint32_t node) const {
  if (!has_block()) return word_ != 0 && inline_label() == label && inline_node() == node;
  return edge_block::contains(*block(), edge_block::key(label, node));
}

std::size_t EdgeSet::count_hint(Label label) const {
  if (!has_block()) return word_ != 0 && inline_label() == label ? 1 : 0;
  if (block()->height != 0) return kMany;
  const auto& leaf = *static_cast<const Leaf*>(block());
  const std::size_t run = leaf.run_at(label);
  return run < leaf.count && leaf.label(run) == label ? leaf.nodes(run).size() : 0;
}

bool EdgeSet::insert(Label label, std::uint32_t node) {
  if (contains(label, node)) return false;
  const edge_block::Key key = edge_block::key(label, node);
  if (word_ == 0) {
    set_inline(label, node);
  } else if (!has_block()) {
    const edge_block::Key present = edge_block::key(inline_label(), inline_node());
    set_block(edge_block::make_leaf(std::min(present, key), std::max(present, key)));
  } else {
    edge_block::Block* root = block();
    edge_block::insert(root, key);
    set_block(root);
  }
  return true;
}

bool EdgeSet::erase(Label label, std::uint32_t node) {
  if (!contains(label, node)) return false;
  if (!has_block()) {
    word_ = 0;
    return true;
  }
  edge_block::Block* root = block();
  edge_block::erase(root, edge_block::key(label, node));
  set_block(root);
  simplify();
  return true;
}

// Back to the inline form when one edge is left.
void EdgeSet::simplify() {
  if (!has_block() || block()->height != 0) return;
  auto* leaf = static_cast<Leaf*>(block());
  if (leaf->size != 1) return;
  set_inline(leaf->label(0), leaf->values()[0]);
  edge_block::release(leaf);
}

}  // namespace allauth::policy
