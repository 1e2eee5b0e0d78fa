// What a follower of the log stream is told: everything that is for everybody, or one domain.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "model/ids.h"
#include "store/log.h"

namespace allauth::server {

// Lets through what belongs to one domain: the domain itself, its groups, clients, channels and
// connections, its roles with their members, and the keys of its clients; never users, who belong to nobody.
// It has to be told every image in the order of the log, beginning with a whole state: what is gone says no
// more where it was. For one thread.
class DomainFilter {
 public:
  explicit DomainFilter(DomainId domain) : domain_(std::move(domain)) {}

  // The image as it goes on, or nothing. What has left the domain goes on as gone.
  // Error: image.malformed.
  Result<std::optional<store::Image>> pass(store::Image image);
  // A whole state follows.
  void restart() { known_.clear(); }

 private:
  Result<bool> belongs(const store::Image& image) const;
  bool is_in_domain(std::string_view kind, std::string_view id) const;

  const DomainId domain_;
  std::unordered_set<std::string> known_;  // kind and key of all that went on and is not gone
};

class StreamView {
 public:
  // "node" or "tenant:<domain id>". Error: stream.view.
  static Result<StreamView> parse(std::string_view text);

  // A view of one domain cannot go on where another connection ended.
  bool resumes() const { return !filter_; }
  // What client keys are digested under is for nodes only.
  bool has_secrets() const { return !filter_; }

  Result<std::optional<store::Image>> pass(store::Image image);
  void restart();

 private:
  std::optional<DomainFilter> filter_;
};

}  // namespace allauth::server
