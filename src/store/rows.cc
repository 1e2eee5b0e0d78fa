#include "store/rows.h"

#include <deque>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "store/channel_topics.h"
#include "store/image.h"

namespace allauth::store {
namespace {

constexpr std::size_t kPage = 512;
constexpr std::size_t kMaxChildren = 65'536;

Error too_large() { return {Code::invalid, "row.too_large", "The change is too large to be stored."}; }

std::string tags_to_json(const Tags& tags) {
  std::string json = "[";
  for (const auto& tag : tags) {
    if (json.size() > 1) json += ',';
    append_json_string(json, tag);
  }
  return json += ']';
}

std::unexpected<Error> damaged(const FieldShape& field) {
  return fail(Code::unavailable, "store.corrupt",
              "The database holds a value that cannot be; restore it from a backup.", {},
              std::string(field.column));
}

Result<void> tags_from_json(std::string_view json, Tags& tags, const FieldShape& field) {
  boost::system::error_code failure;
  const auto value = boost::json::parse(boost::json::string_view(json.data(), json.size()), failure);
  if (failure || !value.is_array()) return damaged(field);
  tags.clear();
  for (const auto& tag : value.get_array()) {
    if (!tag.is_string()) return damaged(field);
    tags.emplace_back(tag.get_string());
  }
  return {};
}

// The binds of a row, and the texts that were made for them.
class Binds {
 public:
  void add(const FieldShape& field, const void* row) {
    const void* member = member_of(row, field.offset);
    switch (field.type->kind) {
      case MemberType::Kind::text:
        values_.push_back(to_value(field.type->bytes(member)));
        return;
      case MemberType::Kind::blob:
        values_.push_back(sql::Value::blob(field.type->bytes(member)));
        return;
      case MemberType::Kind::tags:
        values_.push_back(to_value(made_.emplace_back(tags_to_json(*static_cast<const Tags*>(member)))));
        return;
      case MemberType::Kind::integer:
      case MemberType::Kind::optional_integer:
        values_.push_back(to_value(field.type->integer(member)));
        return;
    }
  }
  void add(std::span<const FieldShape> fields, const void* row) {
    for (const auto& field : fields) add(field, row);
  }
  void add(sql::Value value) { values_.push_back(value); }
  const std::vector<sql::Value>& values() const { return values_; }

