// Verifying the log order: see linearizable_certificate.h.
//
// Two passes. The first walks the replies in version order and runs the map: every write gets a slot, 1, 2,
// ...; every read gets the slots it may stand behind: not before the write whose version it saw, and before
// the next write of the same key. The second walks calls and returns in time order and keeps the highest slot
// that has returned: a write called now must have a higher slot; a read called now moves behind that slot if
// it may.
//
// Why that is enough: order by slot, a slot's write first, then its reads by call time. If a returned before
// b was called, b's slot is not below a's by the second pass; it is strictly above when b is a write; and two
// reads behind one slot stand in the order of their calls. So the order keeps real time, and the first pass
// has checked the results.
#include "sim/check/linearizable_certificate.h"

#include <algorithm>
#include <limits>
#include <queue>

namespace norn::sim {

namespace {

constexpr std::uint32_t kLast = std::numeric_limits<std::uint32_t>::max();

// A reply's claim on one key. Among equal versions the writer comes first; a removal may be either the
// writer, or one that found nothing and changed nothing.
struct Mark {
  std::uint64_t version = 0;
  enum Rank : std::uint32_t { write, removal, read } rank = read;
  std::uint32_t member = 0;  // a place among the component's operations
  std::uint32_t part = 0;

  friend bool operator<(const Mark& a, const Mark& b) {
    if (a.version != b.version) return a.version < b.version;
    if (a.rank != b.rank) return a.rank < b.rank;
    return a.member < b.member;
  }
};

// A key's value between two of its writes: behind which slot it begins, and at which it ends.
struct Reign {
  std::uint32_t slot = 0;
  std::uint32_t next = kLast;
};

struct KeyState {
  const std::string* value = nullptr;  // in the history, or own; null: absent
  std::string own;
  std::uint64_t version = 0;
  std::uint32_t reign = 0;
};

struct Standing {
  bool placed = false;  // an unknown write that nobody saw is not
  bool writes = false;
  std::uint32_t slot = 0;
};

class Certificate {
 public:
  Certificate(const History& history, const Split& split, std::size_t component)
      : history_(history),
        places_(split.places.data() + split.starts[component]),
        size_(split.starts[component + 1] - split.starts[component]),
        split_(split) {}

  bool holds() {
    standing_.resize(size_);
    first_sight_.resize(size_);
    if (!collect()) return false;
    std::sort(marks_.begin(), marks_.end());
    for (std::size_t i = 0; i < marks_.size();) {
      std::size_t end = i + 1;
      while (end < marks_.size() && marks_[end].version == marks_[i].version) ++end;
      if (!walk(i, end)) return false;
      i = end;
    }
    return keeps_real_time();
  }

  // Of one that holds: by slot, the write first, then the reads by call time.
  std::vector<std::uint32_t> order() const {
    std::vector<std::uint32_t> members;
    for (std::uint32_t member = 0; member < size_; ++member) {
      if (standing_[member].placed) members.push_back(member);
    }
    std::sort(members.begin(), members.end(), [&](std::uint32_t a, std::uint32_t b) {
      const Standing& x = standing_[a];
      const Standing& y = standing_[b];
      if (x.slot != y.slot) return x.slot < y.slot;
      return x.writes != y.writes ? x.writes : a < b;
    });
    for (std::uint32_t& member : members) member = places_[member];
    return members;
  }

 private:
  const Operation& operation(std::uint32_t member) const { return history_[places_[member]]; }

  std::uint32_t key_of(std::uint32_t member, std::uint32_t part) const {
    return split_.local_of[split_.key_of[split_.first_access[places_[member]] + part]];
  }

  // False: not with versions alone.
  bool collect() {
    marks_.reserve(size_);
    std::uint32_t keys = 0;
    for (std::uint32_t member = 0; member < size_; ++member) {
      const Operation& op = operation(member);
      const std::uint32_t parts = static_cast<std::uint32_t>(op.accesses.size());
      for (std::uint32_t part = 0; part < parts; ++part) keys = std::max(keys, key_of(member, part) + 1);
      if (!op.value_known) return false;  // no such operation comes with a version
      if (is_unknown(op)) {
        unknown_.push_back(member);
        continue;
      }
      const bool reads = op.kind == OperationKind::get || op.kind == OperationKind::multi_get ||
                         (op.kind == OperationKind::compare_and_set && !op.matched);
      const Mark::Rank rank =
          reads ? Mark::read : (op.kind == OperationKind::remove ? Mark::removal : Mark::write);
      for (std::uint32_t part = 0; part < parts; ++part) {
        marks_.push_back({op.accesses[part].version, rank, member, part});
      }
      first_sight_[member] = static_cast<std::uint32_t>(sights_.size());
      if (reads) sights_.resize(sights_.size() + parts);
    }
    keys_.resize(keys);
    reigns_.resize(keys);  // the absence every key begins with, behind slot 0
    for (std::uint32_t key = 0; key < keys; ++key) keys_[key].reign = key;
    return true;
  }

