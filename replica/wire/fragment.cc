// Cutting packets up and putting them together again. Pieces are kept as they arrive, beside an ordered list
// of the stretches they cover; in the usual case, all in order, that list has one element and the pieces are
// the packet.
#include "replica/wire/fragment.h"

#include <algorithm>
#include <cstring>

#include "replica/base/assert.h"
#include "replica/base/digest.h"

namespace norn::wire {

void send(net::Transport& transport, Address to, ClusterId cluster, NodeId from, Bytes packet,
          std::size_t datagram_max, Buffer& scratch) {
  if (packet.size() <= datagram_max) {
    transport.send(to, packet);
    return;
  }
  ASSERT(packet.size() <= kPacketSizeMax);
  ASSERT(datagram_max > kFragmentOverhead);
  const std::size_t piece_max = datagram_max - kFragmentOverhead;
  Fragment fragment{Digest::hash(packet), static_cast<std::uint32_t>(packet.size()), 0, {}};
  for (std::size_t offset = 0; offset < packet.size(); offset += piece_max) {
    fragment.offset = static_cast<std::uint32_t>(offset);
    fragment.piece = packet.subspan(offset, std::min(piece_max, packet.size() - offset));
    encode(cluster, from, fragment, scratch);
    transport.send(to, scratch);
  }
}

Bytes Reassembly::add(Address from, const Fragment& fragment) {
  ASSERT(fragment.offset + fragment.piece.size() <= fragment.size);  // decode refuses any other
  const auto same = [&](const Partial& partial) {
    return partial.from == from && partial.identity == fragment.identity && partial.size == fragment.size;
  };
  auto partial = std::find_if(partials_.begin(), partials_.end(), same);
  Share& share = shares_[from];
  if (partial == partials_.end()) {
    partials_.push_back({from, fragment.identity, fragment.size, {}, {}});
    partial = partials_.end() - 1;
    ++share.packets;
    grow(share, partial->bytes());
  }
  const std::size_t before = partial->bytes();
  fill(*partial, fragment.offset, fragment.piece);
  grow(share, partial->bytes() - before);

  // Every byte is kept once, so a packet is whole when it has as many as it announced.
  if (partial->pieces.size() == partial->size) {
    const std::size_t bytes = partial->bytes();
    assemble(*partial);
    erase(partial, bytes);
    return Digest::hash(complete_) == fragment.identity ? Bytes(complete_) : Bytes();
  }
  if (partial->stretches.size() > kStretchesMax) erase(partial, partial->bytes());
  const auto give_up = [this](Partials::iterator oldest) { erase(oldest, oldest->bytes()); };
  while (bytes_ > limits_.bytes_max) give_up(oldest_of_heaviest(&Share::bytes));
  while (partials_.size() > limits_.packets_max) give_up(oldest_of_heaviest(&Share::packets));
  return {};
}

// Keeps those bytes of a piece that have not arrived before.
void Reassembly::fill(Partial& partial, std::uint32_t offset, Bytes piece) {
  auto& stretches = partial.stretches;
  const auto end = static_cast<std::uint32_t>(offset + piece.size());
  std::uint32_t next = offset;  // the first byte of the piece not dealt with yet
  auto after = std::upper_bound(stretches.begin(), stretches.end(), offset,
                                [](std::uint32_t at, const Stretch& stretch) { return at < stretch.end; });
  while (next < end) {
    if (after != stretches.end() && after->begin <= next) {
      next = after->end;
      ++after;
      continue;
    }
    const std::uint32_t hole_end = after == stretches.end() ? end : std::min(end, after->begin);
    const Bytes missing = piece.subspan(next - offset, hole_end - next);
    const std::size_t at = partial.pieces.size();
    partial.pieces.insert(partial.pieces.end(), missing.begin(), missing.end());
    const bool continues = after != stretches.begin() && (after - 1)->end == next &&
                           (after - 1)->at + ((after - 1)->end - (after - 1)->begin) == at;
    if (continues) {
      (after - 1)->end = hole_end;
    } else {
      after = stretches.insert(after, {next, hole_end, at}) + 1;
    }
    next = hole_end;
  }
}

void Reassembly::assemble(Partial& partial) {
  if (partial.stretches.size() == 1) {
    complete_.swap(partial.pieces);
    return;
  }
  complete_.clear();
  for (const Stretch& stretch : partial.stretches) {
    const auto begin = partial.pieces.begin() + static_cast<std::ptrdiff_t>(stretch.at);
    complete_.insert(complete_.end(), begin, begin + (stretch.end - stretch.begin));
  }
}

// Of all that are equally heavy.
Reassembly::Partials::iterator Reassembly::oldest_of_heaviest(std::size_t Share::*weight) {
  std::size_t most = 0;
  for (const auto& [from, share] : shares_) most = std::max(most, share.*weight);
  return std::find_if(partials_.begin(), partials_.end(),
                      [&](const Partial& partial) { return shares_.at(partial.from).*weight == most; });
}

void Reassembly::grow(Share& share, std::size_t bytes) {
  bytes_ += bytes;
  share.bytes += bytes;
}

void Reassembly::erase(Partials::iterator partial, std::size_t bytes) {
  const auto share = shares_.find(partial->from);
  bytes_ -= bytes;
  share->second.bytes -= bytes;
  if (--share->second.packets == 0) shares_.erase(share);
  partials_.erase(partial);
}

}  // namespace norn::wire