 private:
  std::vector<sql::Value> values_;
  std::deque<std::string> made_;  // a deque: the values borrow, and it must not move them
};

std::span<const FieldShape> keys_of(const Shape& shape) { return std::span(shape.fields).first(shape.keys); }

std::vector<std::string> key_texts(const Shape& shape, const void* row) {
  std::vector<std::string> texts;
  for (const auto& field : keys_of(shape))
    texts.emplace_back(field.type->bytes(member_of(row, field.offset)));
  return texts;
}

// Empty if a part is.
std::string joined_key(const std::vector<std::string>& parts) {
  std::string key;
  for (const auto& part : parts) {
    if (part.empty()) return {};
    if (!key.empty()) key += '/';
    key += part;
  }
  return key;
}

Result<void> load(const Shape& shape, const sql::Row& from, void* row) {
  int column = 0;
  for (const auto& field : shape.fields) {
    void* member = member_of(row, field.offset);
    switch (field.type->kind) {
      case MemberType::Kind::text:
      case MemberType::Kind::blob:
        field.type->set_bytes(member, from.bytes(column));
        break;
      case MemberType::Kind::tags:
        TRY(tags_from_json(from.bytes(column), *static_cast<Tags*>(member), field));
        break;
      case MemberType::Kind::integer:
        if (!field.type->set_integer(member, from.integer(column))) return damaged(field);
        break;
      case MemberType::Kind::optional_integer:
        field.type->set_integer(member,
                                from.is_null(column) ? std::nullopt : std::optional(from.integer(column)));
        break;
    }
    ++column;
  }
  return {};
}

Result<void> load_children(Read& read, const Shape& shape, void* row) {
  for (const auto& child : shape.children) {
    void* vector = member_of(row, child.offset);
    child.type->clear(vector);
    Binds owner;
    owner.add(keys_of(shape), row);
    TRY(read.query(child.select, owner.values(), [&](const sql::Row& from) -> Result<void> {
      return load(*child.shape, from, child.type->add(vector));
    }));
  }
  return {};
}

Result<void> store_children(sql::Session& session, const Shape& shape, const void* row) {
  for (const auto& child : shape.children) {
    const void* vector = member_of(row, child.offset);
    const std::size_t size = child.type->size(vector);
    if (size > kMaxChildren) return fail(too_large());
    for (std::size_t i = 0; i < size; ++i) {
      Binds binds;
      binds.add(keys_of(shape), row);
      binds.add(to_value(i));
      binds.add(child.shape->fields, child.type->at(vector, i));
      TRY(session.run(child.insert.one, binds.values()));
    }
  }
  return {};
}

Result<void> erase_children(sql::Session& session, const Shape& shape, const void* row) {
  for (const auto& child : shape.children) {
    Binds owner;
    owner.add(keys_of(shape), row);
    TRY(session.run(child.erase, owner.values()));
  }
  return {};
}

Result<void> change_one(sql::Session& session, const sql::Statement& statement, const Binds& binds) {
  TRY(const auto result, session.run(statement, binds.values()));
  if (result.rows_changed == 0) return fail(Code::not_found, "row.missing", "There is no such thing.");
  return {};
}

Result<void> insert_row(sql::Session& session, const Shape& shape, const void* row) {
  Binds binds;
  binds.add(shape.fields, row);
  TRY(session.run(shape.insert.one, binds.values()));
  TRY(keep_topics(session, shape, row, true));
  return store_children(session, shape, row);
}

Result<void> update_row(sql::Session& session, const Shape& shape, const void* row) {
  Binds binds;
  binds.add(std::span(shape.fields).subspan(shape.keys), row);
  binds.add(keys_of(shape), row);
  TRY(change_one(session, shape.update, binds));
  TRY(keep_topics(session, shape, row, false));
  TRY(erase_children(session, shape, row));
  return store_children(session, shape, row);
}

Result<void> erase_row(sql::Session& session, const Shape& shape, const void* row) {
  TRY(erase_children(session, shape, row));
  TRY(drop_topics(session, shape, row));
  Binds binds;
  binds.add(keys_of(shape), row);
  return change_one(session, shape.erase, binds);
}

// The image of a row that is gone.
Result<Image> empty_image(const Shape& shape, const void* row, Audience audience) {
  TRY(auto key, key_of_row(shape, row));
  return Image{.kind = shape.kind, .key = std::move(key), .audience = audience, .bytes = {}};
}

// Runs the statement for many rows as often as there are so many, and the one for a single row for those
// that are left. add(binds, i) adds the values of the i-th.
template <class Add>
Result<void> insert_all(sql::Session& session, const InsertText& insert, std::size_t count, Add&& add) {
  std::size_t next = 0;
  while (next < count) {
    const bool many = count - next >= insert.rows;
    const std::size_t end = next + (many ? insert.rows : 1);
    Binds binds;
    for (; next < end; ++next) add(binds, next);
    TRY(session.run(many ? insert.many : insert.one, binds.values()));
  }
  return {};
}

Result<void> insert_children(sql::Session& session, const Shape& shape, const ChildShape& child,
                             std::span<const void* const> owners) {
  struct Part {
    const void* owner;
    std::size_t ordinal;
    const void* row;
  };
  std::vector<Part> parts;
  for (const void* owner : owners) {
    const void* vector = member_of(owner, child.offset);
    for (std::size_t i = 0; i < child.type->size(vector); ++i)
      parts.push_back({owner, i, child.type->at(vector, i)});
  }
  return insert_all(session, child.insert, parts.size(), [&](Binds& binds, std::size_t i) {
    binds.add(keys_of(shape), parts[i].owner);
    binds.add(to_value(parts[i].ordinal));
    binds.add(child.shape->fields, parts[i].row);
  });
}

}  // namespace

Result<std::string> key_of_row(const Shape& shape, const void* row) {
  std::string key = shape.key_text != nullptr ? shape.key_text(row) : joined_key(key_texts(shape, row));
  if (key.empty()) return fail(Code::bug, "row.no_key", "A row was written without a key.");
  return key;
}

Result<void> insert_rows(sql::Session& session, const Shape& shape, std::span<const void* const> rows) {
  TRY(insert_all(session, shape.insert, rows.size(),
                 [&](Binds& binds, std::size_t i) { binds.add(shape.fields, rows[i]); }));
  for (const auto& child : shape.children) TRY(insert_children(session, shape, child, rows));
  return {};
}

Result<Image> image_of_row(const Shape& shape, const void* row, Audience audience) {
  TRY(auto image, empty_image(shape, row, audience));
  image.bytes = encode_image(shape, row);
  if (image.bytes.size() > kMaxImageBytes) return fail(too_large());
  return image;
}

Result<void> RowWriter::change(Tx& tx, const Shape& shape, const void* row, Audience audience, Change how) {
  TRY(auto image,
      how == Change::erase ? empty_image(shape, row, audience) : image_of_row(shape, row, audience));
  if (tx.images_.size() >= kMaxImages) return fail(too_large());
  std::optional<CountedRow> counted;
  if (how == Change::erase) {
    TRY(counted, counted_row(tx, shape, row));
  }
  const auto run = how == Change::insert ? insert_row : how == Change::update ? update_row : erase_row;
  if (auto done = run(tx.session_, shape, row); !done) {
    // That there was no row has changed nothing; after any other failure engines differ.
    if (done.error().code != Code::not_found && !tx.failure_) tx.failure_ = done.error();
    return done;
  }
  tx.images_.push_back(std::move(image));
  if (how == Change::insert) {
    TRY(counted, counted_row(tx, shape, row));
  }
  if (counted) add_one(tx.usage_, *counted, how == Change::insert ? 1 : -1);
  return {};
}

Result<void> select_rows(Read& read, const Shape& shape, const sql::Statement& statement,
                         std::span<const sql::Value> binds, void* scratch, const TakeRow& take) {
  return read.query(statement.with_columns(shape.columns), binds, [&](const sql::Row& from) -> Result<void> {
    TRY(load(shape, from, scratch));
    TRY(load_children(read, shape, scratch));
    return take(scratch);
  });
}

Result<void> walk_rows(Read& read, const Shape& shape, void* scratch, const TakeRow& take) {
  std::vector<std::string> last(
      shape.keys);  // what a key begins with is never empty, so every key is greater
  std::size_t taken = kPage;
  while (taken == kPage) {
    taken = 0;
    Binds binds;
    const auto from = last;
    for (const auto& part : from) binds.add(to_value(part));
    binds.add(to_value(kPage));
    TRY(select_rows(read, shape, shape.page, binds.values(), scratch, [&](void* row) -> Result<void> {
      ++taken;
      if (taken == kPage) last = key_texts(shape, row);
      return take(row);
    }));
  }
  return {};
}

Result<std::int64_t> count_rows(Read& read, const sql::Statement& statement,
                                std::span<const sql::Value> binds) {
  std::int64_t rows = 0;
  TRY(read.query(statement, binds, [&rows](const sql::Row& row) -> Result<void> {
    rows = row.integer(0);
    return {};
  }));
  return rows;
}

}  // namespace allauth::store
