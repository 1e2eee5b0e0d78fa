#include "app/access/questions.h"

#include "allauth/v1/auth.pb.h"
#include "app/identity/authenticate.h"
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

// Answered at once, but for passwords, which take a hashing thread.
void authenticate(const Asked& asked, const Call& call, const v1::AuthenticateRequest& request,
                  Reply<v1::AuthenticateResponse> reply) {
  const auto& core = asked.core;
  if (const auto may = asked.check_may_ask(call, request); !may) return reply(std::unexpected(may.error()));
  switch (request.credential_case()) {
    case v1::AuthenticateRequest::kAccessToken:
      return reply(encode_outcome(app::authenticate_token(core, Secret(request.access_token()))));
    case v1::AuthenticateRequest::kClientKey: {
      const auto& key = request.client_key();
      return reply(encode_outcome(app::authenticate_key(core, {key.client_id(), Secret(key.key())})));
    }
    case v1::AuthenticateRequest::kPassword: {
      auto held = std::make_shared<Reply<v1::AuthenticateResponse>>(std::move(reply));
      auto job = [&core, &call, &request, held] {
        if (!is_wanted(core, call)) return (*held)(overloaded());
        const auto& login = request.password();
        (*held)(encode_outcome(app::authenticate_password(core, {login.login(), Secret(login.password())})));
      };
      if (!asked.hashers(call.peer.address, std::move(job))) (*held)(overloaded());
      return;
    }
    case v1::AuthenticateRequest::CREDENTIAL_NOT_SET:
      break;
  }
  reply(fail(Code::invalid, "credential.missing", "Give one of access_token, password or client_key."));
}

// Names come back in errors, so they are bounded before anybody looks for them.
Result<void> check_names(std::string_view permission, std::string_view object_kind) {
  if (!is_id(permission))
    return fail(Code::invalid, "question.permission", "Give a permission, of at most 64 characters.",
                "permission");
  if (!is_id(object_kind))
    return fail(Code::invalid, "question.object_kind",
                "Give the kind of the object, of at most 64 characters.", "object.kind");
  return {};
}

template <class Request>
Result<app::Question> decode_question(const Request& request) {
  TRY(check_names(request.permission(), request.object().kind()));
  app::Question question{.permission = request.permission(),
                         .object = {request.object().kind(), request.object().id()}};
  const std::string_view id = question.object.id;
  const bool is_entry =
      question.object.kind == kind::catalogue && !id.empty() && id.size() <= policy::kMaxObjectId;
  if (!is_id(id) && !is_entry)
    return fail(Code::invalid, "id.invalid", "Give the id of the object.", "object.id");
  if (!request.has_subject()) return question;
  const auto& subject = request.subject();
  if (!is_id(subject.id()))
    return fail(Code::invalid, "id.invalid", "Give the id of the subject.", "subject.id");
  if (subject.kind() != kind::user && subject.kind() != kind::client)
    return fail(Code::invalid, "question.subject_kind", "A subject is a user or a client.", "subject.kind");
  question.subject = policy::ObjectRef{subject.kind(), subject.id()};
  return question;
}

constexpr int kMaxChecks = 1000;

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
  std::vector<app::Question> questions;
  std::vector<v1::BatchCheckResult*> of_questions;
  response.mutable_results()->Reserve(request.checks_size());
  for (const auto& check : request.checks()) {
    auto& result = *response.add_results();
    if (const auto question = decode_question(check)) {
      questions.push_back(*question);
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
        TRY(const auto question, decode_question(request));
        TRY(const auto answer, app::check(core, caller, question));
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
        TRY(const auto question, decode_question(request));
        TRY(const auto explained, app::explain(core, caller, question));
        v1::ExplainResponse response;
        response.set_allowed(explained.allowed);
        response.set_text(explained.text);
        response.mutable_steps()->Assign(explained.steps.begin(), explained.steps.end());
        return response;
      });
}

}  // namespace allauth::wire::native
