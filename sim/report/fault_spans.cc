#include "sim/report/fault_spans.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "sim/report/words.h"

namespace norn::sim {
namespace {

// A fault under way. Its text is "KIND", "KIND of REPLICAS..." or "KIND from REPLICAS to REPLICAS".
struct Open {
  std::string kind;
  std::vector<NodeId> replicas;
  std::string who;
  Time from{};
};

bool stops_processes(std::string_view kind) { return kind == "kill" || kind == "pause" || kind == "stop"; }
bool cuts_links(std::string_view kind) {
  return kind == "partition" || kind == "bridge" || kind == "ring" || kind == "cut";
}

class Spans {
 public:
  void take(const TimelineEntry& entry) {
    switch (entry.kind) {
      case TimelineKind::fault:
        return begin(entry);
      case TimelineKind::undone:
        return undo(entry);
      case TimelineKind::restart:
        return runs_again(entry);
      case TimelineKind::stop:
        open_.push_back({"stop", entry.replicas, {}, entry.at});
        return;
      case TimelineKind::liveness:
        return heal_core(entry);
      default:
        return;
    }
  }

  std::vector<FaultSpan> finish() {
    for (const Open& open : open_) close(open, open.replicas, kNever);
    open_.clear();
    std::ranges::stable_sort(spans_, {}, &FaultSpan::from);
    return std::move(spans_);
  }

 private:
  void begin(const TimelineEntry& entry) {
    const std::size_t space = entry.text.find(' ');
    const std::string kind = entry.text.substr(0, space);
    std::string who = space == std::string::npos ? std::string() : entry.text.substr(space + 1);
    if (who.starts_with("of ")) who.erase(0, 3);
    if (kind == "heal") {
      end_where(entry.at, [](const Open& open) { return cuts_links(open.kind); });
    } else if (kind == "restart" || kind == "resume") {
      runs_again(entry);
    } else if (kind == "rot") {
      spans_.push_back({entry.at, entry.at, who, kind});
    } else {
      if (kind == "kill") runs_again(entry);  // a paused replica that is killed is not paused any more
      open_.push_back({kind, entry.replicas, who, entry.at});
    }
  }

  void undo(const TimelineEntry& entry) {
    if (stops_processes(entry.text)) return runs_again(entry);
    const auto found = std::ranges::find_if(
        open_, [&](const Open& open) { return open.kind == entry.text && open.replicas == entry.replicas; });
    if (found == open_.end()) return;
    close(*found, found->replicas, entry.at);
    open_.erase(found);
  }

  void runs_again(const TimelineEntry& entry) {
    for (Open& open : open_) {
      if (!stops_processes(open.kind)) continue;
      std::vector<NodeId> back;
      for (const NodeId id : entry.replicas) {
        if (std::erase(open.replicas, id) != 0) back.push_back(id);
      }
      if (!back.empty()) close(open, back, entry.at);
    }
    std::erase_if(open_,
                  [](const Open& open) { return stops_processes(open.kind) && open.replicas.empty(); });
  }

  void heal_core(const TimelineEntry& entry) {
    runs_again(entry);
    end_where(entry.at, [&](const Open& open) {
      return std::ranges::all_of(open.replicas, [&](NodeId id) {
        return std::ranges::find(entry.replicas, id) != entry.replicas.end();
      });
    });
  }

  template <typename Ends>
  void end_where(Time at, const Ends& ends) {
    for (const Open& open : open_) {
      if (ends(open)) close(open, open.replicas, at);
    }
    std::erase_if(open_, ends);
  }

  // Replicas that one fault stopped, and that run again at once, are one span.
  void close(const Open& open, const std::vector<NodeId>& replicas, Time at) {
    std::string label = open.kind;
    std::ranges::replace(label, '_', ' ');
    if (!stops_processes(open.kind)) {
      spans_.push_back({open.from, at, open.who, label});
      return;
    }
    for (FaultSpan& span : spans_) {
      if (span.from != open.from || span.to != at || span.label != label) continue;
      span.who += ", " + names(replicas);
      return;
    }
    spans_.push_back({open.from, at, names(replicas), label});
  }

  std::vector<Open> open_;
  std::vector<FaultSpan> spans_;
};

}  // namespace

std::vector<FaultSpan> fault_spans(const std::vector<TimelineEntry>& timeline) {
  Spans spans;
  for (const TimelineEntry& entry : timeline) spans.take(entry);
  return spans.finish();
}

}  // namespace norn::sim