  // One version: its write, found or inferred, and the reads that saw it.
  bool walk(std::size_t begin, std::size_t end) {
    std::size_t reads = begin;
    const Mark& first = marks_[begin];
    if (first.version == 0) {  // before every write: only what found nothing can stand here
      if (first.rank == Mark::write) return false;
    } else if (first.rank == Mark::read) {
      const std::optional<std::string>& value = operation(first.member).accesses[first.part].value;
      const std::uint32_t key = key_of(first.member, first.part);
      if (!reach(key, value ? &*value : nullptr, first.version))
        return false;  // a write of unknown outcome happened
    } else {
      const std::size_t parts = operation(first.member).accesses.size();
      if (end - begin < parts || !prepare(begin, end) || !write(first.member, first.version)) return false;
      for (reads = begin; reads < begin + parts; ++reads) {
        if (marks_[reads].member != first.member) return false;
      }
    }
    for (; reads < end; ++reads) {
      if (!read(marks_[reads])) return false;
    }
    return true;
  }

  bool read(const Mark& mark) {
    if (mark.rank == Mark::write) return false;  // a second write with this version
    const KeyAccess& access = operation(mark.member).accesses[mark.part];
    const KeyState& key = keys_[key_of(mark.member, mark.part)];
    if (key.version != mark.version) return false;
    Standing& standing = standing_[mark.member];
    standing.placed = true;
    standing.slot = std::max(standing.slot, reigns_[key.reign].slot);
    if (mark.rank == Mark::removal) {
      if (key.value != nullptr) return false;
      first_sight_[mark.member] = static_cast<std::uint32_t>(sights_.size());
      sights_.push_back(key.reign);
      return true;
    }
    sights_[first_sight_[mark.member] + mark.part] = key.reign;
    if (operation(mark.member).kind == OperationKind::compare_and_set && access.value == access.expected)
      return false;
    return access.value ? key.value != nullptr && *key.value == *access.value : key.value == nullptr;
  }

  // Runs a write on the map and gives it the next slot.
  bool write(std::uint32_t member, std::uint64_t version) {
    const Operation& op = operation(member);
    ++slots_;
    standing_[member] = {true, true, slots_};
    for (std::uint32_t part = 0; part < op.accesses.size(); ++part) {
      KeyState& key = keys_[key_of(member, part)];
      if (!change(op, op.accesses[part], key)) return false;
      key.version = version;
      reigns_[key.reign].next = std::min(reigns_[key.reign].next, slots_);
      key.reign = static_cast<std::uint32_t>(reigns_.size());
      reigns_.push_back({slots_, kLast});
    }
    return true;
  }

  static bool change(const Operation& op, const KeyAccess& access, KeyState& key) {
    switch (op.kind) {
      case OperationKind::compare_and_set:
        if (access.expected ? key.value == nullptr || *key.value != *access.expected : key.value != nullptr) {
          return false;
        }
        key.value = &access.argument;
        return true;
      case OperationKind::put:
      case OperationKind::multi_put:
        key.value = &access.argument;
        return true;
      case OperationKind::remove:
        key.value = nullptr;
        return true;
      case OperationKind::append: {
        std::string joined = key.value != nullptr ? *key.value : std::string();
        key.own = std::move(joined += access.argument);
        key.value = &key.own;
        return true;
      }
      case OperationKind::increment: {
        const auto before = key.value != nullptr ? parse_number(*key.value) : std::optional<std::int64_t>(0);
        std::int64_t after = 0;
        if (!before || __builtin_add_overflow(*before, op.delta, &after)) return false;
        key.own = std::to_string(after);
        key.value = &key.own;
        return is_unknown(op) || access.value == key.own;
      }
      case OperationKind::get:
      case OperationKind::multi_get:
        break;
    }
    return false;
  }

  // Before a known write: writes of unknown outcome that nobody saw alone may show in what it found. A
  // compare-and-set and an increment tell what they found; an append, if its own version was read.
  bool prepare(std::size_t begin, std::size_t end) {
    const Mark& writer = marks_[begin];
    const Operation& op = operation(writer.member);
    const KeyAccess& access = op.accesses[0];
    const std::uint32_t key = key_of(writer.member, 0);
    const std::string* const now = keys_[key].value;
    if (op.kind == OperationKind::compare_and_set) {
      return reach(key, access.expected ? &*access.expected : nullptr, 0);
    }
    if (op.kind == OperationKind::increment) {
      const auto after = parse_number(access.value.value_or(""));
      std::int64_t found = 0;
      if (!after || __builtin_sub_overflow(*after, op.delta, &found)) return false;
      if (found == 0 && now == nullptr) return true;
      const std::string wanted = std::to_string(found);
      return reach(key, &wanted, 0);
    }
    if (op.kind != OperationKind::append) return true;
    for (std::size_t i = begin + 1; i < end; ++i) {
      const auto& value = operation(marks_[i].member).accesses[marks_[i].part].value;
      if (marks_[i].rank != Mark::read || !value || key_of(marks_[i].member, marks_[i].part) != key) continue;
      if (!value->ends_with(access.argument)) return false;
      const std::string wanted = value->substr(0, value->size() - access.argument.size());
      return (wanted.empty() && now == nullptr) || reach(key, &wanted, 0);
    }
    return true;
  }

