#include "policy/frontier.h"

namespace allauth::policy {

std::optional<Frontier::Stop> Frontier::pop() {
  for (auto waiting = waiting_.rbegin(); waiting != waiting_.rend(); ++waiting) {
    while (!waiting->empty()) {
      const Stop stop = waiting->back();
      waiting->pop_back();
      if (visited_.insert(Place{stop.node, stop.member, Mode::allow}.key())) return stop;
    }
  }
  return std::nullopt;
}

}  // namespace allauth::policy
