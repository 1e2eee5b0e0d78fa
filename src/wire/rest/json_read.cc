#include "wire/rest/json_read.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>

#include "base/secret.h"
#include "base/text.h"
#include "wire/rest/json_scalar.h"
#include "wire/rest/json_write.h"

namespace allauth::wire {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::ListValue;
using google::protobuf::Message;
using google::protobuf::Struct;
using google::protobuf::Value;
using Code_ = boost::json::error_code;
using View = boost::json::string_view;

// An object or array that is open at the point where the parser is.
struct Frame {
  enum class Type {
    message,  // an object into `message`; `field` is the member being read
    list,     // an array into the repeated `field` of `message`
    object,   // an object into `object`; `key` is the member being read
    array,    // an array into `array`
  };
  Type type;
  Message* message = nullptr;
  const FieldDescriptor* field = nullptr;
  std::vector<bool> seen = {};  // by index of the field
  Struct* object = nullptr;
  ListValue* array = nullptr;
  std::string key = {};
  std::size_t begun = 0;  // elements of an array so far
};

// Messages have few fields: looking at each costs less than the library's index of names.
const FieldDescriptor* find_field(const google::protobuf::Descriptor& type, std::string_view name) {
  for (int i = 0; i < type.field_count(); ++i)
    if (type.field(i)->name() == name) return type.field(i);
  return nullptr;
}

// What an unknown name may add to an error's path.
std::string shown(std::string_view key) {
  return key.size() <= 64 && is_printable_ascii(key) ? std::string(key) : "?";
}

// Receives the events of Boost.JSON's parser, which knows the grammar, UTF-8 and the depth.
class Sink {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  Sink(Message& root, const JsonLimits& limits, std::span<const FieldDescriptor* const> bound)
      : root_(root), root_shape_(shape_of(*root.GetDescriptor())), limits_(limits), bound_(bound) {
    frames_.reserve(4);
  }
  ~Sink() { wipe_memory(text_.data(), text_.size()); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  std::optional<Error> error;
  std::vector<std::string> present;

  bool on_document_begin(Code_&) { return true; }
  bool on_document_end(Code_&) { return true; }

  bool on_object_begin(Code_& ec) {
    begin_value();
    if (Value* value = free_slot()) return open_object(value->mutable_struct_value(), ec);
    if (frames_.empty()) {
      if (root_shape_ == Shape::object) return open_object(static_cast<Struct*>(&root_), ec);
      return root_shape_ == Shape::message ? open_message(&root_) : refuse_root(ec);
    }
    const FieldDescriptor& field = *frames_.back().field;
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (expects_array() || !is_message) return refuse_type(ec);
    const Shape shape = shape_of(*field.message_type());
    if (shape == Shape::object) return open_object(static_cast<Struct*>(submessage()), ec);
    return shape == Shape::message ? open_message(submessage()) : refuse_type(ec);
  }

  bool on_array_begin(Code_& ec) {
    begin_value();
    if (Value* value = free_slot()) return open_array(value->mutable_list_value(), ec);
    if (frames_.empty()) {
      if (root_shape_ != Shape::array) return refuse_root(ec);
      return open_array(static_cast<ListValue*>(&root_), ec);
    }
    const FieldDescriptor& field = *frames_.back().field;
    if (expects_array()) {
      frames_.push_back({.type = Frame::Type::list, .message = frames_.back().message, .field = &field});
      return true;
    }
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!is_message || shape_of(*field.message_type()) != Shape::array) return refuse_type(ec);
    return open_array(static_cast<ListValue*>(submessage()), ec);
  }

  bool on_object_end(std::size_t, Code_& ec) { return close(ec); }
  bool on_array_end(std::size_t, Code_& ec) { return close(ec); }

