#include "bench/policy_sets.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#include "bench/drive.h"

namespace allauth::bench {
namespace {

using policy::Effect;
using Editor = policy::Graph::Editor;

struct Thing {
  std::string_view kind;
  std::string id;
};

void relate(Editor& editor, const Thing& object, std::string_view relation, const Thing& subject,
            std::string_view subject_relation = {}) {
  (void)editor.add({{object.kind, object.id}, relation, {{subject.kind, subject.id}, subject_relation}})
      .value();
}

PolicySet drive(std::uint64_t relationships) {
  const auto data = std::make_shared<Drive>(relationships);
  const auto ask = [](const Drive::Question& question) {
    return PolicyQuestion{.object = question.document, .subject = question.user};
  };
  return {
      .name = "drive",
      .schema =
          "definition user {}\n"
          "definition group {\n relation member: user | group#member\n}\n"
          "definition folder {\n relation parent: folder\n relation viewer: user | group#member\n"
          " permission view = viewer + parent->view\n}\n"
          "definition document {\n relation parent: folder\n relation owner: user\n"
          " relation viewer: user | user:* | group#member\n relation banned: user\n"
          " permission view = (viewer + owner + parent->view) - banned\n}\n",
      .kind = "document",
      .permission = "view",
      .relation = "viewer",
      .subject_kind = "user",
      .fill =
          [data](Editor& editor) {
            std::uint64_t owned = 0;
            data->each([&](const policy::Edge& edge) {
              (void)editor.add(edge).value();
              // Of those with an owner 2 % are public, and 1 % keep somebody out.
              if (edge.relation != "owner" || ++owned % 50 > 1) return;
              if (owned % 50 == 0)
                (void)editor.add({edge.resource, "viewer", {{"user", policy::kEveryone}}}).value();
              else
                (void)editor.add({edge.resource, "banned", {{"user", "somebody"}}}).value();
            });
          },
      .hit = [data, ask](std::uint64_t seed) { return ask(data->direct_hit(seed)); },
      .deny = [data, ask](std::uint64_t seed) { return ask(data->deep_deny(seed)); },
  };
}

// Each organization has 200 people, 20 teams of 20, of which every other one has the next in it, and 100
// repositories. Relationships: 811.
class GitHub {
 public:
  explicit GitHub(std::uint64_t relationships) : count_(std::max<std::uint64_t>(2, relationships / 811)) {}

  void fill(Editor& editor) const {
    for (std::uint64_t o = 0; o < count_; ++o) {
      relate(editor, organization(o), "owner", user(o, 0));
      for (std::uint64_t t = 0; t < kTeams; ++t) {
        for (std::uint64_t m = 0; m < kMembers; ++m)
          relate(editor, team(o, t), "member", user(o, member(t, m)));
        if (t % 2 == 0) relate(editor, team(o, t), "member", team(o, t + 1), "member");
      }
      for (std::uint64_t r = 0; r < kRepositories; ++r) {
        relate(editor, repository(o, r), "organization", organization(o));
        relate(editor, repository(o, r), "reader", team(o, r % kTeams / 2 * 2), "member");
        relate(editor, repository(o, r), "writer", team(o, r % kTeams), "member");
        relate(editor, repository(o, r), "admin", user(o, r % kPeople));
      }
    }
  }
  // In a team that is in the team that reads.
  PolicyQuestion hit(std::uint64_t seed) const {
    const auto [o, r] = place(seed);
    return {repository(o, r).id, user(o, member(r % kTeams / 2 * 2 + 1, mix(seed) % kMembers)).id};
  }
  // Of another organization.
  PolicyQuestion deny(std::uint64_t seed) const {
    const auto [o, r] = place(seed);
    return {repository(o, r).id, user((o + 1) % count_, mix(seed) % kPeople).id};
  }

