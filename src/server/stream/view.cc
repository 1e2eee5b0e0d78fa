#include "server/stream/view.h"

#include <fmt/format.h>

#include "model/access.h"
#include "model/entities.h"
#include "store/image.h"

namespace allauth::server {
namespace {

constexpr std::string_view kTenant = "tenant:";

std::string known_as(ImageKind kind, std::string_view key) {
  return fmt::format("{}/{}", static_cast<int>(kind), key);
}

}  // namespace

bool DomainFilter::is_in_domain(std::string_view kind, std::string_view id) const {
  if (kind == kind::domain) return id == domain_.str();
  if (kind == kind::group) return known_.contains(known_as(ImageKind::group, id));
  if (kind == kind::client) return known_.contains(known_as(ImageKind::client, id));
  if (kind == kind::channel) return known_.contains(known_as(ImageKind::channel, id));
  return false;
}

Result<bool> DomainFilter::belongs(const store::Image& image) const {
  switch (image.kind) {
    case ImageKind::domain:
      return image.key == domain_.str();
    case ImageKind::group: {
      TRY(const auto row, store::decode_image<Group>(image.bytes));
      return row.domain == domain_;
    }
    case ImageKind::client: {
      TRY(const auto row, store::decode_image<Client>(image.bytes));
      return row.domain == domain_;
    }
    case ImageKind::channel: {
      TRY(const auto row, store::decode_image<Channel>(image.bytes));
      return row.domain == domain_;
    }
    case ImageKind::connection: {
      TRY(const auto row, store::decode_image<Connection>(image.bytes));
      return row.domain == domain_;
    }
    case ImageKind::group_connection: {
      TRY(const auto row, store::decode_image<GroupConnection>(image.bytes));
      return row.domain == domain_;
    }
    case ImageKind::role: {
      TRY(const auto row, store::decode_image<Role>(image.bytes));
      return is_in_domain(row.scope_kind, row.scope_id);
    }
    case ImageKind::role_member: {
      TRY(const auto row, store::decode_image<RoleMember>(image.bytes));
      return is_in_domain(row.scope_kind, row.scope_id);
    }
    case ImageKind::credential: {
      TRY(const auto row, store::decode_image<Credential>(image.bytes));
      return row.type == CredentialType::client_key && is_in_domain(row.owner_kind, row.owner_id);
    }
    case ImageKind::user:
    case ImageKind::session:
    case ImageKind::signing_key:
    case ImageKind::setting:
    case ImageKind::relationship:
    case ImageKind::policy_schema:
    case ImageKind::annotation:
    case ImageKind::extension:
      return false;
  }
  return false;
}

Result<std::optional<store::Image>> DomainFilter::pass(store::Image image) {
  const std::string name = known_as(image.kind, image.key);
  if (!image.bytes.empty()) {
    TRY(const bool ours, belongs(image));
    if (ours) {
      known_.insert(name);
      return image;
    }
  }
  if (known_.erase(name) == 0) return std::nullopt;
  image.bytes.clear();
  return image;
}

Result<StreamView> StreamView::parse(std::string_view text) {
  StreamView view;
  if (text == "node") return view;
  if (text.starts_with(kTenant) && is_id(text.substr(kTenant.size()))) {
    view.filter_.emplace(DomainId::trusted(std::string(text.substr(kTenant.size()))));
    return view;
  }
  return fail(Code::invalid, "stream.view", "The view is node or tenant: with the id of a domain.", "view");
}

Result<std::optional<store::Image>> StreamView::pass(store::Image image) {
  if (image.audience != store::Audience::all) return std::nullopt;
  if (!filter_) return image;
  return filter_->pass(std::move(image));
}

void StreamView::restart() {
  if (filter_) filter_->restart();
}

}  // namespace allauth::server
