#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "store/backup/read_backup.h"
#include "store/image.h"
#include "store/testing/samples.h"

namespace allauth::store::backup {
namespace {

ByteSource source_of(const std::string& bytes) {
  return [&bytes, at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t size = std::min(into.size(), bytes.size() - at);
    std::memcpy(into.data(), bytes.data() + at, size);
    at += size;
    return size;
  };
}

Image image_of_user(const std::string& id) {
  return {.kind = ImageKind::user, .key = id, .bytes = encode_image(testing::make_user(id))};
}

LogEntry entry_at(std::uint64_t revision) {
  return {.revision = Revision{revision}, .tag = 77, .time = from_millis(5), .act = {.slug = "test.done"}};
}

// Frames as the test wants them, with right checks.
class Forged {
 public:
  Forged& add(FrameKind kind, const std::string& payload) {
    EXPECT_TRUE(writer_.write(kind, payload));
    return *this;
  }
  Forged& header() { return add(FrameKind::header, encode_header(kHeader)); }
  Forged& users(std::initializer_list<const char*> ids) {
    std::string payload;
    for (const auto* id : ids) append_image(payload, image_of_user(id));
    return add(FrameKind::images, payload);
  }
  Forged& entries(std::initializer_list<std::uint64_t> revisions) {
    std::string payload;
    for (const auto revision : revisions) append_entry(payload, entry_at(revision));
    return add(FrameKind::entries, payload);
  }
  Forged& end(std::uint64_t users, std::uint64_t entries) {
    Counts counts{.images = {}, .entries = entries};
    if (users > 0) counts.images[ImageKind::user] = users;
    return add(FrameKind::end, encode_end(counts));
  }
  std::string bytes() const { return bytes_; }

