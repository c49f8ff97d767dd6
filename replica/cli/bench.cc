// The load of `kv bench`, and its figures.
#include "replica/cli/bench.h"

#include <algorithm>
#include <chrono>
#include <iomanip>

#include "replica/base/assert.h"

namespace norn::cli {
namespace {

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

class Load {
 public:
  Load(Session& session, const BenchOptions& options)
      : session_(session),
        options_(options),
        begun_(options.clients),
        rng_(1),
        value_(options.value_size, 'x') {}

  void run(std::ostream& out) {
    const Time start = session_.now();
    const Time end = start + std::chrono::seconds(options_.seconds);
    Time next_line = start + std::chrono::seconds(1);
    std::size_t before = 0;
    for (std::size_t slot = 0; slot < options_.clients; ++slot) begin(slot);
    while (session_.client().outstanding() > 0) {
      session_.turn(next_line);
      const Time now = session_.now();
      for (const client::Completion& one : take()) finish(one, now, now < end);
      if (now < next_line || now >= end) continue;
      out << "  " << latencies_.size() - before << " requests/s" << std::endl;
      before = latencies_.size();
      next_line += std::chrono::seconds(1);
    }
    elapsed_ = session_.now() - start;
  }

  bool report(std::ostream& out) {
    std::sort(latencies_.begin(), latencies_.end());
    const auto share = [&](std::size_t per_mille) {
      return milliseconds(latencies_[(latencies_.size() - 1) * per_mille / 1000]);
    };
    out << std::fixed << std::setprecision(3);
    if (latencies_.empty()) {
      out << "nothing was answered; " << lost_ << " requests without an answer\n";
      return false;
    }
    out << latencies_.size() << " requests in " << milliseconds(elapsed_) / 1000 << " s: "
        << static_cast<std::uint64_t>(static_cast<double>(latencies_.size()) * 1000 / milliseconds(elapsed_))
        << " /s; p50 " << share(500) << " ms, p99 " << share(990) << " ms, max " << share(1000) << " ms; "
        << lost_ << " without an answer\n";
    return true;
  }

 private:
  std::vector<client::Completion> take() { return std::exchange(session_.client().completions(), {}); }

  void begin(std::size_t slot) {
    const std::uint64_t key = rng_.between(0, options_.keys - 1);
    const bool read = rng_.between(1, 100) <= options_.reads;
    const std::string digits = std::to_string(key);
    std::string name = "key:" + std::string(12 - std::min<std::size_t>(12, digits.size()), '0') + digits;
    kv::Command command{.kind = read ? kv::CommandKind::get : kv::CommandKind::put,
                        .pairs = {{std::move(name)}}};
    if (!read) command.pairs[0].value = value_;
    begun_[slot] = session_.now();
    const bool taken = session_.client().submit(begun_[slot], slot, kv::encode(command));
    ASSERT(taken);
  }

  void finish(const client::Completion& one, Time now, bool again) {
    if (one.verdict == client::Verdict::done) {
      latencies_.push_back(now - begun_[one.ticket]);
    } else {
      ++lost_;
    }
    if (again) begin(one.ticket);
  }

  Session& session_;
  const BenchOptions& options_;
  std::vector<Time> begun_;
  Rng rng_;
  std::string value_;
  std::vector<Duration> latencies_;
  std::uint64_t lost_ = 0;
  Duration elapsed_{};
};

}  // namespace

bool bench(Session& session, const BenchOptions& options, std::ostream& out) {
  Load load(session, options);
  load.run(out);
  return load.report(out);
}

}  // namespace norn::cli
