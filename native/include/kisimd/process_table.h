#pragma once
#include <time.h>

#include <cstdint>
#include <vector>

#include "kisimd/pid_map.h"

namespace kisimd {

enum class SlotState : uint8_t {
  kFree,
  kLive,
  /** A zombie whose end has been told already: known, so that it is not taken for a birth. */
  kIgnored,
  /** Its exit has been reported in this tick; free in the next one. */
  kDying,
};

/** Processes by slot, one array a column, so that the pass over all clocks touches few cache lines. */
struct ProcessTable {
  std::vector<SlotState> state;
  std::vector<int32_t> pid;
  std::vector<clockid_t> clock;
  /** CPU nanoseconds at the last reading; -1 = none yet, the next one is the base line. */
  std::vector<int64_t> lastNanoseconds;
  /** Live: place in the tick's active list, -1 where it was idle. Dying: place in its list of exits. */
  std::vector<int32_t> place;
  /** Field 22 of stat; -1 where that could not be read. */
  std::vector<int64_t> startTicks;
  /** Of the /proc directory; 0 = not seen by a readdir yet. */
  std::vector<uint64_t> inode;
  /** Number of the last readdir that listed it. */
  std::vector<uint32_t> listed;
  /** CPU time of its threads that have ended since we know it. */
  std::vector<uint64_t> endedThreads;
  /** Its exit record has come. */
  std::vector<uint8_t> ended;
  /** Of comm and of the cgroup file as last reported. */
  std::vector<uint64_t> commHash;
  std::vector<uint64_t> cgroupHash;
  std::vector<uint8_t> unreadable;
  std::vector<uint8_t> kernelThread;

  /** One more than the highest slot in use. */
  int32_t end = 0;
  int32_t live = 0;
  int32_t unreadableLive = 0;
  PidMap slotOfPid;

  size_t capacity() const { return state.size(); }
  /** A slot for this pid, found by it from now on. */
  int32_t Take(int32_t processId, SlotState initial);
  /** Live -> dying. The pid still finds it, until `Free` or until another slot takes the pid. */
  void Retire(int32_t slot);
  void Free(int32_t slot);
  void SetUnreadable(int32_t slot, bool value);

 private:
  std::vector<int32_t> freeSlots_;
  void Grow();
};

}  // namespace kisimd
