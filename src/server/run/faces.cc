#include "server/run/faces.h"

#include <fmt/format.h>

#include "server/run/listening.h"
#include "server/run/mounts.h"

namespace allauth::server {
namespace {

const HttpFace* find_face(std::string_view name) {
  const auto faces = http_faces();
  const auto found = std::ranges::find(faces, name, &HttpFace::name);
  return found == faces.end() ? nullptr : &*found;
}

std::string known_faces() {
  std::string names;
  for (const auto& face : http_faces()) names += fmt::format("{}{}", names.empty() ? "" : ", ", face.name);
  return names;
}

}  // namespace

std::span<const HttpFace> released_http_faces() {
  static const std::vector<HttpFace> all = {
      {.name = "native", .make = [](Ground&, Node& node) { return node.face(); }},
  };
  return all;
}

Result<void> check_faces(const Config& config) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    for (std::size_t j = 0; j < config.listeners[i].mounts.size(); ++j)
      if (const auto& name = config.listeners[i].mounts[j].face; find_face(name) == nullptr)
        return fail(Code::invalid, "config.value",
                    fmt::format("listener.{}.mounts.{}.face: there is no face \"{}\"; there is {}", i, j,
                                name, known_faces()));
  return {};
}

Result<http::Face> listener_face(const ListenerConfig& listener, const std::string& name, Ground& ground,
                                 Node& node) {
  std::vector<Mount> mounts;
  for (const auto& mount : listener.mounts) {
    TRY(auto face, find_face(mount.face)->make(ground, node));
    mounts.push_back({.at = mount.at, .face = std::move(face)});
  }
  TRY(auto trust, make_trust(listener, name, ground.log));
  return with_trust(std::move(trust), name, ground.metrics, mount_all(std::move(mounts), ground.ids));
}

}  // namespace allauth::server
