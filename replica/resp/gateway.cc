// A turn of the gateway: completions to replies, groups to batches.
#include "replica/resp/gateway.h"

#include <algorithm>
#include <utility>

#include "replica/kv/result.h"

namespace norn::resp {
namespace {

constexpr Duration kWatchPeriod = std::chrono::seconds(1);
constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::size_t kFlightsOpen = 2;  // one of reads, one with writes, while a turn gathers
constexpr std::size_t kKept = std::size_t{64} << 10;

// What stands before a batch's commands; a batch of one is sent without it, and without the command's length.
constexpr std::size_t kBatchHead = 1 + 1 + 4;
constexpr std::size_t kCountAt = 2;

}  // namespace

Gateway::Gateway(Options options, client::Options client, Rng rng, Time now)
    : client_options_(client),
      rng_(rng),
      client_(std::move(client), rng.fork("gateway"), now),
      next_watch_(now) {
  ASSERT(client_options_.outstanding_max > kFlightsOpen);
  ASSERT(options.batch_commands_max >= 1);
  ASSERT(options.batch_commands_max <= kv::kBatchCommandsMax);
  ASSERT(options.batch_bytes_max <= kv::kCommandSizeMax / 2);
  house_.options = std::move(options);
  house_.started = house_.now = now;
}

// Sockets.

std::optional<ConnectionId> Gateway::open(Time now, std::string peer) {
  house_.now = now;
  if (house_.connected >= house_.options.connections_max) {
    ++house_.counters.connections_refused;
    return std::nullopt;
  }
  ++house_.counters.connections;
  ++house_.connected;
  if (free_places_.empty()) {
    free_places_.push_back(static_cast<std::uint32_t>(house_.connections.size()));
    house_.connections.emplace_back();
  }
  const ConnectionId id{free_places_.back(), next_serial_++};
  free_places_.pop_back();
  house_.connections[id.place] = std::make_unique<Connection>(house_, id.serial, std::move(peer));
  return id;
}

void Gateway::close(ConnectionId id) {
  if (find(id) == nullptr) return;
  house_.connections[id.place].reset();
  free_places_.push_back(id.place);
  --house_.connected;
}

Connection* Gateway::find(ConnectionId id) const {
  if (id.place >= house_.connections.size()) return nullptr;
  Connection* connection = house_.connections[id.place].get();
  return connection != nullptr && connection->serial() == id.serial ? connection : nullptr;
}

void Gateway::on_bytes(Time now, ConnectionId id, Bytes bytes) {
  house_.now = now;
  Connection* connection = find(id);
  if (connection == nullptr) return;
  connection->on_bytes(bytes);
  attend(id, *connection);
}

void Gateway::on_end(Time now, ConnectionId id) {
  house_.now = now;
  Connection* connection = find(id);
  if (connection == nullptr) return;
  connection->on_end();
  attend(id, *connection);
}

Bytes Gateway::output(ConnectionId id) const {
  const Connection* connection = find(id);
  return connection == nullptr ? Bytes() : connection->output();
}

void Gateway::on_written(Time now, ConnectionId id, std::size_t size) {
  house_.now = now;
  Connection* connection = find(id);
  if (connection == nullptr) return;
  connection->on_written(size);
  attend(id, *connection);
}

bool Gateway::wants_read(ConnectionId id) const {
  const Connection* connection = find(id);
  return connection != nullptr && connection->wants_read();
}

bool Gateway::wants_close(ConnectionId id) const {
  const Connection* connection = find(id);
  return connection != nullptr && connection->wants_close();
}

void Gateway::attend(ConnectionId id, Connection& connection) {
  touched_.push_back(id);
  if (connection.has_group()) ready_.push_back(id);
  unsettled_ = unsettled_ || connection.has_group() || connection.opens_session();
  Binding* binding = connection.binding();
  if (binding != nullptr && !binding->known) {
    binding->known = true;
    if (std::find(bound_.begin(), bound_.end(), id) == bound_.end()) bound_.push_back(id);
  }
}

// Turns.

void Gateway::on_datagram(Time now, Address from, Bytes datagram) {
  house_.now = now;
  const auto session = bound_.empty() ? std::nullopt : client::session_answered(datagram);
  if (!session || session->value == 0 || *session == client_.session())
    client_.on_datagram(now, from, datagram);
  for (const ConnectionId id : bound_) {
    client::Client* client = own_client(id);
    if (client == nullptr || client->outstanding() == 0) continue;
    if (!session || *session == client->session()) client->on_datagram(now, from, datagram);
  }
}

void Gateway::on_deadline(Time now) {
  house_.now = now;
  client_.on_deadline(now);
  if (now >= next_watch_) watch(now);
}

void Gateway::settle(Time now, net::Transport& transport) {
  on_deadline(now);
  for (const client::Completion& completion : client_.completions()) end_flight(completion);
  client_.completions().clear();
  end_bound(now);
  gather(now);
  unsettled_ = false;
  client_.settle(now, transport);
  for (const ConnectionId id : bound_) {
    if (client::Client* client = own_client(id)) client->settle(now, transport);
  }
  if (std::exchange(house_.cut_by_others, false)) watch(now);
}

Time Gateway::deadline() const {
  if (unsettled_) return house_.now;
  Time deadline = house_.connected == 0 ? client_.deadline() : std::min(client_.deadline(), next_watch_);
  for (const ConnectionId id : bound_) {
    if (const client::Client* client = own_client(id)) deadline = std::min(deadline, client->deadline());
  }
  return deadline;
}

// Cuts off who stalls and, when all together hold too much, who holds the most.
void Gateway::watch(Time now) {
  next_watch_ = now + kWatchPeriod;
  std::vector<std::pair<std::size_t, Connection*>> sizes;
  std::size_t memory = 0;
  for (const auto& connection : house_.connections) {
    if (!connection) continue;
    connection->on_time();
    sizes.emplace_back(connection->memory(), connection.get());
    memory += sizes.back().first;
  }
  if (memory > house_.options.memory_max) std::sort(sizes.rbegin(), sizes.rend());
  for (auto& [size, connection] : sizes) {
    if (memory <= house_.options.memory_max) break;
    connection->cut();
    memory -= size;
  }
  for (std::uint32_t place = 0; place < house_.connections.size(); ++place) {
    Connection* connection = house_.connections[place].get();
    if (connection == nullptr || !connection->is_cut()) continue;
    ++house_.counters.connections_cut;
    touched_.push_back({place, connection->serial()});
  }
}

// Results.

void Gateway::end_flight(const client::Completion& completion) {
  Flight& flight = flights_[completion.ticket];
  ASSERT(flight.busy);
  const auto whole =
      completion.verdict == client::Verdict::done ? kv::ResultView::parse(completion.result) : std::nullopt;
  Bytes packed = completion.result;
  bool answered = whole.has_value();
  if (answered && flight.nested) {
    packed = {};
    whole->each([&](const kv::ResultView::Item& item) { packed = as_bytes(item.value.value_or("")); });
    answered = whole->status() == kv::Status::ok && !packed.empty();
  }
  Reader results(packed);
  for (const Member& member : flight.members) {
    Connection* connection = find(member.id);
    for (std::size_t i = 0; i < member.count; ++i) {
      if (!answered) {
        if (connection == nullptr) break;
        connection->on_trouble(completion.verdict == client::Verdict::failed ? Connection::Trouble::failed
                                                                             : Connection::Trouble::unknown);
        continue;
      }
      if (results.done()) break;  // the batch stopped early: the rest waits again
      const auto result = flight.nested ? kv::ResultView::parse(results.sized()) : whole;
      if (!result) break;
      if (connection != nullptr) connection->on_result(*result);
    }
    if (connection == nullptr) continue;
    connection->end_group();
    attend(member.id, *connection);
  }
  flight.busy = false;
  flight.members.clear();
  if (flight.command.capacity() > kKept) Buffer().swap(flight.command);
  free_flights_.push_back(completion.ticket);
}

// Batches.

void Gateway::gather(Time now) {
  std::size_t reads = kNone;
  std::size_t writes = kNone;
  std::size_t next = 0;
  for (; next < ready_.size(); ++next) {
    if (client_.outstanding() + kFlightsOpen >= client_options_.outstanding_max) break;
    const ConnectionId id = ready_[next];
    Connection* connection = find(id);
    if (connection == nullptr || !connection->has_group()) continue;
    const Connection::Group group = connection->take_group();
    if (group.write && connection->binding() != nullptr) {
      submit_bound(now, *connection, group);
    } else if (group.alone) {
      const std::size_t flight = begin_flight();
      add(flight, id, group);
      submit(now, flight);
    } else {
      std::size_t& open = group.write ? writes : reads;
      if (open != kNone && !has_room(flights_[open], group)) submit(now, std::exchange(open, kNone));
      if (open == kNone) open = begin_flight();
      add(open, id, group);
    }
  }
  ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(next));
  if (reads != kNone) submit(now, reads);
  if (writes != kNone) submit(now, writes);
}

