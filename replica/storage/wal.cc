// The WAL's format, little-endian:
//
//   file   := header record record*
//   header := magic:u64 version:u32 crc:u32 cluster:u64 node:u8 zero:u8[7]
//   record := head run zero:u8[0..7]                         a multiple of 8 bytes long, so heads are aligned
//   head   := magic:u32 crc:u32 number:u64 term:u64 fence:u64 prev:id last:id size:u64 body_crc:u32
//             vote:u8 zero:u8[3]
//   id     := term:u64 index:u64
//   run    := entry*                                         of `size` bytes; entries as in raft/log.h
//
// After a record the log ends at `last`: the log up to `prev`, which must be in it, and then the run. So
// entries replace whatever the log had in their place, and a shorter log needs no record of its own kind.
// Numbers go up by one, from 1. Record 1 is the image: its `prev` is the log's base, and it came into being
// with the header, by one atomic replacement, so it is never torn.
//
// The header's crc covers the rest of the header; all versions of the format keep its layout. body_crc covers
// the run and the zeros after it. A head's crc covers the rest of the head, and, before it, the header's crc
// and the head's offset in the file: a record that is out of its place (a misdirected write, or a file within
// a client's value) is not taken for one of this file. The head has a checksum of its own so that it still
// tells, when only the run behind it is damaged, how far the log went.
#include "replica/storage/wal.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"
#include "replica/base/bytes.h"
#include "replica/base/checksum.h"

namespace norn::storage {
namespace {

constexpr std::uint64_t kFileMagic = 0x6c61772d6e726f6e;  // "norn-wal"
constexpr std::uint32_t kRecordMagic = 0x6472636e;        // "ncrd"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kAlignment = 8;

struct Header {
  std::uint64_t magic = kFileMagic;
  std::uint32_t version = kVersion;
  std::uint32_t crc = 0;
  std::uint64_t cluster = 0;
  std::uint8_t node = 0;
  std::uint8_t zero[7] = {};
};
static_assert(sizeof(Header) == 32 && std::has_unique_object_representations_v<Header>);

struct Head {
  std::uint32_t magic = kRecordMagic;
  std::uint32_t crc = 0;
  std::uint64_t number = 0;
  std::uint64_t term = 0;
  std::uint64_t fence = 0;
  std::uint64_t prev_term = 0;
  std::uint64_t prev_index = 0;
  std::uint64_t last_term = 0;
  std::uint64_t last_index = 0;
  std::uint64_t size = 0;
  std::uint32_t body_crc = 0;
  std::uint8_t vote = 0;
  std::uint8_t zero[3] = {};

