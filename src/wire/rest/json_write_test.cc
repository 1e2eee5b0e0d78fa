#include "wire/rest/json_write.h"

#include <bit>
#include <cmath>
#include <random>

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "allauth/v1/users.pb.h"
#include "shelf.pb.h"
#include "wire/method.h"
#include "wire/rest/json_read.h"
#include "wire/rest/json_scalar.h"

namespace allauth::wire {
namespace {

using google::protobuf::FieldDescriptor;

std::string written(const Message& message) {
  std::string out;
  append_json(out, message);
  return out;
}

TEST(JsonWrite, WritesScalarsAlwaysAndMessagesIfSet) {
  v1::User user;
  EXPECT_EQ(
      written(user),
      R"({"id":"","email":"","username":"","name":"","tags":[],"created_by":"","updated_by":"","revision":""})");
  user.set_id("u1");
  user.set_name("A \"B\"\n");
  user.add_tags("t");
  user.set_status(v1::STATUS_DISABLED);
  user.mutable_created_at()->set_seconds(1795324320);
  user.mutable_created_at()->set_nanos(123'999'999);
  (*user.mutable_metadata()->mutable_fields())["z"].set_number_value(5);
  (*user.mutable_metadata()->mutable_fields())["a"].set_number_value(0.1);
  (*user.mutable_metadata()->mutable_fields())["m"].set_null_value(google::protobuf::NULL_VALUE);
  EXPECT_EQ(
      written(user),
      R"({"id":"u1","email":"","username":"","name":"A \"B\"\n","tags":["t"],)"
      R"("metadata":{"a":0.1,"m":null,"z":5},"status":"disabled","created_at":"2026-11-22T05:12:00.123Z",)"
      R"("created_by":"","updated_by":"","revision":""})");
}

TEST(JsonWrite, NamesEnumValuesWithoutTheirType) {
  const auto& type = *test::v1::BookColor_descriptor();
  EXPECT_EQ(enum_word(*type.value(0)), "");
  EXPECT_EQ(enum_word(*type.value(1)), "red");
  EXPECT_EQ(enum_word(*type.value(2)), "dark_blue");
}

// Fills messages with what a handler or a caller could put there.
class Filler {
 public:
  explicit Filler(std::uint32_t seed) : random_(seed) {}

  void fill(Message& message, int depth) {
    const auto& type = *message.GetDescriptor();
    switch (shape_of(type)) {
      case Shape::object:
        return fill_struct(static_cast<google::protobuf::Struct&>(message), depth);
      case Shape::value:
        return fill_value(static_cast<google::protobuf::Value&>(message), depth);
      case Shape::array:
        return fill_list(static_cast<google::protobuf::ListValue&>(message), depth);
      case Shape::time:
        static_cast<google::protobuf::Timestamp&>(message).set_seconds(below(16'000'000'000));
        static_cast<google::protobuf::Timestamp&>(message).set_nanos(static_cast<int>(below(1000)) *
                                                                     1'000'000);
        return;
      case Shape::message:
        break;
    }
    for (int i = 0; i < type.field_count(); ++i) {
      const auto& field = *type.field(i);
      if (field.real_containing_oneof() != nullptr &&
          message.GetReflection()->HasOneof(message, field.real_containing_oneof()))
        continue;
      const std::int64_t times = field.is_repeated() ? below(4) : below(2);
      for (std::int64_t n = 0; n < times; ++n) fill_field(message, field, depth);
    }
  }

 private:
  std::int64_t below(std::int64_t bound) {
    return std::uniform_int_distribution<std::int64_t>(0, bound - 1)(random_);
  }

  void fill_field(Message& message, const FieldDescriptor& field, int depth) {
    const auto& r = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        ASSERT_TRUE(put_string(message, field, text()));
        return;
      case FieldDescriptor::CPPTYPE_BOOL:
        ASSERT_TRUE(put_bool(message, field, below(2) == 1));
        return;
      case FieldDescriptor::CPPTYPE_ENUM:
        ASSERT_TRUE(put_string(message, field,
                               enum_word(*field.enum_type()->value(
                                   1 + static_cast<int>(below(field.enum_type()->value_count() - 1))))));
        return;
      case FieldDescriptor::CPPTYPE_INT32:
        ASSERT_TRUE(put_number(message, field, std::to_string(below(1LL << 32) - (1LL << 31))));
        return;
      case FieldDescriptor::CPPTYPE_UINT32:
        ASSERT_TRUE(put_number(message, field, std::to_string(below(1LL << 32))));
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        field.is_repeated() ? r.AddDouble(&message, &field, number())
                            : r.SetDouble(&message, &field, number());
        return;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth == 0) return;
        fill(field.is_repeated() ? *r.AddMessage(&message, &field) : *r.MutableMessage(&message, &field),
             depth - 1);
        return;
      default:
        FAIL() << field.full_name();
    }
  }