 private:
  static constexpr std::uint64_t kPeople = 200, kTeams = 20, kMembers = 20, kRepositories = 100;
  static Thing organization(std::uint64_t o) { return {"organization", fmt::format("org-{}", o)}; }
  static Thing team(std::uint64_t o, std::uint64_t t) {
    return {"team", fmt::format("org-{}-team-{}", o, t)};
  }
  static Thing user(std::uint64_t o, std::uint64_t u) {
    return {"user", fmt::format("org-{}-user-{}", o, u)};
  }
  static Thing repository(std::uint64_t o, std::uint64_t r) {
    return {"repository", fmt::format("org-{}-repository-{}", o, r)};
  }
  static std::uint64_t member(std::uint64_t team, std::uint64_t m) { return (team * 31 + m * 7) % kPeople; }
  std::pair<std::uint64_t, std::uint64_t> place(std::uint64_t seed) const {
    return {mix(seed) % count_, mix(~seed) % kRepositories};
  }
  std::uint64_t count_;
};

PolicySet github(std::uint64_t relationships) {
  const GitHub data(relationships);
  return {
      .name = "github",
      .schema =
          "definition user {}\n"
          "definition team {\n relation member: user | team#member\n}\n"
          "definition organization {\n relation owner: user\n relation everywhere: user | team#member\n"
          " permission administer = owner\n permission read = owner + everywhere\n}\n"
          "definition repository {\n relation organization: organization\n"
          " relation reader: user | team#member\n relation triager: user | team#member\n"
          " relation writer: user | team#member\n relation maintainer: user | team#member\n"
          " relation admin: user | team#member\n"
          " permission administer = admin + organization->administer\n"
          " permission maintain = maintainer + administer\n permission push = writer + maintain\n"
          " permission triage = triager + push\n"
          " permission pull = reader + triage + organization->read\n}\n",
      .kind = "repository",
      .permission = "pull",
      .relation = "reader",
      .subject_kind = "user",
      .fill = [data](Editor& editor) { data.fill(editor); },
      .hit = [data](std::uint64_t seed) { return data.hit(seed); },
      .deny = [data](std::uint64_t seed) { return data.deny(seed); },
  };
}

// Each domain has 500 people, 50 roles of 20, 100 groups in a tree, 1000 clients, 500 channels and 5000
// connections: about 9,250 relationships and grants.
class Messaging {
 public:
  static constexpr std::uint64_t kActions = 65;
  explicit Messaging(std::uint64_t relationships)
      : count_(std::max<std::uint64_t>(2, relationships / 9'250)) {}

  void fill(Editor& editor) const {
    for (std::uint64_t d = 0; d < count_; ++d) {
      fill_roles(editor, d);
      for (std::uint64_t g = 0; g < kGroups; ++g) {
        relate(editor, thing("group", d, g), "domain", domain(d));
        if (g > 0) relate(editor, thing("group", d, g), "parent", thing("group", d, (g - 1) / 4));
      }
      for (std::uint64_t c = 0; c < kClients; ++c) put(editor, "client", d, c);
      for (std::uint64_t c = 0; c < kChannels; ++c) put(editor, "channel", d, c);
      for (std::uint64_t c = 0; c < kClients * 5; ++c)
        relate(editor, thing("channel", d, c % kChannels), "publisher",
               thing("client", d, mix(c) % kClients));
    }
  }
  PolicyQuestion hit(std::uint64_t seed) const {
    const auto d = mix(seed) % count_;
    return {domain(d).id, thing("user", d, member(mix(~seed) % kRoles, seed % kMembers)).id};
  }
  // In as many roles of another domain.
  PolicyQuestion deny(std::uint64_t seed) const {
    const auto d = mix(seed) % count_;
    return {domain((d + 1) % count_).id, thing("user", d, member(mix(~seed) % kRoles, seed % kMembers)).id};
  }

  static std::string schema() {
    std::string actions, sum;
    for (std::uint64_t a = 0; a < kActions; ++a) {
      actions += fmt::format(" relation act{}: role#member from grants\n", a);
      sum += fmt::format("{}act{}", a == 0 ? "" : " + ", a);
    }
    return "definition user {}\ndefinition role {\n relation member: user\n}\n"
           "definition domain {\n" +
           actions + " permission membership = " + sum +
           "\n}\n"
           "definition group {\n relation domain: domain\n relation parent: group\n}\n"
           "definition client {\n relation domain: domain\n relation group: group\n}\n"
           "definition channel {\n relation domain: domain\n relation group: group\n relation publisher: "
           "client\n}\n";
  }

 private:
  static constexpr std::uint64_t kPeople = 500, kRoles = 50, kMembers = 20, kGroups = 100, kClients = 1000,
                                 kChannels = 500;
  static Thing domain(std::uint64_t d) { return {"domain", fmt::format("domain-{}", d)}; }
  static Thing thing(std::string_view kind, std::uint64_t d, std::uint64_t n) {
    return {kind, fmt::format("domain-{}-{}-{}", d, kind, n)};
  }
  static std::uint64_t member(std::uint64_t role, std::uint64_t m) { return (role * 37 + m * 11) % kPeople; }

  static void fill_roles(Editor& editor, std::uint64_t d) {
    std::array<std::string, kActions> names;
    for (std::uint64_t a = 0; a < kActions; ++a) names[a] = fmt::format("act{}", a);
    for (std::uint64_t r = 0; r < kRoles; ++r) {
      const Thing role = thing("role", d, r);
      for (std::uint64_t m = 0; m < kMembers; ++m)
        relate(editor, role, "member", thing("user", d, member(r, m)));
      const std::array<std::string_view, 3> granted = {names[r], names[(r * 7 + 1) % kActions],
                                                       names[kActions - 1 - r % 15]};
      const Thing object = domain(d);
      (void)editor.set_grants({object.kind, object.id}, role.id, Effect::allow, granted).value();
    }
  }
  static void put(Editor& editor, std::string_view kind, std::uint64_t d, std::uint64_t n) {
    relate(editor, thing(kind, d, n), "domain", domain(d));
    relate(editor, thing(kind, d, n), "group", thing("group", d, mix(n) % kGroups));
  }
  std::uint64_t count_;
};

PolicySet messaging(std::uint64_t relationships) {
  const Messaging data(relationships);
  return {
      .name = "messaging",
      .schema = Messaging::schema(),
      .kind = "domain",
      .permission = "membership",
      .relation = "",
      .subject_kind = "user",
      .fill = [data](Editor& editor) { data.fill(editor); },
      .hit = [data](std::uint64_t seed) { return data.hit(seed); },
      .deny = [data](std::uint64_t seed) { return data.deny(seed); },
  };
}

constexpr std::string_view kFolders =
    "definition user {}\ndefinition folder {\n relation parent: folder\n relation viewer: user\n"
    " permission view = viewer + parent->view\n}\n";
constexpr std::uint64_t kLevels = 45;

PolicySet deep(std::uint64_t relationships) {
  const auto chains = std::max<std::uint64_t>(2, relationships / (kLevels + 1));
  const auto folder = [](std::uint64_t c, std::uint64_t level) {
    return Thing{"folder", fmt::format("chain-{}-{}", c, level)};
  };
  const auto user = [](std::uint64_t c) { return Thing{"user", fmt::format("user-{}", c)}; };
  const auto question = [=](std::uint64_t c, std::uint64_t of) {
    return PolicyQuestion{folder(c, 0).id, user(of).id};
  };
  return {
      .name = "deep",
      .schema = std::string(kFolders),
      .kind = "folder",
      .permission = "view",
      .relation = "viewer",
      .subject_kind = "user",
      .fill =
          [=](Editor& editor) {
            for (std::uint64_t c = 0; c < chains; ++c) {
              for (std::uint64_t level = 0; level < kLevels; ++level)
                relate(editor, folder(c, level), "parent", folder(c, level + 1));
              relate(editor, folder(c, kLevels), "viewer", user(c));
            }
          },
      .hit = [=](std::uint64_t seed) { return question(mix(seed) % chains, mix(seed) % chains); },
      .deny = [=](std::uint64_t seed) { return question(mix(seed) % chains, (mix(seed) + 1) % chains); },
  };
}

PolicySet wide(std::uint64_t relationships) {
  constexpr std::uint64_t kMembers = 10'000;
  const auto groups = std::max<std::uint64_t>(2, relationships / kMembers);
  const auto group = [](std::uint64_t g) { return Thing{"group", fmt::format("group-{}", g)}; };
  const auto user = [](std::uint64_t g, std::uint64_t u) {
    return Thing{"user", fmt::format("user-{}-{}", g, u)};
  };
  return {
      .name = "wide",
      .schema = "definition user {}\ndefinition group {\n relation member: user | group#member\n}\n",
      .kind = "group",
      .permission = "member",
      .relation = "member",
      .subject_kind = "user",
      .fill =
          [=](Editor& editor) {
            for (std::uint64_t g = 0; g < groups; ++g) {
              for (std::uint64_t u = 0; u < kMembers; ++u) relate(editor, group(g), "member", user(g, u));
              relate(editor, group(g), "member", group((g + 1) % groups), "member");
            }
          },
      .hit =
          [=](std::uint64_t seed) {
            return PolicyQuestion{group(mix(seed) % groups).id,
                                  user(mix(~seed) % groups, mix(seed) % kMembers).id};
          },
      .deny =
          [=](std::uint64_t seed) {
            return PolicyQuestion{group(mix(seed) % groups).id, fmt::format("nobody-{}", seed)};
          },
  };
}

PolicySet both(std::uint64_t relationships) {
  const auto half = relationships / 2;
  const auto user = [](std::uint64_t u) { return Thing{"user", fmt::format("user-{}", u)}; };
  return {
      .name = "both",
      .schema =
          "definition user {}\ndefinition document {\n relation one: user\n relation two: user\n"
          " permission view = one & two\n}\n",
      .kind = "document",
      .permission = "view",
      .relation = "one",
      .subject_kind = "user",
      .fill =
          [=](Editor& editor) {
            for (std::uint64_t u = 0; u < half; ++u) {
              relate(editor, {"document", "only"}, "one", user(u));
              relate(editor, {"document", "only"}, "two", user(u + half / 2));
            }
          },
      .hit =
          [=](std::uint64_t seed) {
            return PolicyQuestion{"only", user(half / 2 + mix(seed) % (half / 2)).id};
          },
      .deny = [=](std::uint64_t seed) { return PolicyQuestion{"only", user(mix(seed) % (half / 2)).id}; },
  };
}

}  // namespace

std::vector<PolicySet> policy_sets(std::uint64_t relationships) {
  return {drive(relationships), github(relationships), messaging(relationships),
          deep(relationships),  wide(relationships),   both(relationships)};
}

}  // namespace allauth::bench
