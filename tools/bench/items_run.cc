// The items that need runs: a campaign as tools/sim plays it, and a copy of a run.
#include <cinttypes>
#include <cstdio>
#include <memory>

#include "replica/base/assert.h"

#include "sim/scenario/run.h"

#include "tools/bench/items.h"
#include "tools/bench/loops.h"

namespace norn::sim::bench {

Item campaign(Campaign& campaign) {
  return [&campaign](std::uint64_t round) -> std::vector<Reading> {
    std::uint64_t events = 0;
    std::uint64_t datagrams = 0;
    std::uint64_t operations = 0;
    std::size_t queued = 0;
    Duration played{};
    const Stopwatch watch;
    for (std::uint64_t i = 0; i < campaign.seeds; ++i) {
      Run run(campaign.scenario, round * campaign.seeds + i + 1);
      while (run.now() < Time(campaign.scenario->duration / 2) && run.step()) {
      }
      queued += run.world().events_queued();
      const RunResult& result = run.finish();
      events += result.stage.events;
      datagrams += result.stage.replicas.delivered + result.stage.clients.delivered;
      operations += result.total().begun;
      played += result.ended.time_since_epoch();
      if (result.verdict == RunVerdict::pass) continue;
      ++campaign.failed;
      std::fprintf(stderr, "seed %" PRIu64 " does not pass: %s\n", run.seed(),
                   result.findings.empty() ? "undecided" : result.findings.front().text.c_str());
    }
    const double seconds = watch.seconds();
    const double wall = watch.wall_seconds();
    const Played peer = play_closures({queued / campaign.seeds, datagrams});
    const double seeds = static_cast<double>(campaign.seeds);
    const double virtual_seconds = std::chrono::duration<double>(played).count();
    const double delivered = static_cast<double>(datagrams);
    const char* beside = "those in closures, to nobody";
    return {{"campaign: seeds", "/s", seeds / seconds, seeds / peer.seconds, beside},
            {"campaign: virtual time / processor time", "times", virtual_seconds / seconds},
            {"campaign: virtual time / wall time", "times", virtual_seconds / wall},
            {"campaign: operations in virtual time", "/s", static_cast<double>(operations) / virtual_seconds},
            {"campaign: events", "/s", static_cast<double>(events) / seconds},
            {"campaign: datagrams delivered", "/s", delivered / seconds, delivered / peer.seconds, beside}};
  };
}

Item run_copy(const std::shared_ptr<const Scenario>& scenario) {
  constexpr int kCopies = 200;
  const auto play = [scenario] {
    Run run(scenario, 1);
    while (run.now() < Time(std::chrono::seconds(10)) && run.step()) {
    }
    return run;
  };
  return [play, half = play()](std::uint64_t) -> std::vector<Reading> {
    std::uint64_t sum = 0;
    const Stopwatch copying;
    for (int i = 0; i < kCopies; ++i) {
      const Run copy = half;
      sum += copy.digest();
    }
    const double copied = copying.seconds() / kCopies;
    ASSERT(sum == kCopies * half.digest());
    const Stopwatch replaying;
    ASSERT(play().digest() == half.digest());
    return {{"copy of a run, 10 s into the campaign's", "us", copied * 1e6, replaying.seconds() * 1e6,
             "playing it again to there", true}};
  };
}

}  // namespace norn::sim::bench
