// A trace as a file: one line of fixed columns for each event of the world (engine/trace.h).
#pragma once

#include <fstream>
#include <iostream>
#include <string>

#include "sim/engine/trace.h"

namespace norn::sim {

class TraceFile : public TraceSink {
 public:
  // "-" is standard output.
  explicit TraceFile(const std::string& path) : standard_(path == "-") {
    if (!standard_) file_.open(path);
  }
  bool good() const { return standard_ || file_.good(); }
  // No more will come. False: some of it could not be written.
  bool finish() { return standard_ || file_.flush().good(); }
  void record(const TraceRecord& record) override {
    (standard_ ? std::cout : file_) << format(record) << '\n';
  }

 private:
  bool standard_;
  std::ofstream file_;
};

}  // namespace norn::sim
