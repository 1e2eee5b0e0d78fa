#include "wire/rest/catalogue.h"

#include <gtest/gtest.h>

namespace allauth::wire {
namespace {

using Type = RequestField::Type;
using Place = RequestField::Place;

TEST(Catalogue, SaysHowAMethodIsCalled) {
  const auto* method = find_rest_method("ClientService.CreateClient");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->http_method, "POST");
  EXPECT_EQ(method->path, "/api/v1/domains/{domain_id}/clients");
  EXPECT_EQ(method->find("domain_id")->place, Place::path);
  EXPECT_EQ(method->find("name")->place, Place::body);
  EXPECT_TRUE(method->find("tags")->repeated);
  EXPECT_EQ(method->find("metadata")->type, Type::object);
  EXPECT_TRUE(method->find("key")->secret && method->find("key")->optional);
  EXPECT_EQ(method->find("nonsense"), nullptr);
}

TEST(Catalogue, KnowsWordsQueriesAndTimes) {
  EXPECT_EQ(find_rest_method("DomainService.AddMember")->find("role")->words,
            (std::vector<std::string>{"owner", "admin", "member"}));
  const auto* force = find_rest_method("DomainService.DeleteDomain")->find("force");
  EXPECT_EQ(force->place, Place::query);
  EXPECT_EQ(force->type, Type::flag);
  EXPECT_EQ(find_rest_method("RoleService.AddRoleMembers")->find("members")->type, Type::message);
}

TEST(Catalogue, LeavesOutWhatRestSaysOtherwise) {
  EXPECT_EQ(find_rest_method("UserService.UpdateUser")->find("update_mask"), nullptr);
  EXPECT_EQ(find_rest_method("NoService.None"), nullptr);
}

}  // namespace
}  // namespace allauth::wire
