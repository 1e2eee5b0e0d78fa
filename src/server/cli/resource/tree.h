// Things that lie in one another, drawn.
#pragma once

#include <string>
#include <vector>

namespace allauth::server::cli {

struct TreeNode {
  std::string id;
  std::string parent;  // of another node; those whose parent is not among them stand at the top
  std::string name;
};

// A line for each: its name and id, behind branches. Each node is drawn once, whatever parents say.
std::string draw_tree(const std::vector<TreeNode>& nodes);

}  // namespace allauth::server::cli
