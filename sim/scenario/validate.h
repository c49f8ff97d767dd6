// What must hold between the fields of a scenario, beyond each one's own limits: so that it makes sense to
// run. Files are checked by it when parsed; whoever makes a scenario otherwise (a fuzzer, a shrinker) checks
// it here.
#pragma once

#include <optional>

#include "sim/scenario/json.h"
#include "sim/scenario/scenario.h"

namespace norn::sim {

// The first thing that is wrong, with its path as in a file; nothing: it may be run.
std::optional<JsonProblem> validate(const Scenario& scenario);
std::optional<JsonProblem> validate(const CourseConfig& course);

}  // namespace norn::sim
