#include "app/directory/channels.h"

#include "app/directory/change.h"
#include "app/directory/channel_topics.h"
#include "app/directory/erase.h"
#include "app/directory/move.h"
#include "app/lists/covered_rows.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

Result<void> require_free_route(store::Read& read, const Channel& channel) {
  TRY(const auto same,
      store::select_one<Channel>(read, store::lookup::kChannelByRoute, channel.domain, channel.route));
  if (!same || same->id == channel.id) return {};
  return fail(Code::conflict, "route.taken", "Another channel of the domain has this route.", "route");
}

store::Act channel_act(const Caller& caller, std::string_view slug, const Channel& channel) {
  return act_of(caller, slug, kind::channel, channel.id.str(), channel.domain.str());
}

std::optional<std::int64_t> stored_qos(std::uint8_t most) {
  return most < kMostQos ? std::optional<std::int64_t>(most) : std::nullopt;
}

void apply_changes(Channel& channel, ChannelChanges changes) {
  if (changes.route) channel.route = std::move(*changes.route);
  if (changes.topics) channel.topics = std::move(*changes.topics);
  if (changes.max_qos) channel.max_qos = stored_qos(*changes.max_qos);
  change_common(channel, std::move(changes.common));
}

}  // namespace

Result<store::Write<Channel>> create_channel(const Core& core, Permit<act::CreateChannel> permit,
                                             NewChannel fresh) {
  Channel channel{.id = ChannelId::trusted(core.ids.next()),
                  .domain = permit.object().domain(),
                  .route = std::move(fresh.route),
                  .group = permit.object().group(),
                  .topics = std::move(fresh.topics),
                  .max_qos = stored_qos(fresh.max_qos)};
  set_common(channel, std::move(fresh.common));
  return guarded<Channel>(
      core, std::move(permit),
      [&core, channel = std::move(channel)](store::Tx& tx, const auto& p) -> Result<Channel> {
        TRY(require_container(tx, p.object(), "group_id"));
        TRY(require_free_route(tx, channel));
        TRY(require_own_topics(core, tx, p.caller(), channel));
        Channel made = channel;
        made.stamp = fresh_stamp(tx, p.caller());
        TRY(store::insert(tx, made));
        tx.act(channel_act(p.caller(), "channel.created", made));
        return made;
      });
}

Result<Channel> get_channel(store::Read& read, const Permit<act::ReadChannel>& permit) {
  return require_row<Channel>(read, permit.object());
}

Result<Page<Channel>> list_channels(store::Read& read, const Permit<act::ListChannels>& permit,
                                    const ListRequest& request) {
  const auto& domain = permit.object();
  return list_covered<Channel>(
      read, permit.caller(), {kind::channel, domain.str()},
      [&](const Channel& channel) { return channel.domain == domain; }, store::list::channels_of_domain(),
      request, domain);
}

Result<store::Write<Channel>> update_channel(const Core& core, Permit<act::UpdateChannel> permit,
                                             ChannelChanges changes, std::optional<Revision> expected) {
  return guarded<Channel>(
      core, std::move(permit),
      [&core, changes = std::move(changes), expected](store::Tx& tx, const auto& p) -> Result<Channel> {
        TRY(auto channel, require_row<Channel>(tx, p.object()));
        const auto edit = [&](Channel& row) -> Result<void> {
          apply_changes(row, changes);
          if (changes.topics) TRY(require_own_topics(core, tx, p.caller(), row));
          return require_free_route(tx, row);
        };
        TRY(channel, change_row(tx, p.caller(), std::move(channel), expected, edit));
        tx.act(channel_act(p.caller(), "channel.updated", channel));
        return channel;
      });
}

Result<store::Write<Channel>> set_channel_status(const Core& core, Permit<act::UpdateChannel> permit,
                                                 Status status, std::optional<Revision> expected) {
  return guarded<Channel>(
      core, std::move(permit), [status, expected](store::Tx& tx, const auto& p) -> Result<Channel> {
        TRY(auto channel, require_row<Channel>(tx, p.object()));
        TRY(channel,
            change_row(tx, p.caller(), std::move(channel), expected, [&](Channel& row) -> Result<void> {
              row.status = status;
              return {};
            }));
        tx.act(channel_act(p.caller(), status == Status::enabled ? "channel.enabled" : "channel.disabled",
                           channel));
        return channel;
      });
}

Result<store::Write<Channel>> move_channel(const Core& core, Permit<act::MoveChannel> permit,
                                           Permit<act::CreateChannel> into,
                                           std::optional<Revision> expected) {
  return move_into(core, std::move(permit), std::move(into), expected,
                   [](store::Tx& tx, const Caller& caller, const Channel& channel) {
                     tx.act(channel_act(caller, "channel.moved", channel));
                   });
}

Result<store::Write<store::Done>> delete_channel(const Core& core, Permit<act::DeleteChannel> permit,
                                                 std::optional<Revision> expected) {
  return guarded<store::Done>(core, std::move(permit),
                              [expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
                                TRY(const auto channel, require_row<Channel>(tx, p.object()));
                                TRY(check_revision(channel.stamp, expected));
                                TRY(erase_channel(tx, p.caller(), channel));
                                tx.act(channel_act(p.caller(), "channel.deleted", channel));
                                return store::Done{};
                              });
}

}  // namespace allauth::app
