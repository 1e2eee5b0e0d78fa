#include "app/directory/channel_topics.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/access/gate.h"
#include "codec/mqtt/topic.h"
#include "store/channel_topics.h"

namespace allauth::app {
namespace {

std::unexpected<Error> taken(const Core& core, const Caller& caller, const store::TopicOwner& other,
                             std::string field) {
  const bool readable =
      Gate(core).allows(caller, act::ReadChannel::permission, {kind::channel, other.channel.str()});
  return fail(Code::conflict, "topic.taken",
              readable ? fmt::format("\"{}\" of channel {} has some of these topics, too.", other.filter,
                                     other.channel.str())
                       : std::string("Another channel of the domain has some of these topics, too."),
              std::move(field));
}

}  // namespace

Result<void> require_own_topics(const Core& core, store::Read& read, const Caller& caller,
                                const Channel& channel) {
  for (std::size_t i = 0; i < channel.topics.size(); ++i) {
    const auto& filter = channel.topics[i];
    TRY(const auto near,
        store::topics_near(read, channel.domain, filter, channel.id, kMaxComparedTopics + 1));
    const auto other = std::ranges::find_if(
        near, [&](const auto& owner) { return mqtt::filters_overlap(filter, owner.filter); });
    if (other != near.end()) return taken(core, caller, *other, fmt::format("topics[{}]", i));
    if (near.size() > kMaxComparedTopics)
      return fail(Code::conflict, "topic.too_broad",
                  "Too many topics of the domain begin like this one; begin it with more levels of its own.",
                  fmt::format("topics[{}]", i));
  }
  return {};
}

}  // namespace allauth::app
