#include "store/row_types.h"

#include <array>

#include "model/all_rows.h"
#include "store/image.h"
#include "store/rows.h"

namespace allauth::store {
namespace {

template <class Row>
RowType row_type() {
  return {.shape = shape_of<Row>(),
          .make = []() -> std::shared_ptr<void> { return std::make_shared<Row>(); }};
}

template <class... Rows>
auto all_types(const std::tuple<Rows...>*) {
  return std::array{row_type<Rows>()...};
}

}  // namespace

std::span<const RowType> row_types() {
  constexpr const AllRows* kKinds = nullptr;
  static const auto kTypes = all_types(kKinds);
  return kTypes;
}

const RowType* find_row_type(ImageKind kind) {
  for (const auto& type : row_types())
    if (type.shape.kind == kind) return &type;
  return nullptr;
}

Result<AnyRow> decode_row(const Image& image) {
  const RowType* type = find_row_type(image.kind);
  if (type == nullptr)
    return fail(Code::invalid, "image.malformed", "An image is of a kind that this allauth does not know.");
  AnyRow any{.type = type, .row = type->make()};
  TRY(decode_image(type->shape, image.bytes, any.row.get()));
  TRY(const auto key, key_of_row(type->shape, any.row.get()));
  if (key == image.key) return any;
  return fail(Code::invalid, "image.malformed", "An image does not belong to the key under which it is kept.",
              {}, std::string(type->shape.table));
}

}  // namespace allauth::store
