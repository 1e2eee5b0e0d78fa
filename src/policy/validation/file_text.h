// A file by its lines, and the texts that stand inside of it: where in the file is their third line?
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/schema/position.h"

namespace allauth::policy {

// A text that was written inside of a file, such as a schema in a YAML file. A value.
class EmbeddedText {
 public:
  EmbeddedText() = default;
  // A text that is a file itself.
  explicit EmbeddedText(std::string text) : text_(std::move(text)) {}

  std::string_view text() const { return text_; }
  bool empty() const { return text_.empty(); }
  // Where it begins.
  Position start() const { return start_; }
  // Each of its lines is one of the file; it was not folded on its way.
  bool keeps_lines() const { return keeps_lines_; }
  // A position of the text as one of the file; without its lines, where it begins.
  Position in_file(Position within) const;

 private:
  friend class FileText;
  std::string text_;
  Position start_;
  bool keeps_lines_ = true;  // and each is indented by start_.column - 1
};

// Views into a text that outlives it.
class FileText {
 public:
  explicit FileText(std::string_view text);

  // A YAML scalar whose value is `text` and that begins at that place: as a block, in quotes or plain.
  EmbeddedText embedded(std::string text, Position at) const;

 private:
  std::string_view line(std::size_t number) const;  // from 1; without its end
  bool place_inline(EmbeddedText& text, Position at) const;
  bool place_block(EmbeddedText& text, Position at) const;

  std::vector<std::string_view> lines_;
};

}  // namespace allauth::policy
