// The judges that are compared, as one table: a new one is one more line there.
#pragma once

#include <cstddef>
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
  sim::Verdict verdict = sim::Verdict::linearizable;
  std::string reason;
  std::optional<sim::Order> order;  // of a linearizable history, from judges that give one
  // Of a violation, from judges that name operations. A proof: those alone are not linearizable.
  std::optional<std::vector<std::size_t>> witnesses;
  bool witnesses_prove = false;
};

struct Judge {
  std::string_view name;
  Opinion (*judge)(const sim::History& history);
};

std::span<const Judge> judges();

}  // namespace norn::differential
