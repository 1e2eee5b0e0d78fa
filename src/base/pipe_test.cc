#include "base/pipe.h"

#include <future>

#include <gtest/gtest.h>

namespace allauth {
namespace {

constexpr Millis kLong{30'000};
constexpr Millis kShort{20};

TEST(APipe, GivesWhatWasWrittenAndThenTheEnd) {
  auto [writer, reader] = make_pipe(8);
  EXPECT_EQ(writer->write("abc"), PipeWrite::taken);
  EXPECT_EQ(writer->write("de"), PipeWrite::taken);
  auto taken = reader->take();
  EXPECT_EQ(taken.bytes, "abcde");
  EXPECT_FALSE(taken.last);
  EXPECT_EQ(writer->write("f"), PipeWrite::taken);
  writer->end();
  EXPECT_EQ(writer->write("g"), PipeWrite::closed);
  taken = reader->take();
  EXPECT_EQ(taken.bytes, "f");
  EXPECT_TRUE(taken.last);
}

TEST(APipe, TakesAPieceWholeOrNotAtAll) {
  auto [writer, reader] = make_pipe(8);
  EXPECT_EQ(writer->write("12345"), PipeWrite::taken);
  EXPECT_EQ(writer->write("6789"), PipeWrite::full);
  EXPECT_EQ(writer->write("678"), PipeWrite::taken);
  EXPECT_EQ(writer->write("9"), PipeWrite::full);
  EXPECT_EQ(reader->take().bytes, "12345678");
  EXPECT_EQ(writer->write("longer than the pipe"), PipeWrite::taken)
      << "an empty pipe holds one larger piece";
  EXPECT_EQ(writer->write("x"), PipeWrite::full);
}

TEST(APipe, CallsTheReaderOnceAfterItFoundNothing) {
  auto [writer, reader] = make_pipe(8);
  int calls = 0;
  reader->on_ready([&] { ++calls; });
  EXPECT_EQ(writer->write("a"), PipeWrite::taken);
  EXPECT_EQ(calls, 0) << "it has not looked";
  EXPECT_EQ(reader->take().bytes, "a");
  EXPECT_EQ(reader->take().bytes, "");
  EXPECT_EQ(writer->write("b"), PipeWrite::taken);
  EXPECT_EQ(writer->write("c"), PipeWrite::taken);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(reader->take().bytes, "bc");
  EXPECT_EQ(reader->take().bytes, "");
  writer->end();
  EXPECT_EQ(calls, 2);
}

TEST(APipe, TellsTheWriterWhenTheReaderIsGone) {
  auto [writer, reader] = make_pipe(8);
  auto held = std::make_shared<int>();
  reader->on_ready([held] {});
  EXPECT_FALSE(writer->closed());
  reader.reset();
  EXPECT_TRUE(writer->closed());
  EXPECT_EQ(writer->write("a"), PipeWrite::closed);
  EXPECT_EQ(held.use_count(), 1) << "what the reader left behind is gone with it";
}

TEST(APipe, EndsWithItsLastWriter) {
  auto [writer, reader] = make_pipe(8);
  writer->write("a");
  writer.reset();
  const auto taken = reader->take();
  EXPECT_EQ(taken.bytes, "a");
  EXPECT_TRUE(taken.last);
}

TEST(APatientWriter, WaitsForRoom) {
  auto [writer, reader] = make_pipe(4);
  ASSERT_EQ(writer->write("1234"), PipeWrite::taken);
  auto waiting = std::async(std::launch::async, [&] { return writer->write_patiently("56", kLong); });
  EXPECT_EQ(reader->take().bytes, "1234");
  EXPECT_EQ(waiting.get(), PipeWrite::taken);
  EXPECT_EQ(reader->take().bytes, "56");
}

TEST(APatientWriter, GivesUpAReaderThatTakesNothing) {
  auto [writer, reader] = make_pipe(4);
  ASSERT_EQ(writer->write("1234"), PipeWrite::taken);
  EXPECT_EQ(writer->write_patiently("5", kShort), PipeWrite::full);
}

TEST(APatientWriter, StopsWaitingWhenTheReaderGoes) {
  auto [writer, reader] = make_pipe(4);
  ASSERT_EQ(writer->write("1234"), PipeWrite::taken);
  auto waiting = std::async(std::launch::async, [&] { return writer->write_patiently("5", kLong); });
  reader.reset();
  EXPECT_EQ(waiting.get(), PipeWrite::closed);
}

TEST(APipe, LosesNothingBetweenManyWritersAndAReader) {
  constexpr int kWriters = 4, kEach = 2000;
  auto [writer, reader] = make_pipe(64);
  std::vector<std::future<void>> writing;
  for (int w = 0; w < kWriters; ++w)
    writing.push_back(std::async(std::launch::async, [&writer, w] {
      for (int i = 0; i < kEach; ++i)
        ASSERT_EQ(writer->write_patiently(std::string(1, static_cast<char>('a' + w)), kLong),
                  PipeWrite::taken);
    }));
  std::array<int, kWriters> seen{};
  for (int left = kWriters * kEach; left > 0;) {
    const auto taken = reader->take();
    for (char c : taken.bytes) ++seen[static_cast<std::size_t>(c - 'a')];
    left -= static_cast<int>(taken.bytes.size());
    if (taken.bytes.empty()) std::this_thread::yield();
  }
  for (int count : seen) EXPECT_EQ(count, kEach);
}

TEST(APipe, TellsItsWriterOnceWhenThereIsRoom) {
  auto [writer, reader] = make_pipe(8);
  int told = 0;
  writer->on_room([&] { ++told; });
  EXPECT_EQ(told, 1) << "an empty pipe has room";
  EXPECT_EQ(writer->write("12345678"), PipeWrite::taken);
  writer->on_room([&] { ++told; });
  EXPECT_EQ(told, 1);
  reader->take();
  EXPECT_EQ(told, 2);
  reader->take();
  EXPECT_EQ(told, 2) << "once";
}

TEST(APipe, TellsItsWriterThatTheReaderIsGone) {
  auto [writer, reader] = make_pipe(8);
  EXPECT_EQ(writer->write("12345678"), PipeWrite::taken);
  PipeWrite answer = PipeWrite::full;
  writer->on_room([&, pipe = writer] { answer = pipe->write("9"); });
  reader.reset();
  EXPECT_EQ(answer, PipeWrite::closed);
}

}  // namespace
}  // namespace allauth
