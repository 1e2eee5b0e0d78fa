// Answers to writes that carried a key of the caller's (store/kept_answers.h).
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kKeptAnswers{.version = 6, .min_compatible = 5, .text = R"(
CREATE TABLE kept_answers (
  principal {{text}} NOT NULL,
  name {{text}} NOT NULL,
  request {{blob}} NOT NULL,
  answer {{blob}} NOT NULL,
  revision {{int}} NOT NULL,
  kept_at {{int}} NOT NULL,
  PRIMARY KEY (principal, name)
) {{table}};
CREATE UNIQUE INDEX kept_answers_revision ON kept_answers (principal, revision);
CREATE INDEX kept_answers_age ON kept_answers (kept_at);
)"};

}  // namespace allauth::store
