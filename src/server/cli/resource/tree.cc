#include "server/cli/resource/tree.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

constexpr std::size_t kDeepest = 64;

class Drawing {
 public:
  explicit Drawing(const std::vector<TreeNode>& nodes) {
    for (const auto& node : nodes) ids_.insert(node.id);
    for (const auto& node : nodes)
      children_[ids_.contains(node.parent) ? node.parent : std::string()].push_back(&node);
  }

  std::string draw() {
    for (const auto* top : children_[""]) {
      line("", *top);
      below(*top, "", 0);
    }
    return std::move(out_);
  }

 private:
  void line(const std::string& branches, const TreeNode& node) {
    out_ += fmt::format("{}{}  {}\n", branches, printable(node.name), tinted(printable(node.id), Tint::dim));
  }

  void below(const TreeNode& node, const std::string& indent, std::size_t depth) {
    const auto at = children_.find(node.id);
    if (at == children_.end() || depth == kDeepest) return;
    for (const auto* child : at->second) {
      const bool last = child == at->second.back();
      line(indent + (last ? "└── " : "├── "), *child);
      below(*child, indent + (last ? "    " : "│   "), depth + 1);
    }
  }

  std::set<std::string> ids_;
  std::map<std::string, std::vector<const TreeNode*>> children_;
  std::string out_;
};

}  // namespace

std::string draw_tree(const std::vector<TreeNode>& nodes) { return Drawing(nodes).draw(); }

}  // namespace allauth::server::cli
