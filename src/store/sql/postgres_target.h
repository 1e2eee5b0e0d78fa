// Where a PostgreSQL database is and how to connect to it: a URL taken apart, with our defaults.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "store/sql/open.h"
#include "store/sql/postgres_connection.h"

namespace allauth::sql {

class PostgresTarget {
 public:
  // Errors, none of which shows a password: invalid store.url.
  static Result<PostgresTarget> parse(const std::string& url, const DatabaseOptions&);

  // What to try, one after the other: libpq would give all of them one deadline.
  std::size_t hosts() const { return hosts_.size(); }
  // Reads the password file anew. Error: unavailable store.password_file.
  Result<PostgresParameters> parameters(std::size_t host) const;

 private:
  std::string url_;
  std::string password_file_;
  std::vector<PostgresParameters> hosts_;  // what each overrides
};

}  // namespace allauth::sql
