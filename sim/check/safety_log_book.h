// Every entry that was ever seen in any replica's log, by index and term, and what is known of each index:
// which entry was committed there, in which term, and the hash chain of whoever applied it. It is what logs
// are compared with, so that each entry of each replica is looked at once.
//
// If for every (index, term) there is one content and one term of the entry before it, then logs that share
// an entry are the same up to it: by induction, that is Log Matching (Raft 5.3).
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "replica/base/types.h"

namespace norn::sim {

class LogBook {
 public:
  struct Entry {
    std::uint64_t hash = 0;  // of kind and payload
    Term term;               // 0: none seen
    Term previous;           // the term of the entry before it
    NodeId seen_at;          // where it was seen first
  };
  struct Place {
    Entry entry;          // seen first; others of other terms are kept apart
    Term committed;       // the term of the entry that was committed here; 0: none
    Term committed_in;    // the term of the leader that committed it
    NodeId committed_by;  // who was the first to know
    NodeId applied_by;    // whose chain it is; nobody: not known
    std::uint64_t chain = 0;
    bool conflicts = false;  // there are others
  };

  // Records an entry. The one that was seen before with this index and term, if it was another one.
  std::optional<Entry> add(Index index, const Entry& entry);
  // Of an index from first() on; made if there is none.
  Place& place(Index index);
  const Place* find(Index index) const;
  const Entry* find(EntryId id) const;

  // Whether a log that holds `last` holds `id`, too. False also if that is not known any more.
  bool leads_to(EntryId last, EntryId id) const;

  Index first() const { return first_; }  // what lies before is forgotten
  Index last() const { return {first_.value + size() - 1}; }
  void forget_before(Index index);

 private:
  std::size_t size() const { return places_.size() - from_; }

  Index first_{1};
  std::vector<Place> places_;  // from from_ on: what lies before is forgotten, and removed now and then
  std::size_t from_ = 0;
  std::map<std::pair<Index, Term>, Entry> others_;
};

}  // namespace norn::sim
