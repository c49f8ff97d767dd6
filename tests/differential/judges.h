// The judges that are compared, as one table: a new one is one more line there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/linearizable.h"
#include "sim/check/order.h"

namespace norn::differential {

struct Opinion {
  bool abstains = false;  // the judge is not for histories like this one; how often it is, is printed
  sim::Verdict verdict = sim::Verdict::linearizable;
  std::string reason;
  std::optional<sim::Order> order;  // of a linearizable history, from judges that give one
  // Of a violation, from judges that name operations; and what the judge claims of those.
  std::optional<std::vector<std::size_t>> witnesses;
  enum class Claim : std::uint8_t {
    near,           // no more than that they are some of the operations involved
    alone,          // alone they are not linearizable
    whatever_else,  // nor whatever became of the others, within their times; they are completed ones
  } claim = Claim::near;
};

struct Judge {
  std::string_view name;
  Opinion (*judge)(const sim::History& history);
};

std::span<const Judge> judges();

// Judges that are mistaken on purpose, each in a way that the comparison must find.
std::span<const Judge> mistaken_judges();

}  // namespace norn::differential
