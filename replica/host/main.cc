// The program `replica`: serves one replica of a cluster, or makes a cluster's key. This file reads the
// command line, the environment and the configuration file; all three use the same names.
#include <boost/program_options.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "replica/host/failure.h"
#include "replica/host/key_file.h"
#include "replica/host/log.h"
#include "replica/host/server.h"

namespace {

namespace po = boost::program_options;
using namespace norn;
using namespace norn::host;

constexpr const char* kUsage =
    "replica serve --id N --cluster 1=HOST:PORT,2=HOST:PORT,... --data DIR [OPTION...]\n"
    "    serves replica N of a cluster until SIGTERM\n"
    "replica keygen FILE\n"
    "    writes a new cluster key, for --key-file\n"
    "\n"
    "Every option may also stand in the environment (--election-timeout-min as NORN_ELECTION_TIMEOUT_MIN) "
    "or, as\n"
    "a line like 'id = 1', in the file that --config names. The command line wins, then the environment.\n"
    "Exit status: 0 ended as told, 1 the replica had to stop, 2 it could not start.\n\n";

struct Text {  // options that are read from their words only once all sources are known
  std::string id, cluster, listen, resp, resp_peers, config, log_level;
  std::string election_timeout_min, election_timeout_max, heartbeat_interval, thrift, clock_drift_max,
      read_mode;
  std::string datagram_max, compact_after_bytes, keep_bytes, resp_connections_max;
};

po::options_description describe(Text& text, ServeOptions& options) {
  po::options_description all("Options of serve");
  const auto word = [](std::string& to, const char* otherwise = "") {
    return po::value(&to)->default_value(otherwise);
  };
  all.add_options()                                                          //
      ("id", word(text.id), "this replica's number in --cluster, 1 to 255")  //
      ("cluster", word(text.cluster), "all replicas: ID=HOST:PORT,...")      //
      ("cluster-name", po::value(&options.cluster_name)->default_value("norn"),
       "replicas and data of clusters with other names are refused")                                  //
      ("data", word(options.data), "directory of the log and the snapshot; made if it is not there")  //
      ("listen", word(text.listen), "bind this HOST:PORT instead of the replica's own in --cluster")  //
      ("key-file", word(options.key_file), "encrypts and authenticates all datagrams with this key")  //
      ("insecure-network", po::bool_switch(&options.insecure_network),
       "allow addresses beyond loopback without keys or passwords")       //
      ("resp", word(text.resp), "serve Redis clients on this HOST:PORT")  //
      ("redirect", po::bool_switch(&options.redirect),
       "answer -MOVED to the leader instead of forwarding")                                             //
      ("resp-peers", word(text.resp_peers), "with --redirect: where all replicas serve Redis clients")  //
      ("requirepass", word(options.requirepass), "Redis clients must AUTH with this password")          //
      ("resp-connections-max", word(text.resp_connections_max, "20000"),
       "further Redis clients are turned away")                                                   //
      ("tls-cert", word(options.tls_cert), "certificate chain (PEM) for TLS with Redis clients")  //
      ("tls-key", word(options.tls_key), "its private key (PEM)")                                 //
      ("tls-ca", word(options.tls_ca), "clients must show a certificate signed by these (PEM)")   //
      ("election-timeout-min", word(text.election_timeout_min, "500ms"),
       "a follower waits at least so long")                                                           //
      ("election-timeout-max", word(text.election_timeout_max, "1s"), "... and at most so long")      //
      ("heartbeat-interval", word(text.heartbeat_interval, "100ms"), "of a leader to its followers")  //
      ("thrift", word(text.thrift, "0ms"),
       "entries go to a bare quorum first, to all after so long; 0ms: to all")                              //
      ("read-mode", word(text.read_mode, "read_index"), "read_index, or lease: trusts the clocks' rates")   //
      ("clock-drift-max", word(text.clock_drift_max, "10000"), "with lease: of a clock's rate, in ppm")     //
      ("datagram-max", word(text.datagram_max, "0"), "bytes; 0: 1400, or 16000 when all is on loopback")    //
      ("compact-after-bytes", word(text.compact_after_bytes, "64MiB"), "of log, then a snapshot is taken")  //
      ("keep-bytes", word(text.keep_bytes, "4MiB"), "of log behind a snapshot, for slow followers")         //
      ("log-level", word(text.log_level, "warning"), "error, warning, info or debug")                       //
      ("config", word(text.config), "a file with more options");
  return all;
}

// Empty: the variable is not for us. One with our prefix that is no option is a typing error, as on the
// command line.
std::string environment_name(const std::string& variable, const po::options_description& known) {
  constexpr std::string_view kPrefix = "NORN_";
  if (!variable.starts_with(kPrefix)) return "";
  std::string name = variable.substr(kPrefix.size());
  for (char& c : name) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (known.find_nothrow(name, false) == nullptr)
    throw Failure("the environment's " + variable + " is no option; see --help");
  return name;
}

// What the environment says. A variable without a value says nothing: a file of them may list them all.
po::parsed_options read_environment(const po::options_description& known) {
  po::parsed_options found =
      po::parse_environment(known, [&](const std::string& name) { return environment_name(name, known); });
  std::erase_if(found.options, [](const po::option& option) { return option.value.front().empty(); });
  return found;
}

// A word that is neither an option nor its value is a mistake: `--insecure-network false` would else switch
// it on.
po::parsed_options read_line(const std::vector<std::string>& words, const po::options_description& known) {
  po::parsed_options found = po::command_line_parser(words).options(known).run();
  for (const po::option& option : found.options) {
    if (option.string_key.empty())
      throw Failure("'" + option.value.front() +
                    "' is neither an option nor the value of one (a list has no blanks in it); see --help");
  }
  return found;
}

// A # begins a comment wherever it stands, so a password with one in it would lose its end unseen.
void check_comments(std::string_view text) {
  for (std::size_t at = text.find('#'); at != std::string_view::npos;
       at = text.find('#', text.find('\n', at))) {
    if (at > 0 && std::string_view(" \t\n").find(text[at - 1]) == std::string_view::npos)
      throw po::error(
          "a # within a value begins a comment; write a blank before it, or give the value in the "
          "environment");
  }
}

// Adds what the file says and neither the command line nor the environment said.
void store_file(const std::string& file, const po::options_description& known, po::variables_map& found) {
  std::ifstream in(file);
  if (in.is_open()) in.peek();  // a folder can be opened, but not read
  if (in.bad() || !in.is_open()) throw Failure("--config: cannot read " + file + ": " + std::strerror(errno));
  try {
    std::ostringstream text;
    text << in.rdbuf();
    check_comments(text.view());
    std::istringstream lines(text.str());
    const po::parsed_options read = po::parse_config_file(lines, known);
    for (const po::option& option : read.options) {
      if (option.string_key == "config") throw po::error("names another file of options, which is not read");
    }
    po::store(read, found);
  } catch (const po::error& error) {
    throw Failure("--config: " + file + ": " + error.what());
  }
}

// Fills options from all sources. False: help was asked for and given.
bool read_options(const std::vector<std::string>& words, Text& text, ServeOptions& options) {
  const po::options_description known = describe(text, options);
  po::options_description line;
  line.add(known).add_options()("help", "this text");
  po::variables_map found;
  po::store(read_line(words, line), found);
  if (found.contains("help")) {
    std::cout << kUsage << known;
    return false;
  }
  po::store(read_environment(known), found);
  if (const std::string file = found["config"].as<std::string>(); !file.empty())
    store_file(file, known, found);
  po::notify(found);
  return true;
}

void interpret(const Text& text, ServeOptions& options) {
  options.cluster = parse_peers("cluster", text.cluster);
  options.resp_peers = parse_peers("resp-peers", text.resp_peers);
  const std::uint64_t id = text.id.empty() ? 0 : parse_size("id", text.id);
  if (!text.id.empty() && (id < 1 || id > 255)) throw Failure("--id: " + text.id + " is not from 1 to 255");
  options.id = {static_cast<std::uint8_t>(id)};
  if (!text.listen.empty()) options.listen = parse_address("listen", text.listen);
  if (!text.resp.empty()) options.resp = parse_address("resp", text.resp);
  options.resp_connections_max = parse_size("resp-connections-max", text.resp_connections_max);
  raft::Config& raft = options.raft;
  raft.election_timeout_min = parse_duration("election-timeout-min", text.election_timeout_min);
  raft.election_timeout_max = parse_duration("election-timeout-max", text.election_timeout_max);
  raft.heartbeat_interval = parse_duration("heartbeat-interval", text.heartbeat_interval);
  raft.thrift_patience = parse_duration("thrift", text.thrift);
  if (text.read_mode != "read_index" && text.read_mode != "lease")
    throw Failure("--read-mode: '" + text.read_mode + "' is neither read_index nor lease");
  raft.read_mode = text.read_mode == "lease" ? raft::ReadMode::lease : raft::ReadMode::read_index;
  const std::uint64_t drift = parse_size("clock-drift-max", text.clock_drift_max);
  if (drift > 200'000) throw Failure("--clock-drift-max: more than 200000 ppm leaves no lease");
  raft.clock_drift_max = {static_cast<std::uint32_t>(drift)};
  options.datagram_max = parse_size("datagram-max", text.datagram_max);
  options.compact_after_bytes = parse_size("compact-after-bytes", text.compact_after_bytes);
  options.keep_bytes = parse_size("keep-bytes", text.keep_bytes);
  check(options);
}

// Ends the process when the replica has ended. Not through destructors, which would wait for a disk thread
// that may hang in the system.
int serve(const std::vector<std::string>& words) {
  Text text;
  ServeOptions options;
  if (!read_options(words, text, options)) return 0;
  interpret(text, options);
  start_log(options.id, text.log_level);
  Server server(options);
  int status = 0;
  try {
    server.run();
  } catch (const std::exception& failure) {
    spdlog::error("stopped because=\"{}\"", failure.what());
    status = 1;
  }
  spdlog::default_logger()->flush();
  std::_Exit(status);
}

int run(const std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words.front();
  if (verb == "serve") return serve({words.begin() + 1, words.end()});
  if (verb == "keygen") {
    if (words.size() != 2 || words[1].starts_with('-'))
      throw Failure("keygen takes the name of the file to write, and no options");
    make_key_file(words[1]);
    return 0;
  }
  if (verb == "--help" || verb == "help") {
    Text text;
    ServeOptions options;
    std::cout << kUsage << describe(text, options);
    return 0;
  }
  throw Failure(verb.empty() ? "say what to do: serve or keygen; see --help"
                             : "'" + verb + "' is neither serve nor keygen; see --help");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "replica: " << error.what() << "\n";
    return 2;
  }
}
