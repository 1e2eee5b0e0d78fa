// For tests: words that scenarios use for permissions. The core schema's are those that begin with can_
// (scenarios in tests/scenarios), a dialect's those of its fragment, src/wire/<name>/<name>.schema (scenarios
// in src/wire/<name>/scenarios). A dialect's folder that is not there is not missed.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "policy/core_schema.h"
#include "policy/schema/parser.h"

namespace allauth::policy {

// By definition; names without the prefix.
using Permissions = std::map<std::string, std::vector<std::string>>;

struct Words {
  std::string prefix;  // without the "_": can, or the dialect's name
  std::string text;    // of the schema or the fragment
  std::filesystem::path scenarios;

  Fragment fragment() const { return {prefix, text}; }

  Permissions permissions() const {
    Permissions all;
    const SourceAst ast = parse_schema(text, {}).value();
    for (const SourceDefinition& definition : ast.definitions) {
      for (const SourcePermission& permission : definition.permissions)
        if (permission.name.starts_with(prefix + "_"))
          all[definition.name].push_back(permission.name.substr(prefix.size() + 1));
    }
    return all;
  }
};

// What a list of a scenario's `exactly` picks out of `all`: names, beginnings of names (`subgroup_*`), or
// [everything, but, …]. A word that picks nothing is returned in `unknown`.
struct Picked {
  std::set<std::string> given;
  std::vector<std::string> unknown;
};
inline Picked pick(const std::vector<std::string>& all, std::vector<std::string> words) {
  Picked picked;
  const bool but = !words.empty() && words[0] == "everything";
  if (but) words.erase(words.begin(), words.begin() + std::min<std::ptrdiff_t>(2, std::ssize(words)));
  for (const std::string& word : words) {
    const bool begins = word.ends_with('*');
    const std::size_t before = picked.given.size();
    for (const std::string& name : all)
      if (begins ? name.starts_with(word.substr(0, word.size() - 1)) : name == word)
        picked.given.insert(name);
    if (picked.given.size() == before) picked.unknown.push_back(word);
  }
  if (!but) return picked;
  std::set<std::string> rest(all.begin(), all.end());
  for (const std::string& name : picked.given) rest.erase(name);
  picked.given = std::move(rest);
  return picked;
}

inline Words core_words() {
  return {"can", std::string(core_schema_text()),
          std::filesystem::path(ALLAUTH_SOURCE_DIR) / "tests" / "scenarios"};
}

inline std::vector<Words> dialect_words() {
  std::vector<Words> all;
  for (const auto& folder :
       std::filesystem::directory_iterator(std::filesystem::path(ALLAUTH_SOURCE_DIR) / "src" / "wire")) {
    const std::string name = folder.path().filename().string();
    std::ifstream file(folder.path() / (name + ".schema"));
    if (!file) continue;
    std::ostringstream text;
    text << file.rdbuf();
    all.push_back({name, text.str(), folder.path() / "scenarios"});
  }
  std::ranges::sort(all, {}, &Words::prefix);
  return all;
}

inline std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace allauth::policy
