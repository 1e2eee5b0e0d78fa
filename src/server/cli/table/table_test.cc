// What holds for every command of the real table.
#include <set>

#include <gtest/gtest.h>

#include "server/cli/commands.h"
#include "server/cli/table/completion.h"
#include "server/cli/table/help.h"
#include "server/cli/table/parse.h"
#include "server/cli/table/reference.h"

namespace allauth::server::cli {
namespace {

std::string topic_of(const Command& command) { return command.path.substr(0, command.path.find(' ')); }

TEST(CommandTable, HasEveryCommandOnceAndUnderATopic) {
  const auto& table = command_table();
  std::set<std::string> paths;
  std::set<std::string> topics;
  for (const auto& section : table.sections)
    for (const auto& topic : section.topics) {
      EXPECT_TRUE(topics.insert(topic.name).second) << topic.name;
      EXPECT_FALSE(topic.summary.empty()) << topic.name;
      EXPECT_FALSE(table.of(topic.name).empty()) << topic.name;
    }
  for (const auto& command : table.commands) {
    EXPECT_TRUE(paths.insert(command.path).second) << command.path;
    EXPECT_TRUE(topics.contains(topic_of(command))) << command.path;
    EXPECT_TRUE(command.run) << command.path;
  }
}

TEST(CommandTable, SaysWhatEveryCommandAndOptionIsFor) {
  for (const auto& command : command_table().commands) {
    EXPECT_FALSE(command.summary.empty() || command.summary.ends_with('.')) << command.path;
    EXPECT_LE(command.summary.size(), 80U) << command.path;
    std::set<std::string> names;
    std::set<char> letters;
    for (const auto* option : options_of(command)) {
      EXPECT_TRUE(names.insert(option->name).second) << command.path << " --" << option->name;
      EXPECT_TRUE(option->letter == 0 || letters.insert(option->letter).second)
          << command.path << " " << option->letter;
      EXPECT_FALSE(option->help.empty() || option->help.ends_with('.'))
          << command.path << " --" << option->name;
      EXPECT_LE(option->help.size(), 100U) << command.path << " --" << option->name;
    }
  }
}

// The words of a line as a shell takes them, up to a redirection.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  for (const char c : line.substr(0, line.find_first_of("<>|"))) {
    if (quote != 0 ? c == quote : c == '\'' || c == '"') {
      quote = quote != 0 ? 0 : c;
      word = word.value_or("");
    } else if (quote == 0 && c == ' ') {
      if (word) words.push_back(*word);
      word.reset();
    } else {
      word = word.value_or("") + c;
    }
  }
  if (word) words.push_back(*word);
  return words;
}

TEST(Completion, OffersTheNextWordOfAPath) {
  const auto script = completion_script(command_table(), "bash").value();
  EXPECT_NE(script.find("'policy schema') offered='get"), std::string::npos);
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto offers = completion_script(command_table(), shell).value();
    EXPECT_EQ(offers.find("schema schema"), std::string::npos) << shell;
  }
}

// An example that does not parse teaches nothing.
TEST(CommandTable, HasExamplesThatParse) {
  for (const auto& command : command_table().commands) {
    for (const auto& [says, line] : command.examples) {
      const auto words = words_of(line);
      if (words.empty() || words.front() != "allauth") continue;
      const auto choice = choose_command(command_table(), std::span(words).subspan(1));
      ASSERT_TRUE(choice) << line << ": " << choice.error().message;
      EXPECT_EQ(choice->command->path, command.path) << line;
      const auto options = parse_options(*choice->command, choice->rest);
      EXPECT_TRUE(options) << line << ": " << (options ? "" : options.error().message);
    }
    for (const auto& other : command.see_also)
      EXPECT_TRUE(command_table().find(other)) << command.path << " names `" << other << "`";
  }
}

TEST(Help, FitsATerminal) {
  const auto& table = command_table();
  std::vector<std::string> texts{help_of_program(table), help_of_prefix(table, "keys")};
  for (const auto& command : table.commands) texts.push_back(help_of_command(command));
  for (const auto& text : texts) {
    EXPECT_TRUE(text.ends_with("\n"));
    std::size_t column = 0;
    for (const char c : text) {
      column = c == '\n' ? 0 : column + 1;
      ASSERT_LE(column, 120U) << text;
    }
  }
}

TEST(Help, NamesEveryCommand) {
  const auto overview = help_of_program(command_table());
  const auto reference = command_reference(command_table());
  for (const auto& command : command_table().commands) {
    EXPECT_NE(overview.find(topic_of(command)), std::string::npos) << command.path;
    EXPECT_NE(reference.find("# allauth " + command.path + "\n"), std::string::npos) << command.path;
  }
}

TEST(Help, ListsWhatBeginsWithSeveralWords) {
  const auto text = help_of_prefix(command_table(), "policy lookup");
  EXPECT_NE(text.find("allauth policy lookup resources"), std::string::npos);
  EXPECT_NE(text.find("allauth policy lookup subjects"), std::string::npos);
  EXPECT_EQ(text.find("allauth policy schema"), std::string::npos);
}

TEST(Wrap, BreaksBetweenWords) {
  EXPECT_EQ(wrap("one two three", 7, 0), "one two\nthree");
  EXPECT_EQ(wrap("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrap("incomprehensibilities", 5, 0), "incomprehensibilities");
  EXPECT_EQ(wrap("", 5, 0), "");
}

TEST(Completion, IsThereForThreeShells) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(command_table(), shell);
    ASSERT_TRUE(script) << shell;
    EXPECT_NE(script->find("reseal"), std::string::npos) << shell;
    EXPECT_NE(script->find("token-file"), std::string::npos) << shell;
  }
  EXPECT_FALSE(completion_script(command_table(), "tcsh"));
}

}  // namespace
}  // namespace allauth::server::cli
