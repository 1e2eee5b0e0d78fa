#include <gtest/gtest.h>

#include "app/directory/channels.h"
#include "app/extensions/annotations.h"
#include "app/extensions/records.h"
#include "app/test_world.h"

namespace allauth::app {
namespace {

class Extensions : public ::testing::Test {
 protected:
  template <class T>
  static Reason reason(const Result<T>& result) {
    return result ? Reason("none") : result.error().reason;
  }
  Result<store::Done> annotate_channel(const ChannelId& channel, std::string dialect, std::string document) {
    return world.try_run<store::Done>(write_annotation(*world.core,
                                                       world.permit<act::UpdateChannel>(world.admin, channel),
                                                       std::move(dialect), std::move(document)));
  }
  std::string annotation(const ChannelId& channel, std::string_view dialect) {
    return must(world.store->read(
        [&](store::Read& read) { return annotation_of(read, {kind::channel, channel.str()}, dialect); }));
  }

  auto permit(const Domain& in) { return world.permit<act::UpdateDomain>(world.admin, in.id); }
  Result<Extension> try_create(const Domain& in, ExtensionFields fields, UniqueName unique = UniqueName::no,
                               std::string_view kind = "profile") {
    return world.try_run<Extension>(
        create_extension(*world.core, permit(in), "mainflux", kind, std::move(fields), unique));
  }
  Result<Extension> try_change(const Domain& in, const std::string& id, ExtensionChanges changes,
                               std::optional<Revision> expected = {}) {
    return world.try_run<Extension>(change_extension(*world.core, permit(in), "mainflux", "profile", id,
                                                     std::move(changes), UniqueName::in_domain, expected));
  }
  Result<Extension> get(const Domain& in, const std::string& id) {
    return world.store->read(
        [&](store::Read& read) { return get_extension(read, {"mainflux", "profile", in.id}, id); });
  }
  std::vector<std::string> names(const Domain& in, const ListRequest& request = {}) {
    const auto page = must(world.store->read(
        [&](store::Read& read) { return list_extensions(read, {"mainflux", "profile", in.id}, request); }));
    std::vector<std::string> found;
    for (const auto& row : page.items) found.push_back(row.name);
    return found;
  }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  Domain other = world.make_domain("other");
};

TEST_F(Extensions, AnAnnotationIsOfOneDialectAndGoesWithItsEntity) {
  const auto channel = world.make_channel(domain.id, "line");
  EXPECT_EQ(annotation(channel.id, "mainflux"), "{}");
  must(annotate_channel(channel.id, "mainflux", R"({"content_type":"senml"})"));
  must(annotate_channel(channel.id, "supermq", R"({"a":1})"));
  must(annotate_channel(channel.id, "mainflux", R"({"content_type":"json"})"));
  EXPECT_EQ(annotation(channel.id, "mainflux"), R"({"content_type":"json"})");
  EXPECT_EQ(annotation(channel.id, "supermq"), R"({"a":1})");
  must(annotate_channel(channel.id, "supermq", ""));
  EXPECT_EQ(annotation(channel.id, "supermq"), "{}");
  world.run(delete_channel(*world.core, world.permit<act::DeleteChannel>(world.admin, channel.id), {}));
  EXPECT_EQ(annotation(channel.id, "mainflux"), "{}");
}

TEST_F(Extensions, AnAnnotationIsBoundedAndNothingIsLostByARefusedOne) {
  const auto channel = world.make_channel(domain.id, "line");
  must(annotate_channel(channel.id, "mainflux", R"({"a":1})"));
  const std::string large = R"({"a":")" + std::string(kMaxAnnotationBytes, 'x') + "\"}";
  EXPECT_EQ(reason(annotate_channel(channel.id, "mainflux", large)), Reason("document.too_large"));
  EXPECT_EQ(reason(annotate_channel(channel.id, "mainflux", "[1]")), Reason("document.invalid"));
  EXPECT_EQ(reason(annotate_channel(channel.id, "Main/flux", "{}")), Reason("word.invalid"));
  EXPECT_EQ(annotation(channel.id, "mainflux"), R"({"a":1})");
}

TEST_F(Extensions, ARecordIsMadeChangedFoundAndDeleted) {
  const auto made = must(
      try_create(domain, {.id = "p1", .parent_id = "g1", .name = "  Meters ", .document = R"({"x":1})"}));
  EXPECT_EQ(made.name, "Meters");
  EXPECT_EQ(made.domain, domain.id);
  const auto changed = must(try_change(domain, "p1", {.document = R"({"x":2})"}, made.stamp.revision));
  EXPECT_EQ(changed.document, R"({"x":2})");
  EXPECT_EQ(changed.name, "Meters") << "what is absent stays";
  EXPECT_EQ(reason(try_change(domain, "p1", {.name = "Other"}, made.stamp.revision)),
            Reason("revision.stale"));
  EXPECT_EQ(must(get(domain, "p1")).document, R"({"x":2})");
  world.run<store::Done>(delete_extension(*world.core, permit(domain), "mainflux", "profile", "p1", {}));
  EXPECT_EQ(reason(get(domain, "p1")), Reason("object.missing"));
}

TEST_F(Extensions, ARecordIsNotReachedThroughAnotherDomain) {
  must(try_create(domain, {.id = "p1", .document = "{}"}));
  EXPECT_EQ(reason(get(other, "p1")), Reason("object.missing"));
  EXPECT_EQ(reason(try_change(other, "p1", {.name = "Mine"})), Reason("object.missing"));
  EXPECT_EQ(reason(world.try_run<store::Done>(
                delete_extension(*world.core, permit(other), "mainflux", "profile", "p1", {}))),
            Reason("object.missing"));
  EXPECT_EQ(reason(try_create(other, {.id = "p1", .document = "{}"})), Reason("extension.exists"));
  EXPECT_TRUE(names(other).empty());
}

TEST_F(Extensions, NamesAreUniqueWhereTheCallerWantsThem) {
  must(try_create(domain, {.parent_id = "g1", .name = "Meters", .document = "{}"}, UniqueName::in_domain));
  const ExtensionFields same{.parent_id = "g2", .name = "Meters", .document = "{}"};
  EXPECT_EQ(reason(try_create(domain, same, UniqueName::in_domain)), Reason("extension.name_taken"));
  must(try_create(domain, same, UniqueName::below_parent));
  EXPECT_EQ(reason(try_create(domain, same, UniqueName::below_parent)), Reason("extension.name_taken"));
  must(try_create(domain, same, UniqueName::no));
  must(try_create(other, same, UniqueName::in_domain));
  must(try_create(domain, same, UniqueName::in_domain, "thing"));
}

TEST_F(Extensions, AreListedInOrderPageByPage) {
  for (const auto* name : {"c", "a", "b"})
    must(try_create(domain, {.parent_id = name, .name = name, .document = "{}"}));
  EXPECT_EQ(names(domain, {.order_by = "name"}), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(names(domain, {.order_by = "created_at"}).size(), 3u);
  const auto below = must(world.store->read([&](store::Read& read) {
    return list_extensions_below(read, {"mainflux", "profile", domain.id}, "b", {});
  }));
  ASSERT_EQ(below.items.size(), 1u);
  EXPECT_EQ(below.items[0].name, "b");
}

TEST_F(Extensions, GoWithTheirDomain) {
  must(try_create(domain, {.id = "p1", .document = "{}"}));
  must(try_create(other, {.id = "p2", .document = "{}"}));
  world.run(delete_domain(*world.core, world.permit<act::DeleteDomain>(world.admin, domain.id),
                          Deletion::if_empty, {}));
  EXPECT_EQ(reason(get(domain, "p1")), Reason("object.missing"));
  must(get(other, "p2"));
}

TEST_F(Extensions, OfThePlatformLieInNoDomain) {
  const auto made = world.run<Extension>(
      create_extension(*world.core, world.permit<act::SetQuotas>(world.admin, Platform{}), "czertainly",
                       "resource", {.id = "raProfiles", .document = "{}"}, UniqueName::no));
  EXPECT_TRUE(made.domain.empty());
  must(world.store->read(
      [&](store::Read& read) { return get_extension(read, {"czertainly", "resource", {}}, "raProfiles"); }));
}

}  // namespace
}  // namespace allauth::app