  // Brings a key to a value (null: absent) by writes of unknown outcome, as few as may be, each the earliest
  // that leads there: at once, or by an append or an increment on the way. The last gets the version. A wrong
  // guess costs the certificate, no more.
  bool reach(std::uint32_t key, const std::string* wanted, std::uint64_t version) {
    const auto there = [&](const std::string* value) {
      return wanted != nullptr ? value != nullptr && *value == *wanted : value == nullptr;
    };
    if (version == 0 && there(keys_[key].value)) return true;
    while (true) {
      std::uint32_t step = kLast;
      for (const std::uint32_t member : unknown_) {
        if (standing_[member].placed) continue;
        const std::optional<KeyState> after = after_unknown(member, key);
        if (!after) continue;
        const std::string* const value = after->value == &keys_[key].own ? &after->own : after->value;
        if (there(value)) return write(member, version);
        if (step == kLast && wanted != nullptr && leads_on(operation(member), value, *wanted)) step = member;
      }
      if (step == kLast || !write(step, 0)) return false;
    }
  }

  // What a key would be after a write of unknown outcome; nothing: it would not change it. A value that is
  // its own is marked by a pointer to the key's.
  std::optional<KeyState> after_unknown(std::uint32_t member, std::uint32_t key) const {
    const Operation& op = operation(member);
    for (std::uint32_t part = 0; part < op.accesses.size(); ++part) {
      if (key_of(member, part) != key) continue;
      KeyState trial = keys_[key];
      if (trial.value == &keys_[key].own) trial.value = &trial.own;
      if (!change(op, op.accesses[part], trial)) return std::nullopt;
      if (trial.value == &trial.own) trial.value = &keys_[key].own;
      return trial;
    }
    return std::nullopt;
  }

  static bool leads_on(const Operation& op, const std::string* value, const std::string& wanted) {
    if (op.kind == OperationKind::append) return wanted.starts_with(*value);
    if (op.kind != OperationKind::increment) return false;
    const auto target = parse_number(wanted);
    const auto now = parse_number(*value);
    return target && now && (op.delta > 0 ? *now < *target : op.delta < 0 && *now > *target);
  }

  bool keeps_real_time() {
    using Return = std::pair<Time, std::uint32_t>;  // when, which slot
    std::priority_queue<Return, std::vector<Return>, std::greater<>> open;
    std::uint32_t returned = 0;  // the highest slot that has
    for (std::uint32_t member = 0; member < size_; ++member) {
      Standing& standing = standing_[member];
      if (!standing.placed) continue;
      const Operation& op = operation(member);
      for (; !open.empty() && open.top().first < op.call; open.pop())
        returned = std::max(returned, open.top().second);
      if (standing.writes) {
        if (standing.slot <= returned) return false;
      } else {
        standing.slot = std::max(standing.slot, returned);
        const std::size_t sights = op.kind == OperationKind::remove ? 1 : op.accesses.size();
        for (std::size_t i = 0; i < sights; ++i) {
          if (standing.slot >= reigns_[sights_[first_sight_[member] + i]].next) return false;
        }
      }
      if (!is_unknown(op)) open.push({std::max(op.call, op.back), standing.slot});
    }
    return true;
  }

  const History& history_;
  const std::uint32_t* places_;
  std::uint32_t size_;
  const Split& split_;
  std::vector<Mark> marks_;
  std::vector<std::uint32_t> unknown_;      // members, by call time
  std::vector<Standing> standing_;          // by member
  std::vector<std::uint32_t> first_sight_;  // by member: where its reads' reigns start in sights_
  std::vector<std::uint32_t> sights_;
  std::vector<KeyState> keys_;
  std::vector<Reign> reigns_;
  std::uint32_t slots_ = 0;
};

}  // namespace

bool certified_by_versions(const History& history, const Split& split, std::size_t component,
                           std::vector<std::uint32_t>* order) {
  Certificate certificate(history, split, component);
  if (!certificate.holds()) return false;
  if (order != nullptr) *order = certificate.order();
  return true;
}

}  // namespace norn::sim
