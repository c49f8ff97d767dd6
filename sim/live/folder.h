// A new folder for the data and logs of a run, removed with all that is in it when this object goes, unless
// it is kept.
#pragma once

#include <string>

namespace norn::sim {

class Folder {
 public:
  // Under `parent`, or where temporary files are kept if that is empty. Throws host::Failure.
  explicit Folder(const std::string& parent = {});
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();

  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }
  bool kept() const { return kept_; }

 private:
  std::string path_;
  bool kept_ = false;
};

}  // namespace norn::sim
