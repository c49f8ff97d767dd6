// A replica's data directory: made if it is not there, locked for as long as this object lives so that two
// processes never share one, and marked with whose it is. The mark is the file `identity`:
//
//   norn data directory, version 1
//   cluster NAME
//   replica ID of ID ID ...
#pragma once

#include <string>
#include <vector>

#include "replica/base/types.h"
#include "replica/host/files.h"

namespace norn::host {

struct Identity {
  std::string cluster;
  NodeId id;
  std::vector<NodeId> voters;  // ascending
};

class DataDirectory {
 public:
  // Throws Failure: cannot be made, read or locked, is another replica's, cluster's or version's, or its log
  // has been taken away.
  DataDirectory(std::string path, Identity identity);

  // Writes into a new directory whose it is; nothing if that was written before. Only once all else that
  // could refuse to start has not: a start that was refused binds nobody. Throws Failure: cannot be written.
  void claim();

  const std::string& path() const { return path_; }
  int descriptor() const { return directory_.get(); }

 private:
  void lock();
  void check_identity();

  std::string path_;
  Identity identity_;
  bool claimed_ = false;
  Descriptor directory_;
  Descriptor lock_;
};

}  // namespace norn::host
