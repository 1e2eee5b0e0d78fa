#include "app/access/questions.h"

#include <deque>

#include "allauth/v1/auth.pb.h"
#include "app/identity/authenticate.h"
#include "app/policy/relationship_rules.h"
#include "base/network.h"
#include "wire/native/policy_names.h"
#include "wire/native/related.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

v1::PrincipalKind encode_kind(app::PrincipalKind kind) {
  switch (kind) {
    case app::PrincipalKind::user:
      return v1::PRINCIPAL_KIND_USER;
    case app::PrincipalKind::client:
      return v1::PRINCIPAL_KIND_CLIENT;
    case app::PrincipalKind::system:
      return v1::PRINCIPAL_KIND_SYSTEM;
    case app::PrincipalKind::anonymous:
      return v1::PRINCIPAL_KIND_ANONYMOUS;
  }
  return v1::PRINCIPAL_KIND_UNSPECIFIED;
}

Result<v1::AuthenticateResponse> encode_outcome(Result<app::AuthenticateOutcome> outcome) {
  TRY(const auto who, app::require_authenticated(std::move(outcome)));
  v1::AuthenticateResponse response;
  response.mutable_principal()->set_kind(encode_kind(who.principal.kind));
  response.mutable_principal()->set_id(who.principal.id);
  response.mutable_principal()->set_domain_id(who.tenant.str());
  response.set_token_id(who.token.str());
  if (who.expires) *response.mutable_expires_at() = encode_time(*who.expires);
  return response;
}

struct Asked {
  const app::Core& core;
  Submit hashers;
  std::function<bool(const Call&)> is_node;

  // Nodes without a database may ask who somebody is, for that is what they exist for. They have limited
  // their callers themselves.
  Result<void> check_may_ask(const Call& call, const v1::AuthenticateRequest& request) const {
    const auto caller = authenticate_call(core, call);
    if (!caller && is_node && is_node(call)) return {};
    if (!caller) return fail(caller.error());
    if (!request.has_password() || call.limiter == nullptr) return {};
    return call.limiter->principal(call.notes.principal, WorkKind::login);
  }
};

// Where the credential was shown to the caller, as the caller says.
Result<app::Source> decode_source(const Call& call, const v1::AuthenticateRequest& request) {
  const auto& address = request.source_address();
  if (!address.empty() && !IpAddress::parse(address))
    return fail(Code::invalid, "source.invalid", "Give an IPv4 or IPv6 address, without port.",
                "source_address");
  return app::Source{.address = address, .via = call.notes.principal.empty() ? "node" : call.notes.principal};
}

// Answered at once, but for passwords, which take a hashing thread.
void authenticate(const Asked& asked, const Call& call, const v1::AuthenticateRequest& request,
                  Reply<v1::AuthenticateResponse> reply) {
  const auto& core = asked.core;
  if (const auto may = asked.check_may_ask(call, request); !may) return reply(std::unexpected(may.error()));
  auto source = decode_source(call, request);
  if (!source) return reply(std::unexpected(source.error()));
  switch (request.credential_case()) {
    case v1::AuthenticateRequest::kAccessToken:
      return reply(encode_outcome(app::authenticate_bearer(core, Secret(request.access_token()))));
    case v1::AuthenticateRequest::kClientKey: {
      const auto& key = request.client_key();
      return reply(encode_outcome(
          app::authenticate_key(core, {key.client_id(), Secret(key.key()), std::move(*source)})));
    }
    case v1::AuthenticateRequest::kPassword: {
      auto held = std::make_shared<Reply<v1::AuthenticateResponse>>(std::move(reply));
      auto job = [&core, &call, &request, held, source = std::move(*source)]() mutable {
        if (!is_wanted(core, call)) return (*held)(overloaded());
        const auto& login = request.password();
        (*held)(encode_outcome(
            app::authenticate_password(core, {login.login(), Secret(login.password()), std::move(source)})));
      };
      if (!asked.hashers(call.peer.address, std::move(job))) (*held)(overloaded());
      return;
    }
    case v1::AuthenticateRequest::CREDENTIAL_NOT_SET:
      break;
  }
  reply(fail(Code::invalid, "credential.missing", "Give one of access_token, password or client_key."));
}

// A question, and what it borrows besides the texts of its request.
struct Decoded {
  app::Question question;
  std::vector<policy::Edge> relationships;
};

Result<std::vector<policy::Edge>> decode_context(const v1::QuestionContext& context) {
  if (static_cast<std::size_t>(context.relationships_size()) > policy::Graph::kMaxGuests)
    return fail(Code::invalid, "policy.context.limit", "A question can bring at most 100 relationships.",
                "context.relationships");
  return decode_items<policy::Edge>(
      "context.relationships", context.relationships(),
      [](const v1::Relationship& one) -> Result<policy::Edge> {
        TRY(app::check_form(decode_relationship(one)));
        return policy::Edge{{one.resource().kind(), one.resource().id()},
                            one.relation(),
                            {{one.subject().kind(), one.subject().id()}, one.subject_relation()}};
      });
}

