// The network port: lossy datagrams. A datagram may be lost, delayed, duplicated, reordered or damaged; it is
// never split or merged. The bytes are copied before send returns.
#pragma once

#include "replica/base/types.h"

namespace norn::net {

class Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(Address to, Bytes datagram) = 0;
};

}  // namespace norn::net
