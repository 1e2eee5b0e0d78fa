// A directory of any size, written through the store: for rows that ask what so many things cost.
#pragma once

#include <string>

#include "base/error.h"

namespace allauth::bench {

// So many users with a password record, and clients with a key and a connection each, a hundred of them
// to a channel. Ids look like those made by the server.
struct DirectorySize {
  std::size_t users = 0;
  std::size_t clients = 0;
};

// Makes the database at `location` (store/sql/open.h) and everything in it.
Result<void> make_directory(const std::string& location, const DirectorySize& size);

}  // namespace allauth::bench