template <class Request>
Result<Decoded> decode_question(const Request& request) {
  Decoded decoded;
  TRY(decoded.question.permission, decode_name(request.permission(), "permission"));
  TRY(decoded.question.object, decode_object(request.object(), "object"));
  TRY(decoded.question.subject, decode_asker(request));
  TRY(decoded.relationships, decode_context(request.context()));
  return decoded;
}

// Valid as long as what was decoded.
app::Question question_of(const Decoded& decoded) {
  app::Question question = decoded.question;
  question.relationships = decoded.relationships;
  return question;
}

constexpr int kMaxChecks = 1000;
constexpr std::size_t kMostBrought = 1000;  // relationships, by all questions of a request

std::unexpected<Error> too_many_brought() {
  return fail(Code::invalid, "policy.context.limit",
              "The questions of a request can bring at most 1000 relationships together.",
              "context.relationships");
}

void encode_error(const Error& error, v1::ItemError& item) {
  item.set_reason(std::string(error.reason.slug()));
  item.set_detail(error.code == Code::bug ? "This could not be decided." : error.message);
  item.set_field(error.field);
}

Result<v1::BatchCheckResponse> check_all(const app::Core& core, const Call& call,
                                         const v1::BatchCheckRequest& request) {
  TRY(const auto caller, authenticate_call(core, call));
  if (request.checks_size() < 1 || request.checks_size() > kMaxChecks)
    return fail(Code::invalid, "checks.count", "Give 1 to 1000 questions.", "checks");
  TRY(auto asking, app::Asking::begin(core, caller));
  v1::BatchCheckResponse response;
  response.set_revision(encode_revision(asking.snapshot().revision()));
  // What is no question gets its error first.
  std::deque<Decoded> decoded;
  std::vector<app::Question> questions;
  std::vector<v1::BatchCheckResult*> of_questions;
  std::size_t brought = 0;
  response.mutable_results()->Reserve(request.checks_size());
  for (const auto& check : request.checks()) {
    auto& result = *response.add_results();
    auto question = decode_question(check);
    if (question) brought += question->relationships.size();
    if (brought > kMostBrought) question = too_many_brought();
    if (question) {
      questions.push_back(question_of(decoded.emplace_back(std::move(*question))));
      of_questions.push_back(&result);
    } else {
      encode_error(question.error(), *result.mutable_error());
    }
  }
  const auto decisions = asking.decide_all(questions);
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (decisions[i])
      of_questions[i]->set_allowed(decisions[i]->allowed());
    else
      encode_error(decisions[i].error(), *of_questions[i]->mutable_error());
  }
  return response;
}

}  // namespace

void add_questions(MethodTable& table, const app::Core& core, Submit hashers,
                   std::function<bool(const Call&)> is_node) {
  bind<v1::AuthenticateRequest, v1::AuthenticateResponse>(
      table, "allauth.v1.AuthService.Authenticate", v1::KIND_SNAPSHOT,
      [asked = Asked{core, std::move(hashers), std::move(is_node)}](
          const Call& call, const v1::AuthenticateRequest& request, Reply<v1::AuthenticateResponse> reply) {
        authenticate(asked, call, request, std::move(reply));
      });

  add_snapshot<v1::CheckRequest, v1::CheckResponse>(
      table, "allauth.v1.AuthService.Check",
      [&core](const Call& call, const v1::CheckRequest& request) -> Result<v1::CheckResponse> {
        TRY(const auto caller, authenticate_call(core, call));
        TRY(const auto decoded, decode_question(request));
        TRY(const auto answer, app::check(core, caller, question_of(decoded)));
        v1::CheckResponse response;
        response.set_allowed(answer.allowed);
        response.set_rule(answer.rule);
        response.mutable_evidence()->Assign(answer.evidence.begin(), answer.evidence.end());
        response.set_revision(encode_revision(answer.revision));
        return response;
      });

  add_snapshot<v1::BatchCheckRequest, v1::BatchCheckResponse>(
      table, "allauth.v1.AuthService.BatchCheck",
      [&core](const Call& call, const v1::BatchCheckRequest& request) {
        return check_all(core, call, request);
      });

  add_snapshot<v1::ExplainRequest, v1::ExplainResponse>(
      table, "allauth.v1.AuthService.Explain",
      [&core](const Call& call, const v1::ExplainRequest& request) -> Result<v1::ExplainResponse> {
        TRY(const auto caller, authenticate_call(core, call));
        TRY(const auto decoded, decode_question(request));
        TRY(const auto explained, app::explain(core, caller, question_of(decoded)));
        v1::ExplainResponse response;
        response.set_allowed(explained.allowed);
        response.set_text(explained.text);
        response.mutable_steps()->Assign(explained.steps.begin(), explained.steps.end());
        return response;
      });
}

}  // namespace allauth::wire::native
