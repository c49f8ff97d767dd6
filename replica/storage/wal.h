// The write-ahead log: hard state and entries as checksummed records, one record for each group commit. A
// record is written only after the one before it has been synced, and they are numbered: so a bad record that
// is followed by anything is damage to synced data, and a bad record with nothing after it is the torn tail
// of a crash. Each record repeats the term, the vote and the log's last entry, so that after damage in the
// middle it is still known what this replica may have promised. (Telling the two apart, and not voting after
// damage: Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018.) The format
// stands as a grammar in wal.cc.
//
// One doubt remains: damage to the very last record of a file looks like a torn tail, and the promises in it
// are forgotten. The next record removes the doubt, because it is written after a sync. (A record with
// `from` after the log's last entry is an empty one, and would do; no replica writes one for that yet.)
#pragma once

#include <optional>
#include <string>

#include "replica/base/types.h"
#include "replica/raft/log.h"
#include "replica/raft/message.h"

namespace norn::storage {

// What the damaged part of a WAL may have held: the replica must not vote before its log reaches
// `lost` again, matched by a leader and committed (see Recovery).
struct Damage {
  std::uint64_t record = 0;  // its number
  std::uint64_t offset = 0;  // in the file, bytes
  EntryId lost;              // the log's last entry according to the last legible record
};

struct Recovery {
  raft::HardState hard_state;
  raft::Log log;                 // up to the damage, if any
  Index fence;                   // no votes before the log is matched and committed up to here again; 0: none
  std::optional<Damage> damage;  // new, found now; an older one lives on as the fence
  std::uint64_t torn_bytes = 0;  // cut from the end; zeros alone are not counted
  bool rewrite = false;          // the file must be replaced by an image before anything is appended
};

class Wal {
 public:
  // A WAL of this replica: foreign ones are refused.
  Wal(ClusterId cluster, NodeId node);

  // Reads a file's content; an empty file is that of a new replica. An error (another cluster's or node's or
  // version's file, a damaged header, nothing legible behind it) is a sentence; then the replica must not
  // start. Continues numbering after what was read.
  std::optional<std::string> recover(Bytes file, Recovery& recovery);

  // A record with the entries from..last (none if from is after last), for Disk::append. Replaces out's
  // content. Records have no gaps: if the disk has no room for it, put back a copy of the Wal from before.
  void record(const raft::HardState& hard_state, const raft::Log& log, Index from, Index fence, Buffer& out);

  // A whole new file: header, base, hard state and the log as it is now, for Disk::replace. Replaces out's
  // content. Numbering starts anew.
  void image(const raft::HardState& hard_state, const raft::Log& log, Index fence, Buffer& out);

  std::uint64_t size() const { return size_; }  // of the file, if all that was made was written; bytes

 private:
  void write_record(const raft::HardState& hard_state, const raft::Log& log, EntryId prev, Index fence,
                    Buffer& out);

  ClusterId cluster_;
  NodeId node_;
  std::uint32_t header_crc_;  // part of each record's checksum
  std::uint64_t next_record_ = 1;
  std::uint64_t size_ = 0;
};

}  // namespace norn::storage
