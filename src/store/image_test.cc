#include "store/image.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

namespace pb = google::protobuf;

// The message that a description stands for, as a protobuf descriptor.
void describe_message(const Shape& shape, const std::string& name, pb::FileDescriptorProto& file) {
  auto* message = file.add_message_type();
  message->set_name(name);
  const auto add = [message](int number, const std::string& field, bool repeated,
                             pb::FieldDescriptorProto::Type type) {
    auto* made = message->add_field();
    made->set_name(field);
    made->set_number(number);
    made->set_label(repeated ? pb::FieldDescriptorProto::LABEL_REPEATED
                             : pb::FieldDescriptorProto::LABEL_OPTIONAL);
    made->set_type(type);
    return made;
  };
  for (const auto& field : shape.fields) {
    const auto kind = field.type->kind;
    const bool bytes =
        kind == MemberType::Kind::text || kind == MemberType::Kind::blob || kind == MemberType::Kind::tags;
    add(field.number, std::string(field.column), kind == MemberType::Kind::tags,
        bytes ? pb::FieldDescriptorProto::TYPE_BYTES : pb::FieldDescriptorProto::TYPE_INT64);
  }
  for (const auto& child : shape.children) {
    const std::string child_name = name + "Part";
    add(child.number, "parts", true, pb::FieldDescriptorProto::TYPE_MESSAGE)->set_type_name(child_name);
    describe_message(*child.shape, child_name, file);
  }
}

TEST(Image, IsAMessageThatProtobufReadsAndWritesAlike) {
  for_each_row_type([]<class T>(T) {
    pb::FileDescriptorProto file;
    file.set_name(std::string(T::kTable));
    describe_message(shape_of<T>(), "Row", file);
    pb::DescriptorPool pool;
    const auto* built = pool.BuildFile(file);
    ASSERT_NE(built, nullptr) << T::kTable;
    pb::DynamicMessageFactory factory(&pool);
    for (const bool large : {false, true}) {
      const T row = sample<T>(large);
      const std::string image = encode_image(row);
      const std::unique_ptr<pb::Message> message(
          factory.GetPrototype(built->FindMessageTypeByName("Row"))->New());
      ASSERT_TRUE(message->ParseFromString(image)) << T::kTable;
      const auto* reflection = message->GetReflection();
      EXPECT_TRUE(reflection->GetUnknownFields(*message).empty()) << T::kTable;
      const auto* stamp = built->message_type(0)->FindFieldByName("created_at");
      EXPECT_EQ(reflection->GetInt64(*message, stamp), to_millis(row.stamp.created_at));
      const auto again = decode_image<T>(message->SerializeAsString());
      ASSERT_TRUE(again) << T::kTable;
      EXPECT_EQ(encode_image(*again), image) << T::kTable;
    }
  });
}

TEST(Image, HasTheseBytes) {
  RoleMember member;
  member.role = RoleId::trusted("r1");
  member.subject_kind = "user";
  member.subject_id = "u1";
  member.expires_at = from_millis(0);          // present, so written although it is zero
  member.stamp.created_at = from_millis(300);  // 300 = ac 02
  member.stamp.updated_at = from_millis(-1);   // ten bytes
  EXPECT_EQ(encode_image(member), std::string("\x0A\x02r1\x12\x04user\x1A\x02u1\x38\x00\x58\xAC\x02\x68"
                                              "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
                                              30));
  EXPECT_EQ(encode_image(Setting{}), "");
}

TEST(Image, OmitsDefaultsAndReadsThemBack) {
  User user = make_user("u1");
  user.metadata.json = "{}";
  const auto image = encode_image(user);
  EXPECT_EQ(image.find("{}"), std::string::npos);
  const auto read = decode_image<User>(image);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->metadata.json, "{}");
  EXPECT_EQ(read->status, Status::enabled);
  Session session;
  session.generation = 0;  // not the member's initial value
  EXPECT_EQ(decode_image<Session>(encode_image(session))->generation, 0);
}

TEST(Image, SkipsFieldsItDoesNotKnow) {
  const std::string image = encode_image(make_user("u1"));
  const std::string unknown = std::string("\xA0\x06\x01", 3) +              // 100: varint
                              std::string("\xA2\x06\x02hi", 5) +            // 100: bytes
                              std::string("\xA5\x06\0\0\0\0", 6) +          // 100: 32 bits
                              std::string("\xA1\x06\0\0\0\0\0\0\0\0", 10);  // 100: 64 bits
  const auto read = decode_image<User>(unknown + image + unknown);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode_image(*read), image);
}

TEST(Image, RefusesWhatIsNotOne) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"cut tag", "\x80"},
      {"cut length", "\x0A"},
      {"length beyond the end", "\x0A\x05u1"},
      {"huge length", std::string("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01u", 12)},
      {"field 0", std::string("\x00\x01", 2)},
      {"varint of 11 bytes", "\x38\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"},
      {"varint above 64 bits", "\x38\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"},
      {"text as a number", "\x08\x01"},
      {"number as text", "\x3A\x01x"},
      {"a status beyond a byte", "\x38\x80\x02"},
      {"a group", "\xA3\x06\xA4\x06"},
  };
  for (const auto& [name, bytes] : cases) {
    const auto read = decode_image<User>(bytes);
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().reason, Reason("image.malformed")) << name;
  }
}

TEST(Image, BoundsWhatItBuilds) {
  std::string grants;
  for (int i = 0; i < 70'000; ++i) grants += std::string("\x32\x00", 2);
  EXPECT_FALSE(decode_image<Role>(grants));
  EXPECT_TRUE(decode_image<Role>(grants.substr(0, 2 * 60'000)));
  EXPECT_FALSE(decode_image<Role>(std::string(kMaxImageBytes + 1, '\0')));
}

TEST(Image, OfASecretIsForNodesOnly) {
  Credential credential;
  credential.type = CredentialType::password;
  EXPECT_EQ(audience_of(credential), Audience::node);
  credential.type = CredentialType::client_key;
  EXPECT_EQ(audience_of(credential), Audience::all);
  EXPECT_EQ(audience_of(Setting{}), Audience::node);
  EXPECT_EQ(audience_of(StoredKey{}), Audience::node);
  EXPECT_EQ(audience_of(Annotation{}), Audience::node);
  EXPECT_EQ(audience_of(Extension{}), Audience::node);
  EXPECT_EQ(audience_of(User{}), Audience::all);
}

}  // namespace
}  // namespace allauth::store::testing
