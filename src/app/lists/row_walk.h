// The rows of a list one by one, from a place to the end of a plan's range, read from the database in pieces.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "app/lists/plan.h"
#include "store/lists.h"

namespace allauth::app {

template <class T>
class RowWalk {
 public:
  // Borrows all. Begins behind `from`, and after `offset` rows more. Pieces grow from `piece` rows.
  RowWalk(store::Read& read, const ListPlan& plan, std::span<const sql::Value> parent, store::Place from,
          std::size_t piece, std::size_t offset = 0)
      : read_(read), plan_(plan), parent_(parent), place_(std::move(from)), piece_(piece), offset_(offset) {}

  // The next row; nothing at the end.
  Result<std::optional<T>> next() {
    TRY(const bool more, has_next());
    if (!more) return std::nullopt;
    place_ = store::place_of(*plan_.order, &rows_[at_]);
    return std::move(rows_[at_++]);
  }

  Result<bool> has_next() {
    if (at_ == rows_.size() && !ended_) TRY(read_piece());
    return at_ < rows_.size() && !plan_.is_past(store::place_of(*plan_.order, &rows_[at_]));
  }

  // Where the last row was, or the beginning.
  const store::Place& place() const { return place_; }

 private:
  static constexpr std::size_t kMostRows = 1024;

  Result<void> read_piece() {
    TRY(rows_, store::list_rows<T>(read_, *plan_.order, plan_.direction, parent_, place_,
                                   {.limit = piece_, .offset = std::exchange(offset_, 0)}));
    at_ = 0;
    ended_ = rows_.size() < piece_;
    piece_ = std::min(piece_ * 2, kMostRows);
    return {};
  }

  store::Read& read_;
  const ListPlan& plan_;
  const std::span<const sql::Value> parent_;
  store::Place place_;
  std::size_t piece_;
  std::size_t offset_;
  std::vector<T> rows_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace allauth::app
