#include "tests/source_folder.h"

namespace norn {

std::string source_folder() { return NORN_SOURCE_DIR; }

}  // namespace norn
