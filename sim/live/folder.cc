#include "sim/live/folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "replica/host/failure.h"

namespace norn::sim {

Folder::Folder(const std::string& parent) {
  std::error_code error;
  const std::string where = parent.empty() ? std::filesystem::temp_directory_path(error).string() : parent;
  path_ = where + "/norn-live-XXXXXX";
  if (error || mkdtemp(path_.data()) == nullptr)
    throw host::Failure(where +
                        ": no folder can be made there: " + (error ? error.message() : std::strerror(errno)));
}

Folder::~Folder() {
  std::error_code ignored;
  if (!kept_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace norn::sim
