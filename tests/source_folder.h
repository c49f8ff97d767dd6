// Where the sources are, for tests that read files among them. One object knows, so that all others are the
// same in every clone, and a compiler cache can share them.
#pragma once

#include <string>

namespace norn {

std::string source_folder();

}  // namespace norn
