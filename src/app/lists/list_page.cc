#include "app/lists/list_page.h"

#include <fmt/format.h>

namespace allauth::app {

std::unexpected<Error> too_many_to_count(std::size_t most) {
  return fail(
      Code::invalid, "list.too_many",
      fmt::format("These are too many to be counted: more than {} would have to be looked at. Narrow the "
                  "list, or ask without count and offset.",
                  most));
}

}  // namespace allauth::app
