#include "app/policy/lookups.h"

#include "allauth/v1/policy.pb.h"
#include "wire/native/policy_names.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

// fn(const app::Core&, const app::Caller&, const Call&, const Req&) -> Result<Resp>, from memory but in the
// pool: it may take a while.
template <class Req, class Resp, class Fn>
void add_lookup(MethodTable& table, const Backend& backend, std::string name, Fn fn) {
  bind<Req, Resp>(table, std::move(name), v1::KIND_READ,
                  [&backend, fn](const Call& call, const Req& request, Reply<Resp> reply) {
                    auto caller = authenticate_call(backend, call);
                    if (!caller) return reply(std::unexpected(std::move(caller).error()));
                    auto held = std::make_shared<Reply<Resp>>(std::move(reply));
                    auto job = [&backend, &fn, &call, &request, caller = std::move(*caller), held] {
                      if (!is_wanted(backend.core, call)) return (*held)(overloaded());
                      (*held)(fn(backend.core, caller, call, request));
                    };
                    if (!backend.readers(call.notes.principal, std::move(job))) (*held)(overloaded());
                  });
}

template <class Request>
app::PageOf decode_page(const Request& request) {
  return {.size = request.page_size(), .token = request.page_token(), .count = request.count()};
}

template <class Response>
void set_end(Response& response, const app::PageEnd& end) {
  response.set_next_page_token(end.next_token);
  if (end.total) response.set_total_size(static_cast<std::uint32_t>(*end.total));
  response.set_revision(encode_revision(end.revision));
}

Result<app::ResourceLookup> decode(const v1::LookupResourcesRequest& request) {
  app::ResourceLookup query{.ways = request.ways(), .page = decode_page(request)};
  TRY(query.permission, decode_name(request.permission(), "permission"));
  TRY(query.kind, decode_kind(request.object_kind(), "object_kind"));
  TRY(query.subject, decode_asker(request));
  return query;
}

v1::LookupResourcesResponse encode(const app::ReachedPage& page) {
  v1::LookupResourcesResponse response;
  for (const app::Reached& object : page.objects) {
    auto& item = *response.add_objects();
    item.set_id(object.id);
    item.set_rule(object.rule);
    for (const app::Thing& thing : object.through) {
      auto& ref = *item.add_through();
      ref.set_kind(thing.kind);
      ref.set_id(thing.id);
    }
  }
  set_end(response, page.end);
  return response;
}

Result<app::SubjectLookup> decode(const v1::LookupSubjectsRequest& request) {
  app::SubjectLookup query{.page = decode_page(request)};
  TRY(query.object, decode_object(request.object(), "object"));
  TRY(query.permission, decode_name(request.permission(), "permission"));
  TRY(query.kind, decode_kind(request.subject_kind(), "subject_kind"));
  if (request.subject_relation().empty()) return query;
  TRY(query.relation, decode_name(request.subject_relation(), "subject_relation"));
  return query;
}

v1::LookupSubjectsResponse encode(const app::HoldersPage& page) {
  v1::LookupSubjectsResponse response;
  response.mutable_ids()->Assign(page.ids.begin(), page.ids.end());
  response.set_everyone(page.everyone);
  response.mutable_excluded()->Assign(page.excluded.begin(), page.excluded.end());
  set_end(response, page.end);
  return response;
}

v1::ExpandNodeKind encode_kind(policy::Expansion::Node::Kind kind) {
  using enum policy::Expansion::Node::Kind;
  switch (kind) {
    case leaf:
      return v1::EXPAND_NODE_KIND_LEAF;
    case union_:
      return v1::EXPAND_NODE_KIND_UNION;
    case intersection:
      return v1::EXPAND_NODE_KIND_INTERSECTION;
    case exclusion:
      return v1::EXPAND_NODE_KIND_EXCLUSION;
  }
  return v1::EXPAND_NODE_KIND_UNSPECIFIED;
}

void encode_set(const policy::SubjectRef& subject, v1::SubjectSet& set) {
  set.set_kind(std::string(subject.object.kind));
  set.set_id(std::string(subject.object.id));
  set.set_relation(std::string(subject.relation));
}

v1::ExpandResponse encode(const app::Expanded& expanded) {
  v1::ExpandResponse response;
  for (const auto& node : expanded.tree.nodes) {
    auto& item = *response.add_nodes();
    item.set_kind(encode_kind(node.kind));
    item.mutable_object()->set_kind(std::string(node.object.kind));
    item.mutable_object()->set_id(std::string(node.object.id));
    item.set_relation(std::string(node.relation));
    item.set_again(node.again);
    for (const auto& subject : node.subjects) encode_set(subject, *item.add_subjects());
    for (const auto& subject : node.denied) encode_set(subject, *item.add_denied());
    item.mutable_children()->Assign(node.children.begin(), node.children.end());
  }
  response.set_revision(encode_revision(expanded.snapshot->revision()));
  return response;
}

}  // namespace

void add_lookups(MethodTable& table, const Backend& backend) {
  add_lookup<v1::LookupResourcesRequest, v1::LookupResourcesResponse>(
      table, backend, "allauth.v1.PolicyService.LookupResources",
      [](const app::Core& core, const app::Caller& caller, const Call& call,
         const v1::LookupResourcesRequest& request) -> Result<v1::LookupResourcesResponse> {
        TRY(auto query, decode(request));
        query.stop = call.gone;
        TRY(const auto page, app::lookup_resources(core, caller, query));
        return encode(page);
      });

  add_lookup<v1::LookupSubjectsRequest, v1::LookupSubjectsResponse>(
      table, backend, "allauth.v1.PolicyService.LookupSubjects",
      [](const app::Core& core, const app::Caller& caller, const Call& call,
         const v1::LookupSubjectsRequest& request) -> Result<v1::LookupSubjectsResponse> {
        TRY(auto query, decode(request));
        query.stop = call.gone;
        TRY(const auto page, app::lookup_subjects(core, caller, query));
        return encode(page);
      });

  add_lookup<v1::ExpandRequest, v1::ExpandResponse>(
      table, backend, "allauth.v1.PolicyService.Expand",
      [](const app::Core& core, const app::Caller& caller, const Call& call,
         const v1::ExpandRequest& request) -> Result<v1::ExpandResponse> {
        TRY(const auto object, decode_object(request.object(), "object"));
        TRY(const auto permission, decode_name(request.permission(), "permission"));
        TRY(const auto expanded, app::expand(core, caller, object, permission, call.gone));
        return encode(expanded);
      });
}

}  // namespace allauth::wire::native