  bool on_key_part(View part, std::size_t, Code_&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(View rest, std::size_t, Code_& ec) {
    std::string_view whole(rest.data(), rest.size());
    if (!text_.empty()) whole = text_.append(whole);
    const bool ok = take_key(whole, ec);
    text_.clear();
    return ok;
  }

  bool on_string_part(View part, std::size_t, Code_&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(View rest, std::size_t, Code_& ec) {
    begin_value();
    std::string_view whole(rest.data(), rest.size());
    if (!text_.empty()) whole = text_.append(whole);
    const bool ok = scalar(
        ec, [&](Value& value) { value.set_string_value(std::string(whole)); },
        [&](Message& into, const FieldDescriptor& field) { return put_string(into, field, whole); });
    wipe_memory(text_.data(), text_.size());
    text_.clear();
    return ok;
  }

  bool on_number_part(View part, Code_&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t, View rest, Code_& ec) { return number(rest, ec); }
  bool on_uint64(std::uint64_t, View rest, Code_& ec) { return number(rest, ec); }
  // The parser's own double is not correctly rounded.
  bool on_double(double, View rest, Code_& ec) { return number(rest, ec); }

  bool on_bool(bool value, Code_& ec) {
    begin_value();
    return scalar(
        ec, [&](Value& slot) { slot.set_bool_value(value); },
        [&](Message& into, const FieldDescriptor& field) { return put_bool(into, field, value); });
  }
  bool on_null(Code_& ec) {
    begin_value();
    return scalar(
        ec, [](Value& slot) { slot.set_null_value(google::protobuf::NULL_VALUE); },
        [](Message&, const FieldDescriptor&) -> Result<void> {
          return fail(Code::invalid, "json.null", "This must not be null; leave it out instead.");
        });
  }
  bool on_comment_part(View, Code_&) { return true; }
  bool on_comment(View, Code_&) { return true; }

 private:
  void begin_value() {
    if (!frames_.empty()) ++frames_.back().begun;
  }

  // The free-form value that comes next; nothing where the schema says what comes.
  Value* free_slot() {
    if (frames_.empty()) return root_shape_ == Shape::value ? static_cast<Value*>(&root_) : nullptr;
    Frame& top = frames_.back();
    if (top.type == Frame::Type::object) return &(*top.object->mutable_fields())[top.key];
    if (top.type == Frame::Type::array) return top.array->add_values();
    const bool is_value = top.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                          shape_of(*top.field->message_type()) == Shape::value;
    return is_value && !expects_array() ? static_cast<Value*>(submessage()) : nullptr;
  }

  // A repeated field of which not even the array has been seen.
  bool expects_array() const {
    return frames_.back().type == Frame::Type::message && frames_.back().field->is_repeated();
  }

  Message* submessage() {
    Frame& top = frames_.back();
    const auto& reflection = *top.message->GetReflection();
    return top.field->is_repeated() ? reflection.AddMessage(top.message, top.field)
                                    : reflection.MutableMessage(top.message, top.field);
  }

  bool open_message(Message* message) {
    std::vector<bool> seen(static_cast<std::size_t>(message->GetDescriptor()->field_count()));
    frames_.push_back({.type = Frame::Type::message, .message = message, .seen = std::move(seen)});
    return true;
  }
  bool open_object(Struct* object, Code_& ec) {
    if (!open_free(ec)) return false;
    frames_.push_back({.type = Frame::Type::object, .object = object});
    return true;
  }
  bool open_array(ListValue* array, Code_& ec) {
    if (!open_free(ec)) return false;
    frames_.push_back({.type = Frame::Type::array, .array = array});
    return true;
  }
  bool open_free(Code_& ec) {
    if (++free_depth_ <= limits_.metadata_depth) return true;
    return refuse(fail(Code::invalid, "json.depth",
                       fmt::format("A free-form value may have at most {} levels.", limits_.metadata_depth)),
                  ec);
  }

  bool close(Code_& ec) {
    const Frame top = std::move(frames_.back());
    frames_.pop_back();
    if (top.type == Frame::Type::message || top.type == Frame::Type::list) return true;
    if (--free_depth_ > 0) return true;
    std::string written;
    append_json(written, top.type == Frame::Type::object ? static_cast<const Message&>(*top.object)
                                                         : static_cast<const Message&>(*top.array));
    if (written.size() <= limits_.metadata_bytes) return true;
    return refuse(fail(Code::invalid, "json.too_large",
                       fmt::format("A free-form value may have at most {} bytes.", limits_.metadata_bytes)),
                  ec);
  }

  bool take_key(std::string_view key, Code_& ec) {
    Frame& top = frames_.back();
    if (top.type == Frame::Type::message) return member(top, key, ec);
    top.key = key;
    return !top.object->fields().contains(top.key) || refuse_key(key, "json.duplicate_member", ec);
  }

  bool member(Frame& top, std::string_view key, Code_& ec) {
    const FieldDescriptor* field = find_field(*top.message->GetDescriptor(), key);
    const bool at_root = frames_.size() == 1;
    if (field == nullptr || (at_root && std::ranges::find(bound_, field) != bound_.end()))
      return refuse_key(key, "json.unknown_member", ec);
    auto seen = top.seen[static_cast<std::size_t>(field->index())];
    if (seen) return refuse_key(key, "json.duplicate_member", ec);
    seen = true;
    const auto* oneof = field->real_containing_oneof();
    if (oneof != nullptr && top.message->GetReflection()->HasOneof(*top.message, oneof))
      return refuse_key(key, "json.oneof", ec);
    top.field = field;
    if (at_root) present.emplace_back(key);
    return true;
  }

  bool number(View rest, Code_& ec) {
    begin_value();
    text_.append(rest.data(), rest.size());
    const std::string digits = std::move(text_);
    text_.clear();
    const auto free_form = exact_double(digits);
    if (!free_form && !frames_.empty() && frames_.back().field == nullptr)
      return refuse(std::unexpected(free_form.error()), ec);
    return scalar(
        ec, [&](Value& value) { value.set_number_value(free_form.value_or(0)); },
        [&](Message& into, const FieldDescriptor& field) { return put_number(into, field, digits); });
  }

  template <class Free, class Typed>
  bool scalar(Code_& ec, Free set_free, Typed set_typed) {
    if (Value* value = free_slot()) {
      set_free(*value);
      return true;
    }
    if (frames_.empty()) return refuse_root(ec);
    if (expects_array()) return refuse_type(ec);
    auto done = set_typed(*frames_.back().message, *frames_.back().field);
    return done ? true : refuse(std::unexpected(std::move(done).error()), ec);
  }

  // "tags[3]", "metadata.a[0].b": where the parser is.
  std::string path() const {
    std::string path;
    for (const Frame& frame : frames_) {
      if (frame.type == Frame::Type::list || frame.type == Frame::Type::array) {
        if (frame.begun > 0) path += fmt::format("[{}]", frame.begun - 1);
        continue;
      }
      const std::string name = frame.type == Frame::Type::object ? shown(frame.key)
                               : frame.field == nullptr          ? std::string()
                                                                 : frame.field->name();
      if (!path.empty() && !name.empty()) path += '.';
      path += name;
    }
    return path;
  }

  bool refuse(std::unexpected<Error> why, Code_& ec) {
    error = std::move(why).error();
    error->field = path();
    ec = boost::json::error::syntax;  // stops the parser; `error` says what it was
    return false;
  }
  bool refuse_type(Code_& ec) {
    const FieldDescriptor& field = *frames_.back().field;
    return expects_array() ? refuse(fail(Code::invalid, "json.type", "This must be an array."), ec)
                           : refuse(wrong_type(field), ec);
  }
  bool refuse_root(Code_& ec) {
    return refuse(fail(Code::invalid, "json.type", "The body must be a JSON object."), ec);
  }
  bool refuse_key(std::string_view key, Reason reason, Code_& ec) {
    std::string_view why = "There is no such member here.";
    if (reason == Reason("json.duplicate_member")) why = "This member is given twice.";
    if (reason == Reason("json.oneof")) why = "This member excludes another that is given, too.";
    Frame& top = frames_.back();
    top.field = nullptr;
    top.key.clear();
    refuse(fail(Code::invalid, reason, std::string(why)), ec);
    if (!error->field.empty() && !error->field.ends_with('.')) error->field += '.';
    error->field += shown(key);
    return false;
  }

  Message& root_;
  const Shape root_shape_;
  const JsonLimits& limits_;
  std::span<const FieldDescriptor* const> bound_;
  std::vector<Frame> frames_;
  std::size_t free_depth_ = 0;
  std::string text_;  // the parts of a key, string or number that came in parts
};

}  // namespace

Result<std::vector<std::string>> read_json(std::string_view text, Message& into, const JsonLimits& limits,
                                           std::span<const FieldDescriptor* const> bound) {
  boost::json::parse_options options;
  options.max_depth = limits.depth;
  boost::json::basic_parser<Sink> parser(options, into, limits, bound);
  Code_ ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  auto& sink = parser.handler();
  if (sink.error) return fail(std::move(*sink.error));
  if (ec == boost::json::error::too_deep)
    return fail(Code::invalid, "json.depth", fmt::format("JSON may have at most {} levels.", limits.depth));
  if (ec || used < text.size())
    return fail(Code::invalid, "json.syntax", fmt::format("This is not valid JSON, at byte {}.", used));
  return std::move(sink.present);
}

}  // namespace allauth::wire
