// What each operation does to the files, and what a crash leaves of them.
#include "tests/replica/scripted_disk.h"

#include <algorithm>
#include <utility>

#include "replica/base/assert.h"

namespace norn {

// After a crash nothing happens any more: the process is gone, and only the test's call has yet to return.
std::optional<Fault> ScriptedDisk::begin() {
  if (crashed_) return Fault::crash;
  if (++operations_ == fail_at_) return fault_;
  return full_ ? std::optional(Fault::full) : std::nullopt;
}

std::optional<Buffer> ScriptedDisk::read(File file) {
  const std::optional<Fault> fault = begin();
  if (fault == Fault::failed) return std::nullopt;
  crashed_ = fault == Fault::crash || fault == Fault::completed_then;
  return of(file).content;
}

DiskStatus ScriptedDisk::append(File file, Bytes bytes) {
  State& to = of(file);
  ASSERT(!to.pending);
  const std::optional<Fault> fault = begin();
  if (fault == Fault::full) return DiskStatus::full;
  if (fault == Fault::failed) bytes = bytes.first(bytes.size() / 2);
  if (fault != Fault::crash) to.content.insert(to.content.end(), bytes.begin(), bytes.end());
  crashed_ = fault == Fault::crash || fault == Fault::completed_then;
  return fault == Fault::failed ? DiskStatus::failed : DiskStatus::ok;
}

void ScriptedDisk::sync(File file, storage::SyncTicket ticket) {
  ask(file, {.ticket = ticket, .size = of(file).content.size()});
}

void ScriptedDisk::replace(File file, std::shared_ptr<const Buffer> bytes, storage::SyncTicket ticket) {
  ask(file, {.ticket = ticket, .replacement = *bytes});
}

void ScriptedDisk::ask(File file, Pending pending) {
  ASSERT(!of(file).pending);
  for (const State& other : files_) ASSERT(!other.pending || other.pending->ticket != pending.ticket);
  if (crashed_) return;
  const std::optional<Fault> fault = begin();
  if (fault == Fault::failed) pending.status = DiskStatus::failed;
  if (fault == Fault::full) pending.status = DiskStatus::full;
  of(file).pending = std::move(pending);
  if (fault == Fault::completed_then) complete(file);
  crashed_ = fault == Fault::crash || fault == Fault::completed_then;
}

void ScriptedDisk::State::install() {
  content = std::move(*pending->replacement);
  synced = content.size();
}

ScriptedDisk::Completion ScriptedDisk::complete(File file) {
  State& at = of(file);
  ASSERT(at.pending);
  const Completion completion{at.pending->ticket, at.pending->status};
  if (completion.status == DiskStatus::ok) {
    if (at.pending->replacement) {
      at.install();
    } else {
      at.synced = std::max(at.synced, at.pending->size);
    }
  }
  at.pending.reset();
  return completion;
}

void ScriptedDisk::crash(Kept kept) {
  for (State& file : files_) {
    if (file.pending && file.pending->replacement && kept.replaced) file.install();
    file.pending.reset();
    file.synced += std::min(kept.appended, file.content.size() - file.synced);
    file.content.resize(file.synced);
  }
  crashed_ = false;
}

}  // namespace norn
