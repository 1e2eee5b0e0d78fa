#include "store/channel_topics.h"

#include <array>

#include "model/entities.h"
#include "model/topics.h"
#include "store/rows.h"

namespace allauth::store {
namespace {

using sql::Statement;

constexpr Statement kInsert("topics.insert",
                            "INSERT INTO channel_topics (domain_id, head, filter, channel_id) "
                            "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
constexpr Statement kErase("topics.erase", "DELETE FROM channel_topics WHERE channel_id = $1");
constexpr Statement kEraseAll("topics.erase_all", "DELETE FROM channel_topics");
// Heads that one of so many levels begins with, itself and the empty one among them.
constexpr std::size_t kHeads = kMaxTopicLevels + 1;
constexpr Statement kAtHeads(
    "topics.at_heads",
    "SELECT filter, channel_id FROM channel_topics WHERE domain_id = $1 AND head IN ($2, $3, $4, $5, $6, $7, "
    "$8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) AND channel_id <> $19 LIMIT $20");
constexpr Statement kBelowHead("topics.below_head",
                               "SELECT filter, channel_id FROM channel_topics WHERE domain_id = $1 "
                               "AND head > $2 AND head < $3 AND channel_id <> $4 LIMIT $5");
constexpr Statement kOfDomain("topics.of_domain",
                              "SELECT filter, channel_id FROM channel_topics WHERE domain_id = $1 "
                              "AND channel_id <> $2 LIMIT $3");
constexpr std::array kAll{kInsert, kErase, kAtHeads, kBelowHead, kOfDomain};

Result<void> collect(Read& read, const Statement& statement, std::span<const sql::Value> binds,
                     std::vector<TopicOwner>& owners) {
  return read.query(statement, binds, [&owners](const sql::Row& row) -> Result<void> {
    owners.push_back({std::string(row.bytes(0)), ChannelId::trusted(std::string(row.bytes(1)))});
    return {};
  });
}

// The heads that `head` begins with, the longest last and as often as need be.
std::array<std::string_view, kHeads> heads_of(std::string_view head) {
  std::array<std::string_view, kHeads> heads;
  std::size_t end = 0;
  for (auto& part : heads) {
    part = head.substr(0, end);
    if (end < head.size()) end = head.find('/', end) + 1;
  }
  return heads;
}

Result<void> insert_topics(sql::Session& session, const Channel& channel) {
  for (const auto& filter : channel.topics) {
    const auto head = topic_head(filter);
    const std::array binds{to_value(channel.domain), to_value(head), to_value(filter), to_value(channel.id)};
    TRY(session.run(kInsert, binds));
  }
  return {};
}

}  // namespace

Result<std::vector<TopicOwner>> topics_near(Read& read, const DomainId& domain, std::string_view filter,
                                            const ChannelId& channel, std::size_t most) {
  std::vector<TopicOwner> owners;
  const auto head = topic_head(filter);
  if (head.empty()) {
    const std::array binds{to_value(domain), to_value(channel), to_value(most)};
    TRY(collect(read, kOfDomain, binds, owners));
    return owners;
  }
  std::vector<sql::Value> binds{to_value(domain)};
  for (const auto part : heads_of(head)) binds.push_back(to_value(part));
  binds.push_back(to_value(channel));
  binds.push_back(to_value(most));
  TRY(collect(read, kAtHeads, binds, owners));
  const bool exact = filter.find_first_of("+#") == std::string_view::npos;
  if (exact || owners.size() == most) return owners;
  std::string end = head;
  ++end.back();  // past all that begins with the head, which ends with '/'
  const std::array below{to_value(domain), to_value(head), to_value(end), to_value(channel),
                         to_value(most - owners.size())};
  TRY(collect(read, kBelowHead, below, owners));
  return owners;
}

Result<void> keep_topics(sql::Session& session, const Shape& shape, const void* row, bool is_new) {
  if (shape.kind != ImageKind::channel) return {};
  if (!is_new) TRY(drop_topics(session, shape, row));
  return insert_topics(session, *static_cast<const Channel*>(row));
}

Result<void> drop_topics(sql::Session& session, const Shape& shape, const void* row) {
  if (shape.kind != ImageKind::channel) return {};
  const std::array binds{to_value(static_cast<const Channel*>(row)->id)};
  TRY(session.run(kErase, binds));
  return {};
}

Result<void> drop_all_topics(sql::Session& session) {
  TRY(session.run(kEraseAll));
  return {};
}

Result<void> restore_topics(sql::Session& session) {
  Read read(session, Revision{});
  return for_each<Channel>(read,
                           [&session](const Channel& channel) { return insert_topics(session, channel); });
}

std::span<const Statement> topic_statements() { return kAll; }

}  // namespace allauth::store
