// The alarms of a run, packed into the world's tags: whose it is, and a number that its owner understands.
#pragma once

#include <cstdint>

#include "sim/engine/stage.h"

namespace norn::sim {

enum class AlarmKind : std::uint8_t {
  arrival,         // workload, open loop; number: which arming
  think,           // workload, closed loop; number: the client, and which arming
  event,           // nemesis; number: its place
  nemesis_timer,   // number: its place
  nemesis_action,  // number: of what is due
  undo,            // number: the owner
  phase,           // run; number: its place
  end,             // run: the scenario's duration is over
  liveness_check,  // run
};

struct Alarm {
  AlarmKind kind = AlarmKind::end;
  std::uint64_t number = 0;  // below 2^56
};

inline constexpr int kAlarmKindShift = 56;
inline void set_alarm(Stage& stage, Time at, Alarm alarm) {
  stage.set_alarm(at, static_cast<std::uint64_t>(alarm.kind) << kAlarmKindShift | alarm.number);
}
inline Alarm alarm_of(std::uint64_t tag) {
  return {static_cast<AlarmKind>(tag >> kAlarmKindShift), tag & ((std::uint64_t{1} << kAlarmKindShift) - 1)};
}

}  // namespace norn::sim
