// Which channel of a domain has which topics of its own, to be found by their heads (model/topics.h). The
// table channel_topics follows from the channels' rows: their writer keeps it (rows.cc), it is no part of the
// log or of a backup, and a restore makes it anew.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "store/read.h"

namespace allauth::store {

struct Shape;

struct TopicOwner {
  std::string filter;
  ChannelId channel;
};

// Those of other channels than `channel` that might overlap with `filter`, at most so many: their heads begin
// with that of the filter, or the other way round.
Result<std::vector<TopicOwner>> topics_near(Read&, const DomainId&, std::string_view filter,
                                            const ChannelId& channel, std::size_t most);

// After a row was inserted or updated, and before it is erased. Nothing is done for rows that are no
// channels.
Result<void> keep_topics(sql::Session&, const Shape&, const void* row, bool is_new);
Result<void> drop_topics(sql::Session&, const Shape&, const void* row);

Result<void> drop_all_topics(sql::Session&);
// From the rows of all channels, into an empty table.
Result<void> restore_topics(sql::Session&);

// All that run while the server does.
std::span<const sql::Statement> topic_statements();

}  // namespace allauth::store
