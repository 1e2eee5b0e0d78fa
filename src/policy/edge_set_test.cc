#include "policy/edge_set.h"

#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace allauth::policy {
namespace {

using Model = std::set<std::pair<std::uint32_t, std::uint32_t>>;

Model content(const EdgeSet& edges, Label first = Label(), Label last = Label::from_bits(0x7FFFFFFF)) {
  Model seen;
  std::pair<std::uint32_t, std::uint32_t> before{0, 0};
  bool ascending = true;
  edges.visit(first, last, [&](Label label, std::span<const std::uint32_t> nodes) {
    for (const std::uint32_t node : nodes) {
      const std::pair edge{label.bits(), node};
      ascending = ascending && (seen.empty() || before < edge);
      before = edge;
      seen.insert(edge);
    }
    return true;
  });
  EXPECT_TRUE(ascending);
  return seen;
}

struct Shape {
  const char* name;
  unsigned labels;
  unsigned nodes;
  unsigned steps;
};
class EdgeSets : public testing::TestWithParam<Shape> {};

TEST_P(EdgeSets, AgreeWithASetAndKeepOldVersions) {
  const Shape shape = GetParam();
  std::mt19937 random(shape.steps);
  EdgeSet edges;
  Model model;
  std::vector<std::pair<EdgeSet, Model>> versions;
  for (unsigned step = 0; step < shape.steps; ++step) {
    const Label label =
        Label::from_bits(static_cast<std::uint32_t>(random() % shape.labels) * 0x0123'4567u % 0x7FFF'FFFFu);
    const auto node = static_cast<std::uint32_t>(random() % shape.nodes) * 3u;
    // Grows first, then shrinks to nothing much.
    const bool insert = random() % 10 < (step < shape.steps / 2 ? 8u : 2u);
    const bool changed = insert ? edges.insert(label, node) : edges.erase(label, node);
    const bool expected =
        insert ? model.insert({label.bits(), node}).second : model.erase({label.bits(), node}) != 0;
    ASSERT_EQ(changed, expected);
    ASSERT_EQ(edges.contains(label, node), insert);
    if (step % (shape.steps / 8) == 0) versions.emplace_back(edges, model);
  }
  versions.emplace_back(edges, model);
  for (const auto& [version, expected] : versions) ASSERT_EQ(content(version), expected);
  while (!model.empty()) {
    const auto [label, node] = *model.begin();
    ASSERT_TRUE(edges.erase(Label::from_bits(label), node));
    model.erase(model.begin());
  }
  EXPECT_TRUE(edges.empty());
  for (const auto& [version, expected] : versions) ASSERT_EQ(content(version), expected);
}

INSTANTIATE_TEST_SUITE_P(Shapes, EdgeSets,
                         testing::Values(Shape{"tiny", 2, 3, 400}, Shape{"few", 5, 40, 4000},
                                         Shape{"one_label", 1, 20'000, 60'000},
                                         Shape{"many_labels", 5000, 3, 40'000},
                                         Shape{"mixed", 40, 1000, 80'000}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(EdgeSetLabels, AreVisitedByRangeAndCanStop) {
  EdgeSet edges;
  for (std::uint32_t node = 0; node < 3000; ++node) edges.insert(Label::relation(1 + node % 3, 0), node);
  edges.insert(Label::grant(7), 1);
  std::size_t nodes = 0;
  edges.visit(Label::relation(2, 0), [&](std::span<const std::uint32_t> part) {
    nodes += part.size();
    return true;
  });
  EXPECT_EQ(nodes, 1000u);
  EXPECT_EQ(content(edges, Label::grant(0)), (Model{{Label::grant(7).bits(), 1}}));
  int pieces = 0;
  EXPECT_FALSE(
      edges.visit(Label::relation(1, 0), [&](std::span<const std::uint32_t>) { return ++pieces < 1; }));
  EXPECT_EQ(pieces, 1);
}

TEST(EdgeSetHints, AreExactForSmallSets) {
  EdgeSet edges;
  EXPECT_EQ(edges.count_hint(Label::relation(1, 0)), 0u);
  edges.insert(Label::relation(1, 0), 5);
  EXPECT_EQ(edges.count_hint(Label::relation(1, 0)), 1u);
  EXPECT_EQ(edges.count_hint(Label::relation(2, 0)), 0u);
  for (std::uint32_t node = 0; node < 100; ++node) edges.insert(Label::relation(2, 0), node);
  EXPECT_EQ(edges.count_hint(Label::relation(2, 0)), 100u);
  for (std::uint32_t node = 0; node < 5000; ++node) edges.insert(Label::relation(2, 0), node);
  EXPECT_EQ(edges.count_hint(Label::relation(2, 0)), EdgeSet::kMany);
}

}  // namespace
}  // namespace allauth::policy
