#include "kisimd/process_table.h"

namespace kisimd {

void ProcessTable::Grow() {
  const size_t size = state.empty() ? 256 : state.size() * 2;
  state.resize(size, SlotState::kFree);
  pid.resize(size);
  clock.resize(size);
  lastNanoseconds.resize(size);
  place.resize(size);
  startTicks.resize(size);
  inode.resize(size);
  listed.resize(size);
  endedThreads.resize(size);
  ended.resize(size);
  commHash.resize(size);
  cgroupHash.resize(size);
  unreadable.resize(size);
  kernelThread.resize(size);
  freeSlots_.reserve(size);
}

int32_t ProcessTable::Take(int32_t processId, SlotState initial) {
  int32_t slot;
  // Entries at or above `end` were given back when the table shrank.
  while (!freeSlots_.empty() && freeSlots_.back() >= end) freeSlots_.pop_back();
  if (!freeSlots_.empty()) {
    slot = freeSlots_.back();
    freeSlots_.pop_back();
  } else {
    slot = end;
    if (static_cast<size_t>(slot) == capacity()) Grow();
    end++;
  }
  const auto at = static_cast<size_t>(slot);
  state[at] = initial;
  pid[at] = processId;
  // The kernel's encoding of "the CPU clock of process P", CPUCLOCK_SCHED (include/linux/posix-timers_types.h).
  clock[at] = static_cast<clockid_t>((~static_cast<uint32_t>(processId) << 3) | 2u);
  lastNanoseconds[at] = 0;
  place[at] = -1;
  startTicks[at] = -1;
  inode[at] = 0;
  listed[at] = 0;
  endedThreads[at] = 0;
  ended[at] = 0;
  commHash[at] = 0;
  cgroupHash[at] = 0;
  unreadable[at] = 0;
  kernelThread[at] = 0;
  if (initial == SlotState::kLive) live++;
  slotOfPid.Set(processId, slot);
  return slot;
}

void ProcessTable::Retire(int32_t slot) {
  SetUnreadable(slot, false);
  state[static_cast<size_t>(slot)] = SlotState::kDying;
  live--;
}

void ProcessTable::Free(int32_t slot) {
  const auto at = static_cast<size_t>(slot);
  if (state[at] == SlotState::kLive) Retire(slot);
  state[at] = SlotState::kFree;
  if (slotOfPid.Find(pid[at]) == slot) slotOfPid.Erase(pid[at]);
  if (slot + 1 < end) {
    freeSlots_.push_back(slot);
    return;
  }
  while (end > 0 && state[static_cast<size_t>(end - 1)] == SlotState::kFree) end--;
}

void ProcessTable::SetUnreadable(int32_t slot, bool value) {
  auto& flag = unreadable[static_cast<size_t>(slot)];
  unreadableLive += static_cast<int32_t>(value) - flag;
  flag = value ? 1 : 0;
}

}  // namespace kisimd
