// The targets of actions that name none, and applying changes to models: what a change does not name stays.
#include "sim/scenario/scenario.h"

namespace norn::sim {
namespace {

template <class T>
void set(const std::optional<T>& change, T& value) {
  if (change) value = *change;
}

}  // namespace

Action default_action(ActionKind kind) {
  Action action;
  action.kind = kind;
  if (kind == ActionKind::restart) action.target.kind = Target::Kind::down;
  if (kind == ActionKind::resume) action.target.kind = Target::Kind::paused;
  if (kind == ActionKind::network || kind == ActionKind::client_network || kind == ActionKind::disk)
    action.target.kind = Target::Kind::all;
  return action;
}

void apply(const LinkChange& change, LinkModel& link) {
  set(change.delay, link.delay);
  set(change.drop, link.drop);
  set(change.duplicate, link.duplicate);
  set(change.reorder, link.reorder);
  set(change.reorder_delay, link.reorder_delay);
  set(change.corrupt, link.corrupt);
  set(change.bytes_per_second, link.bytes_per_second);
  set(change.queue_bytes, link.queue_bytes);
}

void apply(const DiskChange& change, DiskModel& disk) {
  set(change.sync, disk.sync);
  set(change.stall, disk.stall);
  set(change.stall_time, disk.stall_time);
  set(change.sync_error, disk.sync_error);
  set(change.torn, disk.torn);
  set(change.torn_damage, disk.torn_damage);
  set(change.capacity, disk.capacity);
}

}  // namespace norn::sim