  static inline const Header kHeader{
      .made_at = from_millis(1), .program = "1.2.3", .schema = 2, .at = {Revision{9}, 0xFFFF'FFFF'FFFF'FFF0}};

 private:
  std::string bytes_;
  FrameWriter writer_{[this](std::string_view more) -> Result<void> {
    bytes_ += more;
    return {};
  }};
};

std::string_view reason_of(const std::string& bytes) {
  const auto read = verify_backup(source_of(bytes), {});
  return read ? "good" : read.error().reason.slug();
}

std::string small() { return Forged().header().users({"a", "b"}).entries({3, 9}).end(2, 2).bytes(); }

TEST(Backup, IsReadAsItWasWritten) {
  std::vector<Image> images;
  std::vector<LogEntry> entries;
  const std::string bytes = small();
  const auto summary = read_backup(source_of(bytes), {.header = [](const Header& header) -> Result<void> {
                                                        EXPECT_EQ(header, Forged::kHeader);
                                                        return {};
                                                      },
                                                      .image = [&](const Image& image) -> Result<void> {
                                                        images.push_back(image);
                                                        return {};
                                                      },
                                                      .entry = [&](const LogEntry& entry) -> Result<void> {
                                                        entries.push_back(entry);
                                                        return {};
                                                      }});
  ASSERT_TRUE(summary) << summary.error().detail;
  EXPECT_EQ(images, (std::vector{image_of_user("a"), image_of_user("b")}));
  EXPECT_EQ(entries, (std::vector{entry_at(3), entry_at(9)}));
  EXPECT_EQ(summary->bytes, bytes.size());
  EXPECT_EQ(summary->counts.records(), 4U);
}

TEST(Backup, IsRefusedWithAnyByteChanged) {
  const std::string whole = small();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const auto expected = i < kMagic.size() ? "backup.format" : "backup.damaged";
      ASSERT_EQ(reason_of(changed), expected) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(Backup, IsRefusedWhenCutOrContinued) {
  const std::string whole = small();
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(reason_of(whole.substr(0, size)), "good");
  EXPECT_EQ(reason_of(whole + "x"), "backup.damaged");
  EXPECT_EQ(reason_of(whole + whole), "backup.damaged");
}

TEST(Backup, IsRefusedWhenFramesAreMovedOrRepeated) {
  const std::size_t frame = 5 + 32;
  const std::string header = Forged().header().bytes();
  const std::string one = Forged().header().users({"a"}).bytes();
  const std::string two = Forged().header().users({"a"}).users({"b"}).bytes();
  const std::string a = one.substr(header.size());
  const std::string b = two.substr(one.size());
  ASSERT_GT(a.size(), frame);
  EXPECT_EQ(reason_of(header + b + a), "backup.damaged");
  EXPECT_EQ(reason_of(header + a + a), "backup.damaged");
  EXPECT_EQ(reason_of(header + b), "backup.damaged");
}

TEST(Backup, IsRefusedWhenItsPartsAreNotInOrder) {
  EXPECT_EQ(reason_of(small()), "good");
  EXPECT_EQ(reason_of(Forged().header().end(0, 0).bytes()), "good");
  const std::vector<std::string> wrong{
      Forged().users({"a"}).end(1, 0).bytes(),                        // no header
      Forged().header().header().end(0, 0).bytes(),                   // two
      Forged().header().entries({3}).users({"a"}).end(1, 1).bytes(),  // images last
      Forged().header().entries({3, 3}).end(0, 2).bytes(),            // twice the same revision
      Forged().header().entries({4, 3}).end(0, 2).bytes(),            // backwards
      Forged().header().entries({10}).end(0, 1).bytes(),              // after the state
      Forged().header().users({"a"}).end(2, 0).bytes(),               // wrong numbers
      Forged().header().users({"a"}).end(1, 1).bytes(),               //
      Forged().header().users({"a"}).end(0, 0).bytes(),               //
      Forged().header().add(FrameKind{9}, "").end(0, 0).bytes(),      // unknown frame
      Forged().header().add(FrameKind::images, "\x0A\x7F").bytes(),   // not a message
      Forged().header().add(FrameKind::images, "\x12\x01x").end(0, 0).bytes(),
      Forged().add(FrameKind::header, "").end(0, 0).bytes(),
  };
  for (std::size_t i = 0; i < wrong.size(); ++i) EXPECT_EQ(reason_of(wrong[i]), "backup.damaged") << i;
}

TEST(Backup, IsRefusedWhenAnImageIsNoRow) {
  const auto with = [](const Image& image) {
    std::string payload;
    append_image(payload, image);
    Counts counts;
    counts.images[image.kind] = 1;
    return reason_of(
        Forged().header().add(FrameKind::images, payload).add(FrameKind::end, encode_end(counts)).bytes());
  };
  EXPECT_EQ(with(image_of_user("a")), "good");
  auto image = image_of_user("a");
  image.key = "b";
  EXPECT_EQ(with(image), "image.malformed");
  image = image_of_user("a");
  image.kind = ImageKind{250};
  EXPECT_EQ(with(image), "image.malformed");
  image = image_of_user("a");
  image.bytes = "\xFF";
  EXPECT_EQ(with(image), "image.malformed");
  image.bytes.clear();
  EXPECT_EQ(with(image), "backup.damaged");
  image = image_of_user("a");
  image.audience = Audience{7};
  EXPECT_EQ(with(image), "backup.damaged");
}

TEST(Backup, TakesNoMemoryForALengthThatIsWrong) {
  std::string bytes = Forged().header().bytes();
  bytes += "\x02\xFF\xFF\xFF\xFF";
  EXPECT_EQ(reason_of(bytes), "backup.damaged");
}

TEST(Backup, OfALaterFormatIsToldFromAnotherFile) {
  std::string later = small();
  later[kMagic.size() - 1] = 2;
  EXPECT_NE(verify_backup(source_of(later), {}).error().message.find("later format"), std::string::npos);
  const std::string other(1000, 'x');
  EXPECT_NE(verify_backup(source_of(other), {}).error().message.find("not a backup"), std::string::npos);
}

}  // namespace
}  // namespace allauth::store::backup
