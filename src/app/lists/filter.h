// What a list can be narrowed to. Rows are looked at one by one and not by the database, so that both engines
// answer alike; what an index can find is found by it (plan.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "model/access.h"
#include "model/entities.h"
#include "model/relationship.h"

namespace allauth::app {

// All that is set must hold; a list looks only at what its rows have.
struct ListFilter {
  std::string name;  // exactly this
  std::string
      name_contains;  // this somewhere in the name; A-Z are as good as a-z, all else is compared as it is
  Tags tags_all;
  Tags tags_any;
  std::optional<Metadata> metadata;  // each member must be there; objects and lists may hold more
  std::optional<Status> status;
  // From this time on, and up to but without this time.
  std::optional<Instant> created_after, created_before, updated_after, updated_before;
  // Of users.
  std::string email, email_prefix;
  std::string username, username_prefix;
  RelationshipFilter related;  // of relationships

  friend bool operator==(const ListFilter&, const ListFilter&) = default;
};

// Error: invalid list.filter, with the member's name.
Result<void> check_filter(const ListFilter& filter);

// The same text for the same filter.
std::string fingerprint(const ListFilter& filter);

// A filter made ready for many rows.
class Matcher {
 public:
  explicit Matcher(const ListFilter& filter);

  // Whether there is anything to look at.
  bool is_narrowing() const { return narrowing_; }

  // How much work a row is, in units of a plain row: one with much metadata takes more.
  template <class Row>
  std::size_t cost(const Row& row) const {
    constexpr std::size_t kBytesOfUnit = 1024;
    if constexpr (requires { row.metadata; })
      if (metadata_) return 1 + row.metadata.json.size() / kBytesOfUnit;
    return 1;
  }

  template <class Row>
  bool matches(const Row& row) const {
    if constexpr (requires { row.name; })
      if (!name_fits(row.name)) return false;
    if constexpr (requires { row.email; })
      if (!logins_fit(row.email, row.username)) return false;
    if constexpr (requires { row.tags; })
      if (!tags_fit(row.tags)) return false;
    if constexpr (requires { row.status; })
      if (filter_.status && row.status != *filter_.status) return false;
    if constexpr (requires { filter_.related.matches(row); })
      if (!filter_.related.matches(row)) return false;
    if (!times_fit(row.stamp)) return false;
    if constexpr (requires { row.metadata; })
      if (!metadata_fits(row.metadata)) return false;
    return true;
  }

 private:
  bool name_fits(std::string_view name) const;
  bool logins_fit(std::string_view email, std::string_view username) const;
  bool tags_fit(const Tags& tags) const;
  bool times_fit(const Stamp& stamp) const;
  bool metadata_fits(const Metadata& metadata) const;

  const ListFilter& filter_;
  std::string name_contains_;  // in lower case
  std::optional<boost::json::value> metadata_;
  bool narrowing_;
};

// Whether all of `part` is in `whole`: every member of an object, every element of a list somewhere in the
// list, anything else as it is. Numbers are compared as numbers.
bool contains(const boost::json::value& whole, const boost::json::value& part);

}  // namespace allauth::app
