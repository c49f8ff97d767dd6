// Explanations of violations: by hand for their words, and random ones against every order tried.
#include <algorithm>
#include <doctest/doctest.h>
#include <iostream>
#include <nlohmann/json.hpp>

#include "sim/explain/explanation.h"

#include "tests/check/histories.h"
#include "tests/check/oracle.h"

namespace norn::sim {

namespace {

using namespace by_hand;

Explanation explained(const History& history) { return explain(history, check_linearizable(history)); }

}  // namespace

TEST_CASE("print") {
  const History history = {put(0, 0, 100'000'000, "v2"), put(1, 200'000'000, 900'000'000, "v3"),
                           get(3, 1'100'000'000, 1'203'000'000, "v2")};
  const auto show = [](const History& h) {
    const Explanation e = explained(h);
    std::cout << e.headline << "\n";
    for (const auto& o : e.operations)
      std::cout << "  " << o.letter << " " << o.name << (o.certain ? "" : " (cited)") << "\n";
    for (const auto& s : e.argument) std::cout << "  - " << s << "\n";
    for (const auto& s : e.edges)
      std::cout << "  > " << e.operations[s.from].letter << e.operations[s.to].letter << " " << s.label
                << "\n";
    std::cout << "  " << e.minimality << "\n";
  };
  show(history);
  show({put(0, 0, 10, "a"), get(1, 20, 30, std::nullopt)});
  show({put(0, 0, 10, "a"), remove(1, 20, 30), get(1, 40, 50, "a")});
  show({put(0, 0, 10, "a"), put(1, 5, 90, "b"), get(2, 20, 30, "b"), get(3, 40, 50, "a"),
        get(2, 60, 70, "b")});
  show({put(0, 0, 10, "a"), swap(1, 5, 90, "a", "b"), swap(2, 20, 30, "a", "c")});
  show({append(0, 0, 10, "a;"), append(1, 15, 90, "b;"), get(2, 20, 130, "a;b;a;")});
  show({increment(0, 0, 10, 1, "1"), increment(1, 15, 90, 1, "3"), increment(1, 95, 100, 1, "2")});
  show({get(0, 0, 10, "a"), put(0, 15, 30, "a")});
  show({put(0, 0, 10, "a"), put(1, 15, 30, "b"), put(2, 15, 32, "a"), put(2, 35, 40, "b"),
        get(2, 45, 50, "a")});
}

}  // namespace norn::sim