std::size_t Gateway::begin_flight() {
  if (free_flights_.empty()) {
    free_flights_.push_back(flights_.size());
    flights_.emplace_back();
  }
  const std::size_t place = free_flights_.back();
  free_flights_.pop_back();
  Flight& flight = flights_[place];
  flight.busy = true;
  flight.count = 0;
  flight.command.clear();
  Writer writer(flight.command);
  writer.integer(static_cast<std::uint8_t>(kv::CommandKind::batch));
  writer.integer(std::uint8_t{0});
  writer.integer(std::uint32_t{0});
  return place;
}

bool Gateway::has_room(const Flight& flight, const Connection::Group& group) const {
  return flight.count + group.count <= house_.options.batch_commands_max &&
         flight.command.size() + group.commands.size() <= house_.options.batch_bytes_max;
}

void Gateway::add(std::size_t place, ConnectionId id, const Connection::Group& group) {
  Flight& flight = flights_[place];
  flight.members.push_back({id, group.count});
  flight.count += group.count;
  Writer(flight.command).bytes(group.commands);
}

void Gateway::submit(Time now, std::size_t place) {
  Flight& flight = flights_[place];
  flight.nested = flight.count > 1;
  Bytes command = flight.command;
  if (flight.nested) {
    Writer(flight.command).patch(kCountAt, static_cast<std::uint32_t>(flight.count));
  } else {
    command = command.subspan(kBatchHead + sizeof(std::uint32_t));
  }
  ++house_.counters.batches;
  const bool taken = client_.submit(now, place, command);
  ASSERT(taken);
}

}  // namespace norn::resp
