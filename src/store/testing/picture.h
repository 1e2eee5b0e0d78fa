// For tests: snapshots, to be compared.
#pragma once

#include <string>

#include "policy/core_schema.h"
#include "store/snapshot/hub.h"
#include "store/state.h"
#include "store/testing/random_writes.h"

namespace allauth::store::testing {

// All that can be asked of a snapshot about the rows of RandomWrites, as text.
inline std::string picture(const Snapshot& snapshot) {
  std::string out = fmt::format("edges {}\nschema {}\n", snapshot.graph().size(), snapshot.own_schema().text);
  for (const auto definition : {"shop/order", "shop/item"})
    out += fmt::format("{}: {}\n", definition,
                       snapshot.graph().schema().find_definition(definition).has_value());
  const auto thing = [&](std::string_view kind, const std::string& id) {
    const auto& found = snapshot.thing(kind, id);
    out += fmt::format("{} {}: {} {} in {}\n", kind, id, found.exists(), found.enabled(),
                       found.domain == kNoNode ? "-" : snapshot.id(found.domain));
  };
  const auto node = [&](std::string_view what, NodeId found) {
    out += fmt::format("{} -> {}\n", what, found == kNoNode ? "-" : snapshot.id(found));
  };
  const auto edge = [&](const policy::Edge& e) {
    out += fmt::format("{} {}#{}@{}: {}\n", e.resource.kind, e.resource.id, e.relation, e.subject.object.id,
                       snapshot.graph().contains(e));
  };
  for (int i = 0; i < kIds; ++i) {
    Snapshot::Digest digest;
    digest.fill(static_cast<std::uint8_t>('0' + i));
    const auto* key = snapshot.find_key(digest);
    out += fmt::format("key {} of {}\n", i, key == nullptr ? "-" : snapshot.id(key->owner));
    const auto* listed = snapshot.find_node(digest);
    out += fmt::format("token {} of {}\n", i, listed == nullptr ? "-" : *listed);
    out += fmt::format("session {} revoked: {}\n", i, snapshot.is_revoked(name("s", i)));
    const auto& user = snapshot.thing("user", name("u", i));
    out += fmt::format("password {}: {}\n", i, user.text ? user.text->password_record : "-");
    for (auto [kind, prefix] :
         {std::pair{"user", "u"}, {"domain", "d"}, {"client", "c"}, {"channel", "h"}, {"group", "g"}})
      thing(kind, name(prefix, i));
    node(name("login e", i), snapshot.find_login(name("e", i)));
    node(name("login n", i), snapshot.find_login(name("n", i)));
    node(name("domain route", i), snapshot.find_domain_route(name("r", i)));
    for (const auto* form : {"x/{}", "z/{}", "x/{}/a/y", "x/{}/#", "+/{}/a"}) {
      const auto text = fmt::format(fmt::runtime(form), name("h", i));
      const auto match = snapshot.topics().find_all(snapshot.find("domain", "d0"), text);
      node(fmt::format("{} {}", text, static_cast<int>(match.kind)), match.channel);
    }
    for (int j = 0; j < kIds; ++j) {
      node(fmt::format("route {} {}", i, j),
           snapshot.find_channel_route(snapshot.find("domain", name("d", i)), name("r", j)));
      const std::string c = name("c", i), h = name("h", j), o = name("o", i), u = name("u", j);
      edge({{"channel", h}, "publisher", {{"client", c}}});
      edge({{"channel", h}, "subscriber", {{"client", c}}});
      edge({{"role", o}, "member", {{"user", u}}});
      const std::string g = name("g", i), above = name("g", j);
      for (const auto relation : {"parent", "above", "effect"})
        edge({{"group", g}, relation, {{"group", above}}});
      edge({{"client", c}, "group", {{"group", above}}});
      edge({{"group", above}, "client", {{"client", c}}});
      edge({{"group", above}, "subgroup", {{"group", g}}});
      edge({{"channel", h}, "publisher", {{"group", g}, "inside"}});
      edge({{"channel", h}, "subscriber", {{"group", g}, "inside"}});
      edge({{"channel", name("h", i)}, "group", {{"group", above}}});
      edge({{"group", g}, "domain", {{"domain", "d0"}}});
      for (const policy::ObjectRef scope : {policy::ObjectRef{"domain", "d0"}, {"group", above}}) {
        edge({scope, "client_read", {{"role", o}, "member"}});
        edge({scope, "update", {{"role", o}, "member"}});
        edge({{"role", o}, "scope", {scope}});
      }
    }
  }
  return out;
}

// A hub that was handed the state as images, and then what was written since.
struct Told {
  Told(Clock& clock, Log& log, Metrics& metrics) : hub(policy::core_schema(), clock, log, metrics) {}

  Result<void> load(Store& store, Audience audience) {
    return store.read([&](Read& read) -> Result<void> {
      auto load = hub.load();
      TRY(read_state(read, audience, [&load](const Image& image) { return load.put(image); }));
      load.finish(read.revision());
      return {};
    });
  }
  SnapshotHub hub;
};

}  // namespace allauth::store::testing
