#include "policy/validation/yaml_limits.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace allauth::policy {
namespace {

Position position_of(const YAML::Mark& mark) {  // an empty text has none
  return {.line = static_cast<std::uint32_t>(std::max(mark.line, 0)) + 1,
          .column = static_cast<std::uint32_t>(std::max(mark.column, 0)) + 1};
}

// Counts what the parser comes upon, and stops it by an exception, as the parser itself does.
class Counter final : public YAML::EventHandler {
 public:
  struct Refused {
    YamlMistake mistake;
  };

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "validation.syntax", "a second document begins here; write one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "validation.syntax", "aliases such as `*name` are not read; write it out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string&) override {
    count(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    count(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    count(mark);
  }
  void OnMapEnd() override {}

 private:
  [[noreturn]] static void refuse(const YAML::Mark& mark, Reason reason, std::string message) {
    throw Refused{{position_of(mark), reason, std::move(message)}};
  }
  void count(const YAML::Mark& mark) {
    if (++values_ > kMaxYamlValues)
      refuse(mark, "validation.limit", fmt::format("the file has more than {} values", kMaxYamlValues));
  }

  std::size_t documents_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

std::optional<YamlMistake> check_yaml(const std::string& text) {
  std::istringstream in(text);
  Counter counter;
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(counter)) {
    }
  } catch (const Counter::Refused& refused) {
    return refused.mistake;
  } catch (const YAML::Exception& mistake) {
    return YamlMistake{position_of(mistake.mark), "validation.syntax", mistake.msg};
  }
  return std::nullopt;
}

}  // namespace allauth::policy
