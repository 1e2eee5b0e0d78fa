// Rows whose type is known at run time only, as those of images are.
#pragma once

#include <memory>
#include <span>

#include "store/log.h"
#include "store/shape.h"

namespace allauth::store {

struct RowType {
  const Shape& shape;
  std::shared_ptr<void> (*make)();  // a default row
};

// In the order of model/all_rows.h: owners before what belongs to them.
std::span<const RowType> row_types();
// The type of the rows that such images are of; null for a number that is no kind.
const RowType* find_row_type(ImageKind);

// Any row with its type.
struct AnyRow {
  const RowType* type = nullptr;
  std::shared_ptr<void> row;
};

// The row that an image stands for. Error: invalid image.malformed, also when the image is kept under
// another key than its row has.
Result<AnyRow> decode_row(const Image&);

}  // namespace allauth::store
