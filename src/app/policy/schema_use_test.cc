// What a new schema may not leave without a type, on every engine.
#include "app/policy/schema_use.h"

#include <gtest/gtest.h>

#include "model/relationship.h"
#include "policy/core_schema.h"
#include "store/rows.h"
#include "store/testing/contract.h"

namespace allauth::app {
namespace {

using policy::CompiledSchema;

std::shared_ptr<const CompiledSchema> compile(std::string_view own, const CompiledSchema& before) {
  return *policy::core_schema_with(own, before);
}

constexpr std::string_view kBefore = R"(
definition shop/team {
  relation member: user
  permission all = member
}
definition shop/order {
  relation buyer: user | user:*
  relation staff: shop/team#member | role#member
  permission view = buyer + staff
}
)";

class SchemaUse : public store::testing::StoreTest {
 protected:
  void relate(std::string_view text) {
    ASSERT_TRUE(write([&](store::Tx& tx) {
      auto row = *parse_relationship_key(text);
      return store::insert(tx, row);
    })) << text;
  }
  void forget(std::string_view text) {
    ASSERT_TRUE(write([&](store::Tx& tx) { return store::erase(tx, *parse_relationship_key(text)); }))
        << text;
  }
  // Empty: nothing is in the way.
  std::string hindrance(std::string_view after) {
    const auto before = compile(kBefore, *policy::core_schema());
    const auto found = store_->read([&](store::Read& read) -> Result<store::Done> {
      TRY(require_unused(read, *before, *compile(after, *before)));
      return store::Done{};
    });
    if (found) return {};
    EXPECT_EQ(found.error().reason, Reason("schema.in_use")) << found.error().message;
    EXPECT_EQ(found.error().code, Code::conflict);
    return found.error().message;
  }
};

struct Change {
  std::string_view what;
  std::string_view related;  // what stands in the way of it
  std::string_view after;
};

constexpr Change kChanges[] = {
    {"a definition goes", "shop/order:o1#buyer@user:ann", "definition shop/team { relation member: user; }"},
    {"a relation goes", "shop/order:o1#staff@role:r1#member",
     "definition shop/team { relation member: user; }\ndefinition shop/order { relation buyer: user | "
     "user:*; }"},
    {"a relation becomes a permission", "shop/order:o1#buyer@user:ann",
     "definition shop/team { relation member: user; }\n"
     "definition shop/order { relation staff: shop/team#member | role#member; permission buyer = staff; }"},
    {"a type goes", "shop/order:o1#buyer@user:ann",
     "definition shop/team { relation member: user; }\n"
     "definition shop/order { relation buyer: user:*; relation staff: shop/team#member | role#member; }"},
    {"a wildcard goes", "shop/order:o1#buyer@user:*",
     "definition shop/team { relation member: user; }\n"
     "definition shop/order { relation buyer: user; relation staff: shop/team#member | role#member; }"},
    {"a userset goes", "shop/order:o1#staff@shop/team:t1#member",
     "definition shop/team { relation member: user; }\n"
     "definition shop/order { relation buyer: user | user:*; relation staff: role#member; }"},
    {"the relation of a userset becomes a permission", "shop/order:o1#staff@shop/team:t1#member",
     "definition shop/team { relation seat: user; permission member = seat; }\n"
     "definition shop/order { relation buyer: user | user:*; relation staff: shop/team#member | role#member; "
     "}"},
};

TEST_P(SchemaUse, OfWhatIsTakenAwayIsInTheWayWithOneRelationshipNamed) {
  for (const auto& change : kChanges) {
    EXPECT_EQ(hindrance(change.after), "") << change.what;
    relate(change.related);
    EXPECT_NE(hindrance(change.after).find(change.related), std::string::npos) << change.what;
    forget(change.related);
  }
}

TEST_P(SchemaUse, IsOfTheExactForm) {
  relate("shop/order:o1#buyer@user:*");
  EXPECT_EQ(hindrance("definition shop/team { relation member: user; }\n"
                      "definition shop/order { relation buyer: user:*; }"),
            "");
  forget("shop/order:o1#buyer@user:*");
  relate("shop/order:o1#buyer@user:ann");
  relate("shop/team:t1#member@user:ann");
  EXPECT_EQ(hindrance("definition shop/team { relation member: user; }\n"
                      "definition shop/order { relation buyer: user; }"),
            "");
}

TEST_P(SchemaUse, DoesNotHinderWhatIsAdded) {
  for (const auto related : {"shop/order:o1#buyer@user:ann", "shop/order:o1#buyer@user:*",
                             "shop/order:o1#staff@shop/team:t1#member", "shop/team:t1#member@user:ben"})
    relate(related);
  EXPECT_EQ(hindrance(kBefore), "");
  EXPECT_EQ(hindrance(std::string(kBefore) + "definition shop/item { relation order: shop/order; }"), "");
  EXPECT_EQ(hindrance("definition shop/team { relation member: user | client; }\n"
                      "definition shop/order {\n relation buyer: user | user:* | client\n"
                      " relation staff: shop/team#member | role#member\n permission view = buyer & staff\n}"),
            "");
}

INSTANTIATE_TEST_SUITE_P(Engines, SchemaUse, ::testing::ValuesIn(store::testing::engines()),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace allauth::app
