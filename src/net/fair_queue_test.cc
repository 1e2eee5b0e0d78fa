#include "net/fair_queue.h"

#include <gtest/gtest.h>

namespace allauth::net {
namespace {

TEST(FairQueue, gives_each_key_a_turn_and_keeps_the_order_of_its_own) {
  FairQueue<std::string> queue(10, 10);
  for (const auto* job : {"a1", "a2", "a3", "a4"}) EXPECT_TRUE(queue.push("a", job));
  EXPECT_TRUE(queue.push("b", "b1"));
  EXPECT_TRUE(queue.push("c", "c1"));
  EXPECT_TRUE(queue.push("b", "b2"));
  std::string order;
  while (!queue.empty()) order += queue.pop() + " ";
  EXPECT_EQ(order, "a1 b1 c1 a2 b2 a3 a4 ");
}

TEST(FairQueue, leaves_room_for_others) {
  FairQueue<int> queue(4, 2);
  EXPECT_TRUE(queue.push("loud", 1));
  EXPECT_TRUE(queue.push("loud", 2));
  EXPECT_FALSE(queue.push("loud", 3)) << "its share is used up";
  EXPECT_TRUE(queue.push("quiet", 4));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_TRUE(queue.push("loud", 5)) << "and there again once it has had a turn";
  EXPECT_TRUE(queue.push("", 6));
  EXPECT_FALSE(queue.push("late", 7)) << "all places are taken";
  EXPECT_EQ(queue.size(), 4u);
}

TEST(FairQueue, has_no_share_for_nobody) {
  FairQueue<int> queue(3, 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.push("", i));
  EXPECT_FALSE(queue.push("", 3));
  FairQueue<int> closed(3, 0);
  EXPECT_FALSE(closed.push("a", 1));
  EXPECT_TRUE(closed.empty());
}

}  // namespace
}  // namespace allauth::net