  raft::HardState hard_state() const { return {{term}, {vote}}; }
  EntryId prev() const { return {{prev_term}, {prev_index}}; }
  EntryId last() const { return {{last_term}, {last_index}}; }
  bool possible() const {
    return std::max({term, fence, prev_term, prev_index, last_term, last_index}) <= kCountMax;
  }
};
static_assert(sizeof(Head) == 80 && std::has_unique_object_representations_v<Head>);

constexpr std::size_t padded(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

template <class T>
T load(Bytes at) {
  T value;
  std::memcpy(&value, at.data(), sizeof value);
  return value;
}

template <class T>
Bytes view(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

std::uint32_t checksum(Header header) {
  header.crc = 0;
  return crc32c(view(header));
}

std::uint32_t checksum(const Head& head, std::uint32_t header_crc, std::uint64_t offset) {
  const std::uint32_t place = crc32c(view(offset), header_crc);
  return crc32c(view(head).subspan(offsetof(Head, number)), place);
}

Header make_header(ClusterId cluster, NodeId node) {
  Header header;
  header.cluster = cluster.value;
  header.node = node.value;
  header.crc = checksum(header);
  return header;
}

// Why this is not the header of this replica's WAL; nothing if it is.
std::optional<std::string> refuse_header(Bytes file, ClusterId cluster, NodeId node) {
  if (file.size() < sizeof(Header)) return "the WAL is shorter than its header";
  const Header header = load<Header>(file);
  if (header.magic != kFileMagic) return "the WAL's file does not begin as a WAL";
  if (header.crc != checksum(header)) return "the WAL's header is damaged";
  if (header.version != kVersion) {
    return "the WAL has format " + std::to_string(header.version) + ", this program reads format " +
           std::to_string(kVersion);
  }
  if (header.cluster != cluster.value) {
    return "the WAL belongs to cluster " + std::to_string(header.cluster) + ", not to " +
           std::to_string(cluster.value);
  }
  if (header.node != node.value) {
    return "the WAL belongs to replica " + std::to_string(header.node) + ", not to " +
           std::to_string(node.value);
  }
  return std::nullopt;
}

// Where the all-zero rest of a file begins: a disk may allocate zeros ahead of what is written.
std::size_t content_end(Bytes file) {
  const auto written = [](std::byte byte) { return byte != std::byte{}; };
  return static_cast<std::size_t>(std::find_if(file.rbegin(), file.rend(), written).base() - file.begin());
}

// Reads a file whose header is good.
class RecordReader {
 public:
  RecordReader(Bytes file, std::uint32_t header_crc)
      : file_(file), content_end_(content_end(file)), header_crc_(header_crc) {}

  // The head at `offset`, if a good one stands there.
  std::optional<Head> head(std::size_t offset) const {
    if (file_.size() - offset < sizeof(Head)) return std::nullopt;
    const Bytes at = file_.subspan(offset);
    if (load<std::uint32_t>(at) != kRecordMagic) return std::nullopt;
    const Head head = load<Head>(at);
    if (head.crc != checksum(head, header_crc_, offset) || !head.possible()) return std::nullopt;
    return head;
  }

  // Whether the file ends before the run of the record at `offset` does.
  bool cut(const Head& head, std::size_t offset) const { return head.size > room(offset); }
  // Whether there is something but zeros after the record at `offset`.
  bool followed(const Head& head, std::size_t offset) const {
    return !cut(head, offset) && offset + sizeof(Head) + padded(head.size) < content_end_;
  }
  // Bytes from `offset` on, without the all-zero rest of the file.
  std::size_t content_after(std::size_t offset) const { return std::max(content_end_, offset) - offset; }

  // The run of the record at `offset`, if it is whole and undamaged.
  std::optional<Bytes> run(const Head& head, std::size_t offset) const {
    if (cut(head, offset) || padded(head.size) > room(offset)) return std::nullopt;
    const Bytes body = file_.subspan(offset + sizeof(Head), padded(head.size));
    if (crc32c(body) != head.body_crc) return std::nullopt;
    return body.first(head.size);
  }

  // The last good head after `offset` of a record with a number above `number`.
  std::optional<Head> last_head(std::size_t offset, std::uint64_t number) const {
    std::optional<Head> found;
    for (offset = padded(offset); offset < content_end_; offset += kAlignment) {
      const std::optional<Head> here = head(offset);
      if (here && here->number > (found ? found->number : number)) found = here;
    }
    return found;
  }

 private:
  std::size_t room(std::size_t offset) const { return file_.size() - offset - sizeof(Head); }

  Bytes file_;
  std::size_t content_end_;
  std::uint32_t header_crc_;
};

// Whether the run leads from prev to last.
bool connects(Bytes run, EntryId prev, EntryId last) {
  if (!raft::EntryRun::valid(run)) return false;
  raft::EntryRun entries(run, prev.index.next());
  EntryId at = prev;
  while (const auto entry = entries.next()) {
    if (entry->id.term < at.term) return false;
    at = entry->id;
  }
  return at == last;
}

// Brings `recovery` from the record before this one to this one. False, and nothing changed, if it does not
// follow.
bool replay(const Head& head, Bytes run, Recovery& recovery) {
  raft::Log& log = recovery.log;
  if (head.term < recovery.hard_state.term.value) return false;
  if (!connects(run, head.prev(), head.last())) return false;
  if (head.number == 1) {
    log.reset(head.prev());
  } else if (!log.matches(head.prev())) {
    return false;
  }
  log.truncate_from(head.prev().index.next());
  log.append_run(run);
  recovery.hard_state = head.hard_state();
  recovery.fence = {head.fence};
  return true;
}

// The record `number` at `offset` is bad. What came of it: a torn tail, damage, or an error.
std::optional<std::string> judge(const RecordReader& reader, std::size_t offset, std::uint64_t number,
                                 Recovery& recovery) {
  recovery.rewrite = true;
  std::optional<Head> known;  // the newest that is still legible about this replica
  if (const auto head = reader.head(offset); head && head->number == number) {
    // Only a file's last record can be torn, and never the image.
    if (number == 1 || reader.followed(*head, offset)) known = head;
  }
  if (const auto later = reader.last_head(offset, number)) known = later;
  if (bug(Bug::torn_tail_accepted) && number > 1) {  // appended after, and what was appended is not seen
    known.reset();
    recovery.rewrite = false;
  }
  if (known) {
    recovery.damage = Damage{number, offset, known->last()};
    if (known->term >= recovery.hard_state.term.value) recovery.hard_state = known->hard_state();
    recovery.fence = std::max({recovery.fence, Index{known->fence}, known->last().index});
    return std::nullopt;
  }
  if (number == 1) return "nothing legible follows the WAL's header: what this replica promised is unknown";
  recovery.torn_bytes = reader.content_after(offset);
  return std::nullopt;
}

}  // namespace

Wal::Wal(ClusterId cluster, NodeId node)
    : cluster_(cluster), node_(node), header_crc_(make_header(cluster, node).crc) {}

std::optional<std::string> Wal::recover(Bytes file, Recovery& recovery) {
  recovery = Recovery();
  next_record_ = 1;
  size_ = file.size();
  if (file.empty()) {
    recovery.rewrite = true;
    return std::nullopt;
  }
  if (auto error = refuse_header(file, cluster_, node_)) return error;
  const RecordReader reader(file, header_crc_);
  std::size_t offset = sizeof(Header);
  while (offset < file.size() || next_record_ == 1) {
    const std::optional<Head> head = reader.head(offset);
    const std::optional<Bytes> run = head ? reader.run(*head, offset) : std::nullopt;
    if (!run || head->number != next_record_ || !replay(*head, *run, recovery))
      return judge(reader, offset, next_record_, recovery);
    offset += sizeof(Head) + padded(run->size());
    ++next_record_;
  }
  return std::nullopt;
}

void Wal::record(const raft::HardState& hard_state, const raft::Log& log, Index from, Index fence,
                 Buffer& out) {
  out.clear();
  ASSERT(next_record_ > 1);
  const Index prev = std::min(from.prev(), log.last().index);
  ASSERT(prev >= log.base().index);
  write_record(hard_state, log, {*log.term(prev), prev}, fence, out);
}

void Wal::image(const raft::HardState& hard_state, const raft::Log& log, Index fence, Buffer& out) {
  const Header header = make_header(cluster_, node_);
  out.clear();
  Writer(out).bytes(view(header));
  next_record_ = 1;
  size_ = out.size();
  write_record(hard_state, log, log.base(), fence, out);
}

// Adds the record that takes a log from prev to what it is now.
void Wal::write_record(const raft::HardState& hard_state, const raft::Log& log, EntryId prev, Index fence,
                       Buffer& out) {
  const EntryId last = log.last();
  const Bytes run = log.encoded(prev.index.next(), last.index);
  const std::size_t at = out.size();
  out.resize(at + sizeof(Head));
  Writer(out).bytes(run);
  out.resize(at + sizeof(Head) + padded(run.size()));

  Head head;
  head.number = next_record_;
  head.term = hard_state.term.value;
  head.fence = fence.value;
  head.prev_term = prev.term.value;
  head.prev_index = prev.index.value;
  head.last_term = last.term.value;
  head.last_index = last.index.value;
  head.size = run.size();
  head.body_crc = crc32c(Bytes(out).subspan(at + sizeof(Head)));
  head.vote = hard_state.vote.value;
  head.crc = checksum(head, header_crc_, size_);
  std::memcpy(out.data() + at, &head, sizeof head);
  ++next_record_;
  size_ += out.size() - at;
}

}  // namespace norn::storage
