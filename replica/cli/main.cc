// The program `kv`: a client of a cluster over its own packets. Exit statuses are made for scripts.
#include <boost/program_options.hpp>
#include <iostream>

#include "replica/cli/bench.h"
#include "replica/cli/session.h"
#include "replica/host/failure.h"
#include "replica/host/options.h"

namespace {

namespace po = boost::program_options;
using namespace norn;
using host::Failure;

constexpr const char* kUsage =
    "kv --cluster 1=HOST:PORT,2=HOST:PORT,... [OPTION...] WHAT\n"
    "    get KEY              prints the value\n"
    "    put KEY VALUE\n"
    "    del KEY\n"
    "    cas KEY OLD NEW      writes NEW where OLD stands; --absent without OLD: where nothing stands\n"
    "    append KEY VALUE\n"
    "    incr KEY [BY]        prints the number after it\n"
    "    watch-leader         prints who leads, and whenever that changes\n"
    "    bench                measures; see --clients, --seconds, --reads, --value-size, --keys\n"
    "Words that begin with -- stand behind a lone --. --cluster, --cluster-name and --key-file may also "
    "stand in the\n"
    "environment, as NORN_CLUSTER, NORN_CLUSTER_NAME and NORN_KEY_FILE.\n"
    "Exit status: 0 done; 1 no: there is no such key, something else stands there, no number; 2 bad usage;\n"
    "3 not known whether it happened; 4 it did not happen, no leader answered in time.\n\n";

enum Exit { done = 0, no = 1, usage = 2, unknown = 3, not_done = 4 };

struct Arguments {
  std::vector<client::Peer> cluster;
  std::string cluster_name;
  std::string key_file;
  Duration deadline{};
  bool absent = false;
  cli::BenchOptions bench;
  std::vector<std::string> words;
};

void need(const Arguments& arguments, std::size_t least, std::size_t most) {
  const std::size_t given = arguments.words.size() - 1;
  if (given < least || given > most)
    throw Failure(arguments.words.front() + " takes " + std::to_string(least) +
                  (most == least ? "" : " to " + std::to_string(most)) +
                  (most == 1 ? " word, not " : " words, not ") + std::to_string(given) + "; see --help");
}

std::int64_t parse_number(const std::string& text) {
  std::size_t used = 0;
  try {
    const std::int64_t number = std::stoll(text, &used);
    if (used == text.size()) return number;
  } catch (const std::exception&) {
    used = 0;
  }
  throw Failure("'" + text + "' is not a 64-bit number");
}

kv::Command command_of(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words;
  const std::string& verb = words.front();
  using Kind = kv::CommandKind;
  if (verb == "get" || verb == "del") {
    need(arguments, 1, 1);
    return {.kind = verb == "get" ? Kind::get : Kind::remove, .pairs = {{words[1]}}};
  }
  if (verb == "put" || verb == "append") {
    need(arguments, 2, 2);
    return {.kind = verb == "put" ? Kind::put : Kind::append, .pairs = {{words[1], words[2]}}};
  }
  if (verb == "cas") {
    need(arguments, arguments.absent ? 2 : 3, arguments.absent ? 2 : 3);
    kv::Command command{.kind = Kind::compare_and_set, .pairs = {{words[1], words.back()}}};
    if (!arguments.absent) command.expected = words[2];
    return command;
  }
  if (verb == "incr") {
    need(arguments, 1, 2);
    return {.kind = Kind::increment,
            .pairs = {{words[1]}},
            .delta = words.size() > 2 ? parse_number(words[2]) : 1};
  }
  throw Failure("'" + verb + "' is nothing that kv does; see --help");
}

// What the store said, in words on standard error, and as an exit status.
Exit refused(kv::Status status) {
  switch (status) {
    case kv::Status::mismatch:
      std::cerr << "kv: something else stands there\n";
      return no;
    case kv::Status::not_a_number:
      std::cerr << "kv: the value is not a number\n";
      return no;
    case kv::Status::overflow:
      std::cerr << "kv: the number would need more than 64 bits\n";
      return no;
    case kv::Status::too_large:
      std::cerr << "kv: the value would be larger than " << kv::kValueSizeMax << " bytes\n";
      return no;
    default:
      std::cerr << "kv: the session was refused; it is not known whether this happened\n";
      return unknown;
  }
}

Exit report(const kv::Command& command, const cli::Answer& answer) {
  if (answer.verdict == client::Verdict::failed) {
    std::cerr << "kv: no replica answered in time; nothing was changed (--cluster, --cluster-name and "
                 "--key-file must be the replicas')\n";
    return not_done;
  }
  if (answer.verdict == client::Verdict::unknown) {
    const bool read = command.kind == kv::CommandKind::get;
    std::cerr << (read ? "kv: no leader answered in time\n"
                       : "kv: no leader answered in time; it is not known whether this happened\n");
    return read ? not_done : unknown;
  }
  if (answer.result.status != kv::Status::ok) return refused(answer.result.status);
  const kv::Item& item = answer.result.items.at(0);
  if (command.kind == kv::CommandKind::get && !item.value) {
    std::cerr << "kv: there is no such key\n";
    return no;
  }
  if (command.kind == kv::CommandKind::get || command.kind == kv::CommandKind::increment)
    std::cout << *item.value << "\n";
  return done;
}

// Asks for nothing, again and again: who answers is the leader.
int watch_leader(cli::Session& session, const std::vector<client::Peer>& cluster) {
  NodeId known;
  const kv::Command probe{.kind = kv::CommandKind::get, .pairs = {{"watch-leader"}}};
  while (true) {
    const cli::Answer answer = session.ask(probe);
    const NodeId leader = answer.verdict == client::Verdict::done ? session.client().leader() : NodeId{};
    if (leader != known) {
      known = leader;
      std::string where = "nobody";
      for (const client::Peer& peer : cluster) {
        if (peer.id == leader) where = std::to_string(leader.value) + " " + host::to_text(peer.address);
      }
      std::cout << where << std::endl;
    }
    const Time next = session.now() + std::chrono::milliseconds(100);
    while (session.now() < next) session.turn(next);
  }
}

std::string environment_name(const std::string& variable) {
  if (variable == "NORN_CLUSTER") return "cluster";
  if (variable == "NORN_CLUSTER_NAME") return "cluster-name";
  return variable == "NORN_KEY_FILE" ? "key-file" : "";
}

void check(const cli::BenchOptions& bench) {
  if (bench.clients < 1 || bench.clients > 65'536) throw Failure("--clients must be from 1 to 65536");
  if (bench.seconds < 1 || bench.seconds > 86'400) throw Failure("--seconds must be from 1 to 86400");
  if (bench.reads > 100) throw Failure("--reads is a share in per cent, 0 to 100");
  if (bench.keys < 1 || bench.keys > 1'000'000'000) throw Failure("--keys must be from 1 to 1000000000");
  if (bench.value_size > kv::kValueSizeMax)
    throw Failure("--value-size must be at most " + std::to_string(kv::kValueSizeMax));
}

std::optional<Arguments> read_arguments(int argc, char** argv) {
  Arguments arguments;
  std::string cluster;
  std::string deadline;
  po::options_description options("Options");
  options.add_options()                                                                                //
      ("cluster", po::value(&cluster)->default_value(""), "all replicas: ID=HOST:PORT,...")            //
      ("cluster-name", po::value(&arguments.cluster_name)->default_value("norn"), "as the replicas'")  //
      ("key-file", po::value(&arguments.key_file)->default_value(""), "the cluster's key")             //
      ("deadline", po::value(&deadline)->default_value("5s"), "give up after so long")                 //
      ("absent", po::bool_switch(&arguments.absent), "cas: where nothing stands")                      //
      ("clients", po::value(&arguments.bench.clients)->default_value(16),
       "bench: requests under way at once")                                                              //
      ("seconds", po::value(&arguments.bench.seconds)->default_value(5), "bench: how long")              //
      ("reads", po::value(&arguments.bench.reads)->default_value(0), "bench: per cent of the requests")  //
      ("value-size", po::value(&arguments.bench.value_size)->default_value(128), "bench: bytes")         //
      ("keys", po::value(&arguments.bench.keys)->default_value(10'000), "bench: how many")               //
      ("help", "this text");
  po::options_description all;
  all.add(options).add_options()("word", po::value(&arguments.words));
  po::positional_options_description positions;
  positions.add("word", -1);
  po::variables_map found;
  using Style = po::command_line_style::style_t;
  constexpr int kLongOnly =
      Style::allow_long | Style::long_allow_adjacent | Style::long_allow_next;  // -5 is a word
  po::store(po::command_line_parser(argc, argv).options(all).positional(positions).style(kLongOnly).run(),
            found);
  po::store(po::parse_environment(options, environment_name), found);
  po::notify(found);
  if (found.contains("help")) {
    std::cout << kUsage << options;
    return std::nullopt;
  }
  if (arguments.words.empty()) throw Failure("say what to do; see --help");
  if (cluster.empty()) throw Failure("--cluster is missing; write 1=HOST:PORT,2=HOST:PORT,3=HOST:PORT");
  arguments.cluster = host::parse_peers("cluster", cluster);
  arguments.deadline = host::parse_duration("deadline", deadline);
  check(arguments.bench);
  return arguments;
}

int run(int argc, char** argv) {
  const std::optional<Arguments> arguments = read_arguments(argc, argv);
  if (!arguments) return done;
  client::Options options;
  options.cluster = host::cluster_id(arguments->cluster_name);
  options.replicas = arguments->cluster;
  options.deadline = arguments->deadline;
  options.outstanding_max = arguments->bench.clients;
  cli::Session session(options, arguments->key_file);
  const std::string& verb = arguments->words.front();
  if (verb == "watch-leader" || verb == "bench") need(*arguments, 0, 0);
  if (verb == "watch-leader") return watch_leader(session, arguments->cluster);
  if (verb == "bench") return cli::bench(session, arguments->bench, std::cout) ? done : not_done;
  const kv::Command command = command_of(*arguments);
  if (!kv::CommandView::parse(kv::encode(command)))
    throw Failure("a key has 1 to " + std::to_string(kv::kKeySizeMax) + " bytes, a value at most " +
                  std::to_string(kv::kValueSizeMax));
  return report(command, session.ask(command));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "kv: " << error.what() << "\n";
    return usage;
  }
}
