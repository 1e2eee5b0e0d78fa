#include "app/identity/setup.h"

#include "allauth/v1/setup.pb.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {

void add_setup(MethodTable& table, const Backend& backend) {
  add_hashing_write<v1::CreateFirstAdminRequest, v1::User>(
      table, backend, "allauth.v1.SetupService.CreateFirstAdmin",
      [&backend](const Call& call, const v1::CreateFirstAdminRequest& request) -> Result<store::Write<User>> {
        app::FirstAdmin admin{.setup_token = Secret(request.setup_token()),
                              .password = Secret(request.password())};
        TRY(admin.email, parse_email(request.email()));
        TRY(admin.name, parse_name(request.name()));
        return app::create_first_admin(backend.core, backend.issuer.digests(), backend.store,
                                       std::move(admin), call.request_id);
      },
      encode_entity<v1::User>());
}

}  // namespace allauth::wire::native
