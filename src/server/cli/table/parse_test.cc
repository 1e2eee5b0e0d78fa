#include "server/cli/table/parse.h"

#include <gtest/gtest.h>

#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

using Words = std::vector<std::string>;

Command command(std::string path, std::string words = {}, std::vector<Option> options = {}) {
  return {
      .path = std::move(path), .summary = "Do it", .words = std::move(words), .options = std::move(options)};
}

CommandTable table() {
  return {.sections = {{"Things", {{"thing", "Things"}, {"serve", "Serve"}}}},
          .commands = {command("thing create", "NAME"), command("thing list"),
                       command("thing delete", "THING..."), command("thing part add"),
                       command("thing part drop"), command("serve")}};
}

std::string choice_or_message(const Words& typed) {
  const auto known = table();
  const auto choice = choose_command(known, typed);
  return choice ? choice->command->path : choice.error().message;
}

TEST(ChooseCommand, TakesTheWordsThatNameIt) {
  EXPECT_EQ(choice_or_message({"thing", "create", "x"}), "thing create");
  EXPECT_EQ(choice_or_message({"serve", "--a=b"}), "serve");
  const auto known = table();
  EXPECT_EQ(choose_command(known, Words{"thing", "create", "x", "-q"})->rest, (Words{"x", "-q"}));
}

TEST(ChooseCommand, TakesTheServerBeforeTheCommand) {
  const auto known = table();
  const auto choice = choose_command(known, Words{"--server", "http://a", "-q", "thing", "list"});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->rest, (Words{"--server", "http://a", "-q"}));
}

TEST(ChooseCommand, SaysWhatWasMeant) {
  EXPECT_EQ(choice_or_message({"thign"}), "There is no command `thign`. Did you mean `allauth thing`?");
  EXPECT_EQ(choice_or_message({"thing", "crate"}),
            "There is no command `thing crate`. Did you mean `allauth thing create`?");
  EXPECT_EQ(choice_or_message({"thing", "rm"}),
            "There is no command `thing rm`. Did you mean `allauth thing delete`?");
  EXPECT_EQ(choice_or_message({"thing"}),
            "`allauth thing` needs one of: create, list, delete, part add, part drop.");
  EXPECT_EQ(choice_or_message({"thing", "--json"}),
            "`allauth thing` needs one of: create, list, delete, part add, part drop.");
  EXPECT_EQ(choice_or_message({"thing", "part"}), "`allauth thing part` needs one of: add, drop.");
  EXPECT_EQ(choice_or_message({"thing", "part", "--json"}), "`allauth thing part` needs one of: add, drop.");
  EXPECT_EQ(choice_or_message({"thing", "part", "dorp", "x"}),
            "There is no command `thing part dorp`. Did you mean `allauth thing part drop`?");
  EXPECT_EQ(choice_or_message({"xyzzy"}), "There is no command `xyzzy`.");
  EXPECT_EQ(choice_or_message({"--server"}), "Which command?");
}

std::string parsed_or_message(const Command& of, const Words& typed) {
  const auto options = parse_options(of, typed);
  if (!options) return options.error().message;
  std::string text;
  for (const auto& word : options->words) text += word + " ";
  for (const auto& [name, value] : options->named) text += name + "=" + value + " ";
  for (const auto& [name, value] : options->configuration) text += "config:" + name + "=" + value + " ";
  return text;
}

TEST(ParseOptions, TakesWordsAndOptionsInAnyOrder) {
  const auto create = command("create", "NAME [ROUTE]", {{"tag", "TAG", ""}, {"quiet", "", "", 'q'}});
  EXPECT_EQ(parsed_or_message(create, {"a"}), "a ");
  EXPECT_EQ(parsed_or_message(create, {"--tag", "x", "a", "-q", "--tag=y=z", "b"}),
            "a b tag=x quiet=true tag=y=z ");
  EXPECT_EQ(parsed_or_message(create, {"--", "--tag"}), "--tag ");
  EXPECT_EQ(parsed_or_message(create, {"-"}), "- ");
  EXPECT_EQ(parsed_or_message(create, {"--tag=", "a"}), "a tag= ");
}

TEST(ParseOptions, SaysWhatIsWrong) {
  const auto create = command("create", "NAME [ROUTE]", {{"name", "NAME", ""}, {"quiet", "", "", 'q'}});
  EXPECT_EQ(parsed_or_message(create, {}), "Something is missing. Use: allauth create NAME [ROUTE]");
  EXPECT_EQ(parsed_or_message(create, {"a", "b", "c"}),
            "`c` is one word too many. Use: allauth create NAME [ROUTE]");
  EXPECT_EQ(parsed_or_message(create, {"a", "--nmae", "b"}),
            "--nmae is not an option here. Did you mean `--name`?");
  EXPECT_EQ(parsed_or_message(create, {"a", "-x"}), "-x is not an option here.");
  EXPECT_EQ(parsed_or_message(create, {"a", "--name"}), "--name needs a value: NAME.");
  EXPECT_EQ(parsed_or_message(create, {"a", "--quiet=yes"}), "--quiet takes no value.");
}

TEST(ParseOptions, LeavesConfigurationKeysToTheConfiguration) {
  auto serve = command("serve", "", {{"config", "FILE", ""}});
  serve.takes_configuration = true;
  EXPECT_EQ(parsed_or_message(serve, {"--log.level", "warn", "--config", "a", "--data_dir=b"}),
            "config=a config:log.level=warn config:data_dir=b ");
  EXPECT_EQ(parsed_or_message(serve, {"--log.level"}), "--log.level needs a value.");
  EXPECT_EQ(parsed_or_message(serve, {"-x"}), "-x is not an option here.");
}

TEST(ParseOptions, TakesAsManyWordsAsTheCommandSays) {
  const auto remove = command("delete", "THING...");
  EXPECT_EQ(parsed_or_message(remove, {"a", "b", "c"}), "a b c ");
  EXPECT_EQ(parsed_or_message(remove, {}), "Something is missing. Use: allauth delete THING...");
}

}  // namespace
}  // namespace allauth::server::cli
