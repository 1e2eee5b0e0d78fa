#include "wire/present.h"

#include <gtest/gtest.h>

#include "allauth/v1/clients.pb.h"
#include "allauth/v1/users.pb.h"

namespace allauth::wire {
namespace {

using Names = std::vector<std::string>;

v1::UpdateUserRequest update(std::initializer_list<const char*> paths) {
  v1::UpdateUserRequest request;
  request.set_user_id("u1");
  request.set_email("a@example.org");
  for (const char* path : paths) request.mutable_update_mask()->add_paths(path);
  return request;
}

TEST(StatedMembers, AreThoseOfTheMask) {
  EXPECT_EQ(stated_members(update({"name", "tags"})), (Names{"name", "tags"}));
  EXPECT_EQ(stated_members(update({"*"})),
            (Names{"user_id", "name", "email", "username", "tags", "metadata"}));
}

TEST(StatedMembers, AreWithoutAMaskThoseThatAreNotEmpty) {
  EXPECT_EQ(stated_members(update({})), (Names{"user_id", "email"}));
}

TEST(StatedMembers, AreAllOfARequestThatHasNoMask) {
  EXPECT_EQ(stated_members(v1::MoveClientRequest()), (Names{"client_id", "group_id"}));
}

TEST(StatedMembers, RefuseWhatIsNoMember) {
  for (const char* path : {"nmae", "", "update_mask", "metadata.site", "name\n"}) {
    const auto stated = stated_members(update({"name", path}));
    ASSERT_FALSE(stated) << path;
    EXPECT_EQ(stated.error().reason, Reason("mask.path"));
    EXPECT_EQ(stated.error().field, "update_mask");
  }
}

}  // namespace
}  // namespace allauth::wire
