// The course's clients: each reads and writes keys of its own, reads only those of which a put was
// acknowledged, and believes that a read returns the last of those puts. A value.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "replica/base/rng.h"

#include "sim/check/history.h"
#include "sim/scenario/course_config.h"

namespace norn::sim {

class CourseClients {
 public:
  CourseClients(const CourseConfig& course, std::uint32_t clients, Rng rng)
      : mix_(course.mix), rng_(rng), clients_(clients) {}

  Operation make(std::uint32_t client);
  void answered(const Operation& operation);

  std::uint64_t gets_not_generated() const { return gets_not_generated_; }
  std::uint64_t incorrect() const { return incorrect_; }

 private:
  struct OneClient {
    std::vector<std::string> keys;              // of which a put was acknowledged, in that order
    std::map<std::string, std::string> values;  // of the last one acknowledged
    std::uint64_t keys_made = 0;
    std::uint64_t values_made = 0;
  };
  Operation make_put(std::uint32_t client);

  Ratio mix_;
  Rng rng_;
  std::vector<OneClient> clients_;
  std::uint64_t gets_not_generated_ = 0;
  std::uint64_t incorrect_ = 0;
};

}  // namespace norn::sim
