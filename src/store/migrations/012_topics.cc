// Topics of channels, and by domain and head (model/topics.h) the channels that have them. An older program
// would take them from a channel that it changes.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kTopics{.version = 12, .min_compatible = 12, .text = R"(
ALTER TABLE channels ADD COLUMN topics {{text}} NOT NULL DEFAULT '[]';
ALTER TABLE channels ADD COLUMN max_qos {{int}};
CREATE TABLE channel_topics (
  domain_id {{text}} NOT NULL,
  head {{text}} NOT NULL,
  filter {{text}} NOT NULL,
  channel_id {{text}} NOT NULL REFERENCES channels (id),
  PRIMARY KEY (domain_id, head, filter, channel_id)
) {{clustered}};
CREATE INDEX channel_topics_channel ON channel_topics (channel_id);
)"};

}  // namespace allauth::store
