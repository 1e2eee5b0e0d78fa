#include "wire/rpc/router.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "wire/rpc/call_record.h"
#include "wire/rpc/first_message.h"
#include "wire/rpc/status.h"

namespace allauth::wire {
namespace {

struct Table {
  Table(std::vector<RpcMount> all, FaceDeps d)
      : mounts(std::move(all)), deps(std::move(d)), unrouted(deps.metrics, "none") {
    for (const auto& mount : mounts) {
      for (const auto& method : mount.methods) by_method[method].push_back(&mount);
      streaming.insert(mount.streams.begin(), mount.streams.end());
    }
  }

  std::vector<RpcMount> mounts;
  FaceDeps deps;
  Probe unrouted;
  std::map<std::string, std::vector<const RpcMount*>, std::less<>> by_method;
  std::set<std::string, std::less<>> streaming;
};

void refuse(Table& table, std::shared_ptr<rpc::ServerCall> call, const Error& error) {
  CallRecord(table.deps, table.unrouted, std::move(call)).fail(error);
}

// Gives the call to the first mount that knows its first message. One without any message knows no
// difference between them.
void choose(Table& table, const std::vector<const RpcMount*>& mounts, std::shared_ptr<rpc::ServerCall> call,
            std::optional<std::string> first) {
  for (const auto* mount : mounts) {
    if (first && mount->accepts && !mount->accepts(call->head().method, *first)) continue;
    return mount->face(with_first_message(std::move(call), std::move(first)));
  }
  refuse(table, std::move(call),
         Error{.code = Code::invalid,
               .reason = "message.generation",
               .message = "This message belongs to no generation of the method that is served here."});
}

void serve(const std::shared_ptr<Table>& table, std::shared_ptr<rpc::ServerCall> call) {
  const auto found = table->by_method.find(call->head().method);
  if (found == table->by_method.end())
    return refuse(*table, std::move(call),
                  Error{.code = Code::not_found,
                        .reason = kNoSuchMethod,
                        .message = "There is no such method here; reflection tells which there are."});
  const auto& mounts = found->second;
  if (mounts.size() == 1) return mounts.front()->face(std::move(call));
  auto& reading = *call;
  reading.read([table, &mounts, call = std::move(call)](std::optional<std::string> first) mutable {
    choose(*table, mounts, std::move(call), std::move(first));
  });
}

}  // namespace

RpcRoutes make_rpc_routes(std::vector<RpcMount> mounts, FaceDeps deps) {
  const auto table = std::make_shared<Table>(std::move(mounts), std::move(deps));
  return {.face = [table](std::shared_ptr<rpc::ServerCall> call) { serve(table, std::move(call)); },
          .streams = [table](std::string_view method) { return table->streaming.contains(method); },
          .drain =
              [table] {
                for (const auto& mount : table->mounts)
                  if (mount.drain) mount.drain();
              }};
}

}  // namespace allauth::wire
