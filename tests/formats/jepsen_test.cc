// Jepsen's two formats: what the maps and the lines mean, and what is wrong with some.
#include <doctest/doctest.h>

#include "sim/check/linearizable.h"
#include "sim/formats/edn.h"

#include "tests/formats/reading.h"

namespace norn::sim {

namespace {

History read_well(std::string_view text) {
  ParsedHistory parsed = read_text(text);
  CHECK(parsed.error == "");
  CHECK(same(parsed.history, read_text(text, std::nullopt, 3).history));
  return std::move(parsed.history);
}

bool is_linearizable(std::string_view text) {
  return check_linearizable(read_well(text)).verdict == Verdict::linearizable;
}

std::string log_line(std::string_view words) {
  std::string line = "INFO  jepsen.util - ";
  for (const char c : words) line += c == ' ' && line.find('[') == std::string::npos ? '\t' : c;
  return line + '\n';
}

}  // namespace

TEST_CASE("a register: write, read, compare and set; what failed did not happen, info is unknown") {
  const History history = read_well(R"(
{:process 0, :type :invoke, :f :write, :value 3}
{:process 1, :type :invoke, :f :cas, :value [3 4]}
{:process 0, :type :ok, :f :write, :value 3}
{:process 1, :type :ok, :f :cas, :value [3 4]}
{:process 0, :type :invoke, :f :read, :value nil}
{:process :nemesis, :type :info, :f :start, :value "Cut off {:n1 #{:n2}}"}
{:process 1, :type :invoke, :f :cas, :value [3 5]}
{:process 0, :type :ok, :f :read, :value 4}
{:process 1, :type :fail, :f :cas, :value [3 5]}
{:process 2, :type :invoke, :f :write, :value 9}
{:process 3, :type :invoke, :f :read}
{:process 2, :type :info, :f :write, :value 9, :error :timeout}
{:process 2, :type :invoke, :f :delete}
)");
  REQUIRE(history.size() == 7);
  CHECK(history[0].kind == OperationKind::put);
  CHECK(history[0].accesses[0].key == "register");
  CHECK(history[0].accesses[0].argument == "3");
  CHECK(history[0].back < history[2].call);
  CHECK(history[1].call < history[0].back);
  CHECK(history[1].matched);
  CHECK(history[1].accesses[0].expected == "3");
  CHECK(history[2].accesses[0].value == "4");
  CHECK(history[3].outcome == Outcome::fail);
  CHECK(history[4].outcome == Outcome::info);
  CHECK(history[4].back == kNever);
  CHECK(history[5].outcome == Outcome::pending);
  CHECK(history[6].kind == OperationKind::remove);
}

TEST_CASE("keys: by :key, in pairs, or none; numbers and strings alike") {
  const History by_key = read_well(R"({:process 0 :type :invoke :f :put :key "0" :value "x 1 2 y"}
{:process 0 :type :ok :f :put :key "0" :value "x 1 2 y"}
{:process 0 :type :invoke :f :get :key 0 :value nil}
{:process 0 :type :ok :f :get :key 0 :value "x 1 2 y"}
{:process 0 :type :invoke :f :get :key :k :value nil}
{:process 0 :type :ok :f :get :key :k :value ""})");
  REQUIRE(by_key.size() == 3);
  CHECK(by_key[1].accesses[0].key == "0");
  CHECK(by_key[1].accesses[0].value == "x 1 2 y");
  CHECK(by_key[2].accesses[0].key == ":k");
  CHECK_FALSE(by_key[2].accesses[0].value.has_value());  // "" is absence

  const History in_pairs =
      read_well(R"([{:type :invoke, :f :write, :value [7 3], :process 0, :time 10, :index 0}
{:type :ok, :f :write, :value [7 3], :process 0, :time 12, :index 1}
{:type :invoke, :f :read, :value [7 nil], :process 0, :time 14, :index 2}
{:type :ok, :f :read, :value [7 3], :process 0, :time 13, :index 3}
{:type :invoke, :f :cas, :value [8 [nil, 3]], :process 0, :time 20, :index 4}])");
  REQUIRE(in_pairs.size() == 3);
  CHECK(in_pairs[0].accesses[0].key == "7");
  CHECK(in_pairs[0].accesses[0].argument == "3");
  CHECK(in_pairs[0].call == Time(Duration(10)));
  CHECK(in_pairs[1].accesses[0].value == "3");
  CHECK(in_pairs[1].back == Time(Duration(15)));  // a time that does not agree with the order
  CHECK(in_pairs[2].accesses[0].key == "8");
  CHECK_FALSE(in_pairs[2].accesses[0].expected.has_value());

