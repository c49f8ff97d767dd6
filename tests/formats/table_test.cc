// The table: every column, rows in any order, and what is wrong with some.
#include <algorithm>
#include <doctest/doctest.h>

#include "sim/check/linearizable.h"

#include "tests/formats/reading.h"

namespace norn::sim {

namespace {

// Spaces for tabs, which a reader of this file sees; and the first line.
std::string table(std::string_view rows) {
  std::string text = "# LIN1 id client key kind first second result call return\n";
  text += rows;
  std::replace(text.begin() + 7, text.end(), ' ', '\t');
  return text;
}

std::string error_of_row(std::string_view row) {
  const std::string error = error_of(table("1 0 k r - - nil 1 2\n" + std::string(row)));
  return error.starts_with("h:3: ") ? error.substr(5) : error;
}

}  // namespace

TEST_CASE("rows of every kind and result, in any order") {
  const ParsedHistory parsed =
      read_text(table("8 1 k r - - 2 100 110\n"
                      "a 0 k w 1 - ok 10 20\n"
                      "\n# a comment\n"
                      "2 1 k c 1 2 ok 15 30\n"
                      "3 2 k c 5 6 fail 40 41\n"
                      "4 2 k c 5 6 2 42 43\n"
                      "5 2 l c nil 6 nil 44 45\n"
                      "6 3 l a x - ? 50 -\n"
                      "7 4 l d - - fail 51 52\n"
                      "9 5 l r - - ? 53 54\n"
                      "10 6 l w 3 - - 60 -"));
  REQUIRE(parsed.error == "");
  const History& history = parsed.history;
  REQUIRE(history.size() == 10);
  CHECK(history[0].kind == OperationKind::put);
  CHECK(history[0].call == Time(Duration(10)));
  CHECK(history[0].back == Time(Duration(20)));
  CHECK(history[1].matched);
  CHECK(history[1].accesses[0].expected == "1");
  CHECK(history[1].accesses[0].argument == "2");
  CHECK_FALSE(history[2].matched);
  CHECK_FALSE(history[2].value_known);
  CHECK(history[2].outcome == Outcome::ok);
  CHECK(history[3].value_known);
  CHECK(history[3].accesses[0].value == "2");
  CHECK_FALSE(history[4].accesses[0].expected.has_value());
  CHECK(history[4].value_known);
  CHECK(history[5].kind == OperationKind::append);
  CHECK(history[5].outcome == Outcome::pending);
  CHECK(history[6].kind == OperationKind::remove);
  CHECK(history[6].outcome == Outcome::fail);
  CHECK(history[7].outcome == Outcome::info);
  CHECK(history[7].back == kNever);
  CHECK(history[8].outcome == Outcome::pending);
  CHECK(history[8].accesses[0].argument == "3");
  CHECK(history[9].accesses[0].value == "2");
  CHECK(history[9].client == 1);
}

TEST_CASE("a table's verdicts") {
  const auto verdict = [](std::string_view rows) {
    const ParsedHistory parsed = read_text(table(rows));
    CHECK(parsed.error == "");
    return check_linearizable(parsed.history).verdict;
  };
  CHECK(verdict("1 0 k w 1 - ok 1 2\n2 1 k r - - 1 2 3\n") == Verdict::linearizable);
  CHECK(verdict("2 1 k r - - nil 2 3\n1 0 k w 1 - ok 1 2\n") ==
        Verdict::linearizable);  // equal times: concurrent
  CHECK(verdict("2 1 k r - - nil 3 4\n1 0 k w 1 - ok 1 2\n") == Verdict::violation);
  CHECK(verdict("2 1 k r - - nil 3 4\n1 0 k w 1 - fail 1 2\n") == Verdict::linearizable);
  CHECK(verdict("1 0 k w 1 - ok 1 2\n2 1 k c 1 2 fail 3 4\n") == Verdict::violation);
  CHECK(verdict("1 0 k w 1 - ok 1 2\n2 1 k c 2 3 fail 3 4\n") == Verdict::linearizable);
}

TEST_CASE("a malformed row is named with the file, the line and the column") {
  CHECK(error_of("# LIN2\n", Format::table) == "h:1: # LIN1 was expected");
  CHECK(error_of("", Format::table) == "h:1: # LIN1 was expected");
  CHECK(error_of_row("2 0 k r - - nil 1\n") == "nine fields, with tabs between them, were expected");
  CHECK(error_of_row("2 0 k r - - nil 1 2 3\n") == "nine fields, with tabs between them, were expected");
  CHECK(error_of_row("2 x k r - - nil 1 2\n") == "the client's number was expected in column 2");
  CHECK(error_of_row("2 -1 k r - - nil 1 2\n") == "the client's number was expected in column 2");
  CHECK(error_of_row("2 0 k read - - nil 1 2\n") == "r, w, c, d or a was expected in column 4");
  CHECK(error_of_row("2 0 k r 1 - nil 1 2\n") == "- was expected in column 5");
  CHECK(error_of_row("2 0 k w - - ok 1 2\n") == "a value was expected in column 5");
  CHECK(error_of_row("2 0 k w 1 2 ok 1 2\n") == "- was expected in column 6");
  CHECK(error_of_row("2 0 k c 1 - ok 1 2\n") == "the new value was expected in column 6");
  CHECK(error_of_row("2 0 k w 1 - done 1 2\n") == "ok, fail or ? was expected in column 7");
  CHECK(error_of_row("2 0 k r - -  1 2\n") == "a result was expected in column 7");
  CHECK(error_of_row("2 0 k w 1 - ok 1 -\n") == "? or - was expected in column 7, since it never returned");
  CHECK(error_of_row("2 0 k w 1 - ok x 2\n") == "the time of the call was expected in column 8");
  CHECK(error_of_row("2 0 k w 1 - ok 1 x\n") == "the time of the return, or -, was expected in column 9");
  CHECK(error_of_row("2 0 k w 1 - ok 2 1\n") == "it returned before it was called");
}

TEST_CASE("damage to a table of every kind of row") {
  damage(table("8 1 k r - - 2 100 110\na 0 k w 1 - ok 10 20\n2 1 k c 1 2 ok 15 30\n3 2 k c 5 6 fail 40 41\n"
               "6 3 l a x - ? 50 -\n7 4 l d - - fail 51 52\n"),
         Format::table, 91);
}

}  // namespace norn::sim
