// Admission, eviction and the snapshot of sessions.
#include "replica/kv/sessions.h"

#include <algorithm>
#include <utility>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"

namespace norn::kv {

Sessions::Sessions(const Options& options) : options_(options) {
  ASSERT(options.sessions_max >= 1);
  ASSERT(options.session_bytes_max <= options.kept_bytes_max);
}

void Sessions::open(Index index) {
  sessions_.emplace_hint(sessions_.end(), index.value, Session{.used = index.value});
  used_.emplace_hint(used_.end(), index.value, index.value);
  if (sessions_.size() > options_.sessions_max) evict(used_.begin()->second);
}

Admission Sessions::admit(Index index, const Request& request) {
  using Verdict = Admission::Verdict;
  const auto found = sessions_.find(request.session.value);
  if (found == sessions_.end()) return {.verdict = Verdict::refuse, .status = Status::session_evicted};
  Session& session = found->second;
  touch(found->first, session, index);
  acknowledge(session, request.acked.value);
  const std::uint64_t sequence = request.sequence.value;
  if (sequence <= session.acked) return {.verdict = Verdict::refuse, .status = Status::stale_sequence};
  if (sequence - session.acked > kWindow) {
    return {.verdict = Verdict::refuse, .status = Status::window_exceeded};
  }
  const auto kept = session.kept.find(sequence);
  if (kept == session.kept.end()) return {.verdict = Verdict::apply};
  if (bug(Bug::no_dedup)) return {.verdict = Verdict::apply};
  return {.verdict = Verdict::repeat, .kept = kept->second};
}

void Sessions::keep(const Request& request, Bytes result) {
  const auto found = sessions_.find(request.session.value);
  ASSERT(found != sessions_.end());
  Session& session = found->second;
  const auto [kept, fresh] = session.kept.try_emplace(request.sequence.value, as_text(result));
  ASSERT(fresh || bug(Bug::no_dedup));
  if (!fresh) return;
  session.kept_bytes += result.size() + kKeptOverhead;
  kept_bytes_ += result.size() + kKeptOverhead;
  if (session.kept_bytes > options_.session_bytes_max) evict(found->first);
  while (kept_bytes_ > options_.kept_bytes_max) evict(used_.begin()->second);
}

void Sessions::acknowledge(Session& session, std::uint64_t acked) {
  if (acked <= session.acked) return;
  session.acked = acked;
  const auto end = session.kept.upper_bound(acked);
  for (auto kept = session.kept.begin(); kept != end; kept = session.kept.erase(kept)) {
    session.kept_bytes -= kept->second.size() + kKeptOverhead;
    kept_bytes_ -= kept->second.size() + kKeptOverhead;
  }
}

// Moves the node instead of making a new one: this happens with every request.
void Sessions::touch(std::uint64_t id, Session& session, Index index) {
  auto node = used_.extract(session.used);
  ASSERT(!node.empty());
  ASSERT(node.mapped() == id);
  node.key() = index.value;
  session.used = index.value;
  used_.insert(used_.end(), std::move(node));
}

void Sessions::evict(std::uint64_t id) {
  const auto found = sessions_.find(id);
  ASSERT(found != sessions_.end());
  kept_bytes_ -= found->second.kept_bytes;
  used_.erase(found->second.used);
  sessions_.erase(found);
}

void Sessions::add_to(Digest& digest) const {
  digest.add(sessions_.size());
  for (const auto& [id, session] : sessions_) {
    digest.add(id);
    digest.add(session.used);
    digest.add(session.acked);
    digest.add(session.kept.size());
    for (const auto& [sequence, result] : session.kept) {
      digest.add(sequence);
      digest.add(as_bytes(result));
    }
  }
}

void Sessions::encode(Writer& out) const {
  out.integer(std::uint64_t{sessions_.size()});
  for (const auto& [id, session] : sessions_) {
    out.integer(id);
    out.integer(session.used);
    out.integer(session.acked);
    out.integer(static_cast<std::uint32_t>(session.kept.size()));
    for (const auto& [sequence, result] : session.kept) {
      out.integer(sequence);
      out.sized(result);
    }
  }
}

std::optional<Sessions> Sessions::parse(Reader& in, const Options& options, Index applied) {
  Sessions sessions(options);
  const auto count = in.integer<std::uint64_t>();
  if (count > options.sessions_max) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!sessions.parse_session(in, applied)) return std::nullopt;
  }
  if (!in.ok() || sessions.kept_bytes_ > options.kept_bytes_max) return std::nullopt;
  return sessions;
}

bool Sessions::parse_session(Reader& in, Index applied) {
  const auto id = in.integer<std::uint64_t>();
  Session session;
  session.used = in.integer<std::uint64_t>();
  session.acked = in.integer<std::uint64_t>();
  if (!in.ok() || id == 0 || session.used < id || session.used > applied.value) return false;
  if (!sessions_.empty() && id <= sessions_.rbegin()->first) return false;
  if (!used_.emplace(session.used, id).second) return false;
  if (!parse_kept(in, session)) return false;
  if (session.kept_bytes > options_.session_bytes_max) return false;
  kept_bytes_ += session.kept_bytes;
  sessions_.emplace_hint(sessions_.end(), id, std::move(session));
  return true;
}

bool Sessions::parse_kept(Reader& in, Session& session) {
  const auto count = in.integer<std::uint32_t>();
  if (count > kWindow) return false;
  std::uint64_t before = session.acked;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto sequence = in.integer<std::uint64_t>();
    const Bytes result = in.sized();
    if (!in.ok() || !ResultView::parse(result)) return false;
    if (sequence <= before || sequence - session.acked > kWindow) return false;
    before = sequence;
    session.kept.emplace_hint(session.kept.end(), sequence, as_text(result));
    session.kept_bytes += result.size() + kKeptOverhead;
  }
  return in.ok();
}

}  // namespace norn::kv
