#include "app/directory/channels.h"

#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

Result<Topics> decode_topics(const google::protobuf::RepeatedPtrField<std::string>& topics) {
  return parse_topics({topics.begin(), topics.end()});
}

Result<std::uint8_t> decode_qos(std::uint32_t qos, std::string_view member) {
  if (qos <= kMostQos) return static_cast<std::uint8_t>(qos);
  return fail(Code::invalid, "qos.invalid", "A QoS of MQTT is 0, 1 or 2.", std::string(member));
}

Result<app::NewChannel> decode(const v1::CreateChannelRequest& request) {
  app::NewChannel channel;
  TRY(channel.common, decode_common(request));
  TRY(channel.route, parse_or_empty(request.route(), "route", parse_route));
  TRY(channel.topics, decode_topics(request.topics()));
  if (request.has_max_qos()) {
    TRY(channel.max_qos, decode_qos(request.max_qos(), "max_qos"));
  }
  return channel;
}

Result<app::ChannelChanges> decode(const Call& call, const v1::UpdateChannelRequest& request) {
  app::ChannelChanges changes;
  TRY(changes.common, decode_common_changes(call, request));
  TRY(changes.route, decode_present<std::string>(call, "route", request.route(), [](auto& text, auto member) {
        return parse_or_empty(text, member, parse_route);
      }));
  TRY(changes.topics, decode_present<Topics>(call, "topics", request.topics(),
                                             [](auto& topics, auto) { return decode_topics(topics); }));
  TRY(changes.max_qos, decode_present<std::uint8_t>(call, "max_qos", request.max_qos(), decode_qos));
  return changes;
}

template <class Request>
void add_status(MethodTable& table, const Backend& backend, std::string name, Status status) {
  add_write<Request, v1::Channel>(
      table, backend, std::move(name),
      [&backend, status](const Call& call, const Request& request) -> Result<store::Write<Channel>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::UpdateChannel>(backend, call, request.channel_id(), "channel_id"));
        return app::set_channel_status(backend.core, std::move(allowed), status, expected);
      },
      encode_entity<v1::Channel>());
}

void add_channel_reads(MethodTable& table, const Backend& backend) {
  add_read<v1::GetChannelRequest, v1::Channel>(
      table, backend, "allauth.v1.ChannelService.GetChannel",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::GetChannelRequest& request) -> Result<v1::Channel> {
        TRY(const auto allowed,
            permit<app::act::ReadChannel>(backend, caller, request.channel_id(), "channel_id"));
        TRY(const auto channel, app::get_channel(read, allowed));
        return encode(channel);
      });

  add_read<v1::ListChannelsRequest, v1::ListChannelsResponse>(
      table, backend, "allauth.v1.ChannelService.ListChannels",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListChannelsRequest& request) -> Result<v1::ListChannelsResponse> {
        TRY(const auto allowed,
            permit<app::act::ListChannels>(backend, caller, request.domain_id(), "domain_id"));
        TRY(const auto list, decode_list(request));
        TRY(const auto channels, app::list_channels(read, allowed, list));
        return encode_page<v1::ListChannelsResponse>(channels,
                                                     [](auto& response) { return response.add_channels(); });
      });
}

}  // namespace

void add_channels(MethodTable& table, const Backend& backend) {
  add_channel_reads(table, backend);

  add_write<v1::CreateChannelRequest, v1::Channel>(
      table, backend, "allauth.v1.ChannelService.CreateChannel",
      [&backend](const Call& call, const v1::CreateChannelRequest& request) -> Result<store::Write<Channel>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, place_permit<app::act::CreateChannel>(backend, caller, request.domain_id(),
                                                                request.group_id(), "group_id"));
        TRY(auto channel, decode(request));
        return app::create_channel(backend.core, std::move(allowed), std::move(channel));
      },
      encode_entity<v1::Channel>());

  add_write<v1::UpdateChannelRequest, v1::Channel>(
      table, backend, "allauth.v1.ChannelService.UpdateChannel",
      [&backend](const Call& call, const v1::UpdateChannelRequest& request) -> Result<store::Write<Channel>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::UpdateChannel>(backend, call, request.channel_id(), "channel_id"));
        TRY(auto changes, decode(call, request));
        return app::update_channel(backend.core, std::move(allowed), std::move(changes), expected);
      },
      encode_entity<v1::Channel>());

  add_status<v1::EnableChannelRequest>(table, backend, "allauth.v1.ChannelService.EnableChannel",
                                       Status::enabled);
  add_status<v1::DisableChannelRequest>(table, backend, "allauth.v1.ChannelService.DisableChannel",
                                        Status::disabled);

  add_write<v1::MoveChannelRequest, v1::Channel>(
      table, backend, "allauth.v1.ChannelService.MoveChannel",
      [&backend](const Call& call, const v1::MoveChannelRequest& request) -> Result<store::Write<Channel>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::MoveChannel>(backend, call, request.channel_id(), "channel_id"));
        TRY(auto into,
            destination_permit<app::act::CreateChannel>(backend, call, allowed.caller(), kind::channel,
                                                        allowed.object(), request.group_id(), "group_id"));
        return app::move_channel(backend.core, std::move(allowed), std::move(into), expected);
      },
      encode_entity<v1::Channel>());

  add_write<v1::DeleteChannelRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.ChannelService.DeleteChannel",
      [&backend](const Call& call,
                 const v1::DeleteChannelRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::DeleteChannel>(backend, call, request.channel_id(), "channel_id"));
        return app::delete_channel(backend.core, std::move(allowed), expected);
      },
      encode_nothing());
}

}  // namespace allauth::wire::native
