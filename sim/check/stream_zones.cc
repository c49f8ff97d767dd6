// The zones of one key, event by event: see stream_zones.h.
#include "sim/check/stream_zones.h"

#include <algorithm>

namespace norn::sim {

bool StreamZones::takes(const StreamOperation& operation) const {
  if (operation.step.count != 1) return false;
  if (operation.step.kind == OperationKind::get) return true;
  if (operation.step.kind != OperationKind::put) return false;
  const ValueId value = operation.parts[0].argument;
  return writes_.find(value) == NumberTable::kNone &&
         std::none_of(clusters_.begin(), clusters_.end(),
                      [&](const Cluster& one) { return one.value == value; });
}

void StreamZones::call(StreamTables& tables, std::uint32_t operation) {
  StreamOperation& it = tables.operations[operation];
  it.slot = 0;
  if (clusters_.size() > kClustersMax && !reads_.empty()) {
    tables.operations[reads_.front().second].abandoned = true;
    reads_.erase(reads_.begin());
  }
  if (it.step.kind == OperationKind::get) {
    reads_.emplace_back(it.step.call, operation);
  } else {
    writes_.set(it.parts[0].argument, operation);
  }
}

std::optional<StreamZones::Conflict> StreamZones::give_back(StreamTables& tables, std::uint32_t operation) {
  const StreamOperation& it = tables.operations[operation];
  const bool reads = it.step.kind == OperationKind::get;
  const ValueId value = reads ? it.parts[0].value : it.parts[0].argument;
  if (reads) std::erase_if(reads_, [&](const auto& read) { return read.second == operation; });
  Cluster* const cluster = find_or_make(tables, value, it);
  if (cluster == nullptr)
    return Conflict{{},
                    {value, kNoOperation, kBegin, kNowhere, it.step.back, it.step.call, it.place, it.place}};
  if (cluster->writer == operation) cluster->writer = kNoOperation;
  const std::optional<Conflict> conflict = join(*cluster, it);
  if (conflict) return conflict;
  const std::int64_t now = it.step.back;
  tables.release(operation);
  retire(tables, now);
  return std::nullopt;
}

// The cluster of a value; it appears with its first return. Null: no such value can be seen.
StreamZones::Cluster* StreamZones::find_or_make(StreamTables& tables, ValueId value,
                                                const StreamOperation& first) {
  if (Cluster* const known = cluster_of(value)) return known;
  const std::uint32_t write = writes_.find(value);
  if (write == NumberTable::kNone) return nullptr;
  const StreamOperation& writer = tables.operations[write];
  Cluster& made = clusters_.emplace_back();
  made.value = value;
  made.writer = write;
  made.write_call = made.s = writer.step.call;
  made.write_place = made.s_place = writer.place;
  made.f = first.step.back;
  made.f_place = first.place;
  writes_.erase(value);
  // Of unknown outcome and seen: it happened, and nothing of it is to come.
  if (writer.outcome == Outcome::info) tables.release(std::exchange(made.writer, kNoOperation));
  return &made;
}

std::optional<StreamZones::Conflict> StreamZones::join(Cluster& cluster, const StreamOperation& operation) {
  if (operation.step.call > cluster.s) {
    cluster.s = operation.step.call;
    cluster.s_place = operation.place;
  }
  for (const Cluster& other : clusters_) {
    if (&other != &cluster && cluster.f < other.s && other.f < cluster.s) return Conflict{other, cluster};
  }
  return std::nullopt;
}

void StreamZones::retire(StreamTables& tables, std::int64_t now) {
  const std::int64_t low = reads_.empty() ? now : std::min(now, reads_.front().first);
  const Cluster* latest = nullptr;  // of those with f < low, the two with the greatest s
  const Cluster* second = nullptr;
  for (const Cluster& cluster : clusters_) {
    if (cluster.f >= low) continue;
    if (latest == nullptr || cluster.s > latest->s) {
      second = std::exchange(latest, &cluster);
    } else if (second == nullptr || cluster.s > second->s) {
      second = &cluster;
    }
  }
  if (latest == nullptr) return;
  const std::int64_t s_latest = latest->s;
  const std::int64_t s_second = second != nullptr ? second->s : kBegin;
  const ValueId value_latest = latest->value;
  std::erase_if(clusters_, [&](const Cluster& cluster) {
    if (cluster.f >= (cluster.value == value_latest ? s_second : s_latest)) return false;
    if (cluster.writer != kNoOperation) tables.operations[cluster.writer].dropped = true;
    return true;
  });
}

void StreamZones::forget(StreamTables& tables, std::uint32_t operation) {
  StreamOperation& it = tables.operations[operation];
  it.step.unknown = true;
  if (it.step.kind == OperationKind::get) {
    std::erase_if(reads_, [&](const auto& read) { return read.second == operation; });
    tables.release(operation);
    return;
  }
  if (writes_.find(it.parts[0].argument) == operation) return;
  for (Cluster& cluster : clusters_) {
    if (cluster.writer == operation) cluster.writer = kNoOperation;
  }
  tables.release(operation);
}

std::optional<StreamZones::Conflict> StreamZones::take_out(StreamTables& tables, std::uint32_t operation) {
  const StreamOperation& it = tables.operations[operation];
  if (it.step.kind == OperationKind::get) {
    std::erase_if(reads_, [&](const auto& read) { return read.second == operation; });
    tables.release(operation);
    return std::nullopt;
  }
  if (writes_.find(it.parts[0].argument) != operation) {  // but it was seen
    const Cluster* const cluster = cluster_of(it.parts[0].argument);
    return Conflict{{}, cluster != nullptr ? *cluster : Cluster{it.parts[0].argument}};
  }
  writes_.erase(it.parts[0].argument);
  tables.release(operation);
  return std::nullopt;
}

std::vector<std::uint32_t> StreamZones::open() const {
  std::vector<std::uint32_t> open;
  writes_.each([&](std::uint64_t, std::uint32_t operation) { open.push_back(operation); });
  for (const auto& [call, operation] : reads_) open.push_back(operation);
  for (const Cluster& cluster : clusters_) {
    if (cluster.writer != kNoOperation) open.push_back(cluster.writer);
  }
  return open;
}

StreamZones::Cluster* StreamZones::cluster_of(ValueId value) {
  const auto found = std::find_if(clusters_.begin(), clusters_.end(),
                                  [&](const Cluster& cluster) { return cluster.value == value; });
  return found == clusters_.end() ? nullptr : &*found;
}

std::size_t StreamZones::bytes() const {
  return clusters_.capacity() * sizeof(Cluster) + writes_.bytes() + reads_.capacity() * sizeof(reads_[0]);
}

}  // namespace norn::sim