  void fill_value(google::protobuf::Value& value, int depth) {
    switch (below(depth > 0 ? 6 : 4)) {
      case 0:
        return value.set_null_value(google::protobuf::NULL_VALUE);
      case 1:
        return value.set_bool_value(below(2) == 1);
      case 2:
        return value.set_number_value(number());
      case 3:
        return value.set_string_value(text());
      case 4:
        return fill_struct(*value.mutable_struct_value(), depth - 1);
      default:
        return fill_list(*value.mutable_list_value(), depth - 1);
    }
  }
  void fill_struct(google::protobuf::Struct& object, int depth) {
    for (std::int64_t n = below(4); n > 0; --n) fill_value((*object.mutable_fields())[text()], depth);
  }
  void fill_list(google::protobuf::ListValue& list, int depth) {
    for (std::int64_t n = below(4); n > 0; --n) fill_value(*list.add_values(), depth);
  }

  double number() {
    if (below(2) == 0)
      return static_cast<double>(below(2'000'000) - 1'000'000) / static_cast<double>(1 + below(64));
    const double any = std::bit_cast<double>(random_());
    return std::isfinite(any) ? any : -0.0;
  }

  std::string text() {
    static constexpr std::array<std::string_view, 12> kPieces{"a",    "Z", "\"", "\\", "\n", "\x01",
                                                              "\x7f", "é", "€",  "😀", "/",  "\xEF\xBF\xBF"};
    std::string text;
    for (std::int64_t n = below(8); n > 0; --n)
      text += kPieces[static_cast<std::size_t>(below(static_cast<std::int64_t>(kPieces.size())))];
    return text;
  }

  std::mt19937_64 random_;
};

void expect_same_after_a_round(const Message& prototype, std::uint32_t seed) {
  std::unique_ptr<Message> before(prototype.New());
  std::unique_ptr<Message> after(prototype.New());
  Filler(seed).fill(*before, 3);
  const std::string text = written(*before);
  const auto read = read_json(text, *after, {.metadata_bytes = 1 << 20});
  ASSERT_TRUE(read) << prototype.GetTypeName() << " " << read.error().reason.slug() << " "
                    << read.error().field << "\n"
                    << text;
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*before, *after)) << text;
  EXPECT_EQ(written(*after), text);
}

TEST(JsonRoundTrip, GivesBackEveryMessage) {
  std::vector<const Message*> prototypes{&test::v1::Book::default_instance()};
  for (const auto* service : native_services()) {
    for (int i = 0; i < service->method_count(); ++i)
      for (const auto* type : {service->method(i)->input_type(), service->method(i)->output_type()})
        prototypes.push_back(google::protobuf::MessageFactory::generated_factory()->GetPrototype(type));
  }
  EXPECT_GT(prototypes.size(), 90u);
  for (const auto* prototype : prototypes)
    for (std::uint32_t seed = 0; seed < 40; ++seed) expect_same_after_a_round(*prototype, seed);
  for (std::uint32_t seed = 100; seed < 1500; ++seed) expect_same_after_a_round(*prototypes.front(), seed);
}

}  // namespace
}  // namespace allauth::wire