  const History lists = read_well(R"({:process 0, :type :invoke, :f :read, :value nil}
{:process 0, :type :ok, :f :read, :value nil}
{:process 0, :type :invoke, :f :write, :value [1 2]}
{:process 0, :type :ok, :f :write, :value [1 2]}
{:process 0, :type :invoke, :f :read, :value nil}
{:process 0, :type :ok, :f :read, :value [1, 2]})");
  REQUIRE(lists.size() == 3);
  CHECK(lists[1].accesses[0].key == "register");
  CHECK(lists[1].accesses[0].argument == *lists[2].accesses[0].value);
}

TEST_CASE("appends: of strings to a string, of elements to a list") {
  const auto strings = [](const char* read) {
    return R"({:process 0, :type :invoke, :f :append, :key "k", :value "x"}
{:process 0, :type :ok, :f :append, :key "k", :value "x"}
{:process 0, :type :invoke, :f :append, :key "k", :value "yz"}
{:process 0, :type :ok, :f :append, :key "k", :value "yz"}
{:process 0, :type :invoke, :f :get, :key "k", :value nil}
{:process 0, :type :ok, :f :get, :key "k", :value )" +
           std::string(read) + "}";
  };
  CHECK(is_linearizable(strings("\"xyz\"")));
  CHECK_FALSE(is_linearizable(strings("\"yzx\"")));
  CHECK(error_of(strings("[\"x\" \"yz\"]")) ==
        "h:6: a list of strings was read, but strings are appended to a string");
  const auto elements = [](const char* read) {
    return R"([{:process 0, :type :invoke, :f :append, :value [:k 1]}
{:process 0, :type :ok, :f :append, :value [:k 1]} {:process 0, :type :invoke, :f :append, :value [:k 12]}
{:process 0, :type :ok, :f :append, :value [:k 12]} {:process 0, :type :invoke, :f :read, :value [:k nil]}
{:process 0, :type :ok, :f :read, :value [:k )" +
           std::string(read) + "]}]";
  };
  CHECK(is_linearizable(elements("[1 12]")));
  CHECK(is_linearizable(elements("(1, 12)")));
  CHECK_FALSE(is_linearizable(elements("[11 2]")));
  CHECK_FALSE(is_linearizable(elements("[12 1]")));
  CHECK_FALSE(is_linearizable(elements("nil")));
  CHECK(error_of(elements("112")) == "h:4: a list was expected, since what is no string was appended");
}

TEST_CASE("the empty string is absence: to write it is to delete, to read it is to find nothing") {
  CHECK(is_linearizable(R"({:process 0, :type :invoke, :f :write, :value ""}
{:process 0, :type :ok, :f :write, :value ""}
{:process 0, :type :invoke, :f :cas, :value ["" 1]}
{:process 0, :type :ok, :f :cas, :value ["" 1]}
{:process 0, :type :invoke, :f :write, :value nil}
{:process 0, :type :ok, :f :write, :value nil}
{:process 0, :type :invoke, :f :read, :value nil}
{:process 0, :type :ok, :f :read, :value ""})"));
}

TEST_CASE("EDN that nobody writes but may") {
  const History history = read_well(R"(#!x ; not a tag's business
#_{:process 0, :type :invoke} #_ #_ 1 2
#jepsen.history.Op{:process 0,,, :type :invoke ; all of it
 :f :write :value "a\"b\\c\n;}" :extra {:a [#{1} (\} \newline) "}"] :b #inst "2020-01-01"} :more ##NaN}
{:process 1 :type :invoke :f :write :value 1.5e3}{:process 2 :type :invoke :f :write :value 1/2})");
  REQUIRE(history.size() == 3);
  CHECK(history[0].accesses[0].argument == "a\"b\\c\n;}");
  CHECK(history[1].accesses[0].argument == "1.5e3");
  CHECK(history[2].accesses[0].argument == "1/2");
}

TEST_CASE("strings with escapes are the strings that spell the same without") {
  const auto read_as = [](const char* written, const char* read) {
    return is_linearizable(std::string("{:process 0, :type :invoke, :f :write, :key \"k\", :value \"") +
                           written +
                           "\"}{:process 0, :type :ok, :f :write, :key \"k\", :value nil}"
                           "{:process 0, :type :invoke, :f :read, :key \"k\", :value nil}"
                           "{:process 0, :type :ok, :f :read, :key \"k\", :value \"" +
                           read + "\"}");
  };
  CHECK(read_as(R"(he said \"hi\"\n\t\\ \u0041\u00e9\u20AC\ud83d\ude00\b\f)",
                "he said \\\"hi\\\"\n\t\\\\ A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\b\f"));
  CHECK(read_as(R"(\ud83d)", R"(\uD83D)"));  // half a character
  CHECK(read_as(R"(\u00)", "u00"));
  CHECK_FALSE(read_as(R"(\u0041)", "B"));
}

TEST_CASE("a history of jepsen.history's, with independent keys, a nemesis, errors and exceptions") {
  const std::string text =
      R"(#jepsen.history.Op{:index 0, :time 3291485317, :type :invoke, :process 0, :f :read, :value [0 nil]}
#jepsen.history.Op{:index 1, :time 3296209422, :type :info, :process :nemesis, :f :start-partition, :value {"n1" #{"n2" "n3"}, "n2" #{"n1"}}}
#jepsen.history.Op{:index 2, :time 3300000000, :type :ok, :process 0, :f :read, :value #jepsen.independent/tuple [0 nil]}
#jepsen.history.Op{:index 3, :time 3300000001, :type :invoke, :process 1, :f :cas, :value [0 [3 1]]}
#jepsen.history.Op{:index 4, :time 3300000002, :type :fail, :process 1, :f :cas, :value [0 [3 1]], :error [:duplicate-key "[0 \"x\"] }}} \\"], :exception {:via [{:type clojure.lang.ExceptionInfo, :message "throw+: {:a 1}", :data {:type :timeout}, :at [jepsen.etcd.client$remap invokeStatic "client.clj" 41]}], :trace [[clojure.core$_PLUS_ invoke "core.clj" 1]]}}
#jepsen.history.Op{:index 5, :time 3300000003, :type :invoke, :process 1, :f :write, :value [0 4]}
#jepsen.history.Op{:index 6, :time 3300000004, :type :info, :process 1, :f :write, :value [0 4], :error :timeout}
#jepsen.history.Op{:index 7, :time 3300000005, :type :info, :process :nemesis, :f :stop-partition, :value [:isolated {"n1" #{"n2"}}], :at #inst "2020-01-01T00:00:00.000-00:00"}
#jepsen.history.Op{:index 8, :time 3300000006, :type :invoke, :process 6, :f :read, :value [0 nil]}
#jepsen.history.Op{:index 9, :time 3300000007, :type :ok, :process 6, :f :read, :value [0 VALUE], :node "n1", :debug {:version 12N, :ratio 1/2, :d 1.5M, :c \}, :nl \newline, :q \", :nan ##NaN}}
)";
  const auto reads = [&](std::string_view value) {
    std::string one = text;
    return one.replace(one.find("VALUE"), 5, value);
  };
  const History history = read_well(reads("4"));
  REQUIRE(history.size() == 4);
  CHECK(history[0].accesses[0].key == "0");
  CHECK(history[1].outcome == Outcome::fail);
  CHECK(history[2].outcome == Outcome::info);
  CHECK(history[3].client == 6);
  CHECK(history[3].back == Time(Duration(3'300'000'007)));
  CHECK(is_linearizable(reads("4")));
  CHECK(is_linearizable(reads("nil")));
  CHECK_FALSE(is_linearizable(reads("1")));  // what the failed cas would have written
}

TEST_CASE("a history as Knossos keeps its own: a list, comments, reads without a value, no process twice") {
  const auto ends_with = [](std::string_view value) {
    return R"(; kept by hand
({:type :invoke, :f :write, :value 0, :process 0}
 {:type :ok, :f :write, :value 0, :process 0}
 ; from here on process 6 is silent
 {:type :invoke, :f :read, :process 6}
 {:type :invoke, :f :read, :value 4, :process 1} ; some name it at the call
 {:type :invoke, :f :write, :value 4, :process 101}
 {:type :fail, :f :write, :value 4, :process 101, :error [:temporarily-unavailable nil]}
 {:process 20  :type :invoke :f :write :value 4}
 {:type :ok, :f :read, :value )" +
           std::string(value) + ", :process 1}\n)\n";
  };
  REQUIRE(read_well(ends_with("4")).size() == 5);
  CHECK(is_linearizable(ends_with("4")));
  CHECK(is_linearizable(ends_with("0")));
  CHECK_FALSE(is_linearizable(ends_with("3")));
  CHECK(error_of("({:process 0, :type :invoke, :f :read}]") ==
        "h:1: a map was expected: {:process 0, :type :invoke, :f :read, :value nil}");
  CHECK(error_of("({:process 0, :type :invoke, :f :read}") == "h:1: the text ends inside of a form");
}

TEST_CASE("malformed EDN is named with the file and the line") {
  const std::string good = "{:process 0, :type :invoke, :f :read, :value nil}\n";
  CHECK(error_of(good + good) == "h:2: the process has an operation open");
  CHECK(error_of(good + "{:type :invoke, :f :read}") == "h:2: the map has no :process");
  CHECK(error_of(good + "{:process x, :type :invoke, :f :read}") ==
        "h:2: :process is neither a number nor :nemesis");
  CHECK(error_of(good + "{:process -1, :type :invoke, :f :read}") ==
        "h:2: :process is neither a number nor :nemesis");
  CHECK(error_of(good + "{:process 1, :type :invoke, :f :txn}") ==
        "h:2: :f is none of :read :write :cas :append :delete");
  CHECK(error_of(good + "{:process 1, :type :begin, :f :read}") ==
        "h:2: :type is none of :invoke :ok :fail :info");
  CHECK(error_of(good + "{:process 1, :type :ok, :f :read, :value 3}") ==
        "h:2: it completes no open operation of its process");
  CHECK(error_of(good + "{:process 0, :type :ok, :f :write, :value 3}") ==
        "h:2: it completes no open operation of its process");
  CHECK(error_of(good + "{:process 0, :type :ok, :f :read}") == "h:2: a :read that is :ok without :value");
  CHECK(error_of(good + "{:process 1, :type :invoke, :f :write}") == "h:2: no :value");
  CHECK(error_of(good + "{:process 1, :type :invoke, :f :cas, :value 3}") ==
        "h:2: [expected new] was expected as the :value of a :cas");
  CHECK(error_of(good + "{:process 1, :type :invoke, :f :cas, :value [3 nil]}") ==
        "h:2: a :cas that writes nothing");
  CHECK(error_of(good + "{:process 1, :type :invoke, :f :append, :value \"\"}") ==
        "h:2: an :append of nothing");
  CHECK(error_of(good + "{:process 1, :type :invoke, :f :read, :time :now}") == "h:2: :time is no number");
  CHECK(error_of(good + "\n3") ==
        "h:3: a map was expected: {:process 0, :type :invoke, :f :read, :value nil}");
  CHECK(error_of(good + "\n{:process 1") == "h:3: the text ends inside of a form");
  CHECK(error_of("[" + good + "{:a ]}") == "h:2: a form was expected");
  CHECK(error_of("[" + good) == "h:2: the text ends inside of a form");
  CHECK(error_of("[" + good + "]" + good) == "h:2: nothing was expected behind the closing bracket");
  CHECK(error_of(good + "{:a [1 2}}") == "h:2: another closing bracket was expected");
  CHECK(error_of(good + "{:a " + std::string(100, '[') + std::string(100, ']') + "}") ==
        "h:2: forms are nested more than 64 deep");
  CHECK(error_of(R"({:process 0, :type :invoke, :f :read, :value [1 nil]}
{:process 0, :type :ok, :f :read, :value 3})") == "h:2: a pair [key value] was expected, as before");
  CHECK(error_of(R"({:process 0, :type :invoke, :f :read, :value [1 nil]}
{:process 0, :type :ok, :f :read, :value [2 3]})") ==
        "h:2: its key is not that of the operation that it completes");
  CHECK(error_of(R"({:process 0, :type :invoke, :f :read, :value [1 nil]}
{:process 1, :type :invoke, :f :read, :value nil})") == "h:2: a pair [key value] was expected, as before");
}

TEST_CASE("damage to EDN of every kind") {
  damage(R"([{:process 0, :type :invoke, :f :append, :value [1 "x\"y"], :time 3} ; why
#_ no #a/b{:process 0, :type :ok, :f :append, :value [1 "x\"y"], :error [#{\a} ("(" {})]}
{:process 1, :type :invoke, :f :cas, :value [1 [nil 3]]}{:process 1, :type :fail, :f :cas, :value [1 [nil 3]]}
{:process 2, :type :invoke, :f :read, :value [1 nil]},{:process 2, :type :ok, :f :read, :value [1 "x"]}])",
         Format::edn, 81);
}

TEST_CASE("a log: what is not an operation is skipped, a failed compare and set found something else") {
  const std::string text =
      "some line\nWARN  jepsen.core - a :ok word\n\tat java.lang.Thread\n" + log_line("0 :invoke :write 1") +
      log_line("0 :ok :write 1") +
      "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\nINFO  jepsen.util - Everything is fine\n" +
      log_line("1 :invoke :cas [1 2]") + log_line("2 :invoke :cas [3 4]") + log_line("2 :fail :cas [3 4]") +
      log_line("3 :invoke :read nil") + log_line("3 :fail :read :timed-out") +
      log_line("1 :info :cas :timed-out") + log_line("4 :invoke :cas [9 8]") +
      log_line("4 :fail :cas :timed-out") +
      "INFO [2016] jepsen worker 0 - jepsen.util 5\t:invoke\t:read\tnil\r\n" + log_line("5 :ok :read 2");
  const History history = read_well(text);
  REQUIRE(history.size() == 6);
  CHECK(history[0].accesses[0].argument == "1");
  CHECK(history[1].outcome == Outcome::info);
  CHECK(history[2].outcome == Outcome::ok);
  CHECK_FALSE(history[2].matched);
  CHECK_FALSE(history[2].value_known);
  CHECK(history[2].accesses[0].expected == "3");
  CHECK(history[3].outcome == Outcome::fail);
  CHECK(history[4].outcome == Outcome::fail);
  CHECK(history[5].accesses[0].value == "2");
  CHECK(history[0].accesses[0].key == history[5].accesses[0].key);
  CHECK(is_linearizable(text));
  CHECK_FALSE(is_linearizable(log_line("0 :invoke :write 3") + log_line("0 :ok :write 3") +
                              log_line("2 :invoke :cas [3 4]") + log_line("2 :fail :cas [3 4]")));
}

TEST_CASE("a malformed log is named with the file and the line") {
  const std::string good = log_line("0 :invoke :write 1");
  CHECK(error_of(good + good) == "h:2: the process has an operation open");
  CHECK(error_of(good + log_line("0 :ok :write 2")) ==
        "h:2: its value is not that of the operation that it completes");
  CHECK(error_of(good + log_line("1 :ok :write 1")) == "h:2: it completes no open operation of its process");
  CHECK(error_of(good + log_line("0 :ok :read 1")) == "h:2: it completes no open operation of its process");
  CHECK(error_of(good + log_line("1 :invoke :add 1")) ==
        "h:2: :read, :write or :cas was expected behind the type");
  CHECK(error_of(good + log_line("1 :call :read nil")) ==
        "h:2: :invoke, :ok, :fail or :info was expected behind the process");
  CHECK(error_of(good + log_line("1 :invoke :cas 1")) == "h:2: [expected new] was expected behind :cas");
  CHECK(error_of(good + log_line("1 :invoke :write")) == "h:2: a value was expected at the end");
  CHECK(error_of(good + log_line("1 :invoke :write 1 2")) == "h:2: a value was expected at the end");
  CHECK(error_of(good + log_line("99999999999 :invoke :read nil")) == "h:2: a process's number was expected");
  CHECK(error_of("hello\n", Format::log) ==
        "h:1: no line here or below is an operation: INFO  jepsen.util - 0 :invoke :read nil");
  CHECK(error_of("", Format::log) == "");
}

}  // namespace norn::sim
