#include "wire/read_mask.h"

#include <gtest/gtest.h>

#include "allauth/v1/users.pb.h"
#include "wire/rest/json_write.h"

namespace allauth::wire {
namespace {

v1::ListUsersResponse sample() {
  v1::ListUsersResponse response;
  auto& user = *response.add_users();
  user.set_id("u1");
  user.set_name("Ada");
  user.add_tags("t");
  (*user.mutable_metadata()->mutable_fields())["a"].set_string_value("b");
  response.set_next_page_token("n");
  return response;
}

TEST(ReadMask, LeavesWhatIsNamed) {
  const std::pair<const char*, const char*> table[] = {
      {"next_page_token", R"({"next_page_token":"n"})"},
      {"users.id", R"({"users":[{"id":"u1"}]})"},
      {"users.id,users.tags", R"({"users":[{"id":"u1","tags":["t"]}]})"},
      {"users.metadata", R"({"users":[{"metadata":{"a":"b"}}]})"},
      {"users.id,users", R"(whole)"},
      {"users,users.id", R"(whole)"},
      {"users.id,users.id", R"({"users":[{"id":"u1"}]})"},
      {"total_size", "{}"},
  };
  std::string whole;
  append_json(whole, sample(), ReadMask::parse("users", *v1::ListUsersResponse::descriptor()).value());
  for (const auto& [paths, expected] : table) {
    const auto mask = ReadMask::parse(paths, *v1::ListUsersResponse::descriptor());
    ASSERT_TRUE(mask) << paths;
    std::string written;
    append_json(written, sample(), *mask);
    EXPECT_EQ(written, expected == std::string("whole") ? whole : expected) << paths;
    auto pruned = sample();
    mask->prune(pruned);
    std::string again;
    append_json(again, pruned, *mask);
    EXPECT_EQ(again, written) << paths;
  }
}

TEST(ReadMask, WantsAllWhereNothingIsNamed) {
  auto message = sample();
  ReadMask().prune(message);
  EXPECT_EQ(message.SerializeAsString(), sample().SerializeAsString());
}

TEST(ReadMask, RefusesWhatIsNoMember) {
  std::string many = "users";
  for (int i = 0; i < 64; ++i) many += ",users";
  for (const std::string& paths :
       {std::string(), std::string(","), std::string("users."), std::string(".users"), std::string("user"),
        std::string("users.id.x"), std::string("users.metadata.a"), std::string("users.created_at.seconds"),
        std::string("users.id.x,users"), std::string("users,users.nope"), std::string("users,\n"), many,
        std::string(1025, 'u')}) {
    const auto mask = ReadMask::parse(paths, *v1::ListUsersResponse::descriptor());
    ASSERT_FALSE(mask) << paths;
    EXPECT_EQ(mask.error().reason, Reason("fields.path"));
    EXPECT_EQ(mask.error().field, "fields");
  }
}

}  // namespace
}  // namespace allauth::wire
