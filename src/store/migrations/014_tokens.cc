// Names, scopes and the like of the tokens of users. A program without them would not know what their images
// are.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kTokens{.version = 14, .min_compatible = 14, .text = R"(
ALTER TABLE credentials ADD COLUMN name {{text}} NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN description {{text}} NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN scopes {{text}} NOT NULL DEFAULT '[]';
ALTER TABLE credentials ADD COLUMN revoked_at {{int}};
CREATE UNIQUE INDEX credentials_name ON credentials (owner_kind, owner_id, type, name) WHERE name <> '';
)"};

}  // namespace allauth::store
