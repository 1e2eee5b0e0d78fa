#include "store/state.h"

#include "model/all_rows.h"
#include "store/rows.h"

namespace allauth::store {
namespace {

bool may_see(Audience who, Audience image) { return who == Audience::node || image == Audience::all; }

template <class Row>
Result<void> read_rows(Read& read, Audience audience, const TakeImage& take) {
  return for_each<Row>(read, [&](const Row& row) -> Result<void> {
    if (!may_see(audience, audience_of(row))) return {};
    TRY(auto image, image_of(row));
    return take(std::move(image));
  });
}

template <class... Rows>
Result<void> read_all(Read& read, Audience audience, const TakeImage& take, const std::tuple<Rows...>*) {
  Result<void> done;
  ((done = done ? read_rows<Rows>(read, audience, take) : std::move(done)), ...);
  return done;
}

}  // namespace

Result<void> read_state(Read& read, Audience audience, const TakeImage& take) {
  constexpr const AllRows* kKinds = nullptr;
  return read_all(read, audience, take, kKinds);
}

}  // namespace allauth::store
