#include <time.h>

#include <algorithm>
#include <cerrno>

#include "kisimd/process_scanner.h"

// CPU time of the living, and the ends.
namespace kisimd {

void ProcessScanner::Activate(int32_t slot, int64_t delta, int32_t lastCpu) {
  const size_t at = result_.activeCount++;
  result_.activeSlots[at] = slot;
  result_.activeCpu[at] = static_cast<double>(delta);
  result_.activeLastCpu[at] = lastCpu;
  table_.place[static_cast<size_t>(slot)] = static_cast<int32_t>(at);
}

int64_t ProcessScanner::Deactivate(int32_t slot) {
  const int32_t place = table_.place[static_cast<size_t>(slot)];
  if (place < 0) return 0;
  const auto hole = static_cast<size_t>(place);
  const auto delta = static_cast<int64_t>(result_.activeCpu[hole]);
  const size_t last = --result_.activeCount;
  result_.activeSlots[hole] = result_.activeSlots[last];
  result_.activeCpu[hole] = result_.activeCpu[last];
  result_.activeLastCpu[hole] = result_.activeLastCpu[last];
  table_.place[static_cast<size_t>(result_.activeSlots[hole])] = place;
  table_.place[static_cast<size_t>(slot)] = -1;
  return delta;
}

void ProcessScanner::Leave(int32_t slot) {
  table_.Retire(slot);
  table_.place[static_cast<size_t>(slot)] = static_cast<int32_t>(result_.exited.size());
  result_.exited.push_back({slot, 0, false});
  dying_.push_back(slot);
}

void ProcessScanner::ReserveActive() {
  if (result_.activeSlots.size() >= table_.capacity()) return;
  result_.activeSlots.resize(table_.capacity());
  result_.activeCpu.resize(table_.capacity());
  result_.activeLastCpu.resize(table_.capacity());
}

void ProcessScanner::ReadClocks(int64_t elapsedNanoseconds) {
  ReserveActive();
  doubted_.clear();
  doubtedNanoseconds_.clear();
  // More than every CPU could have given it in this time: the pid belongs to somebody else.
  const int64_t possible = (elapsedNanoseconds + 20'000'000) * cpus_;
  const int32_t end = table_.end;
  for (int32_t slot = 0; slot < end; slot++) {
    const auto at = static_cast<size_t>(slot);
    if (table_.state[at] != SlotState::kLive) continue;
    timespec time;
    if (::clock_gettime(table_.clock[at], &time) != 0) {
      if (errno == ESRCH || errno == EINVAL) Leave(slot);
      continue;
    }
    const int64_t now = static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
    const int64_t last = table_.lastNanoseconds[at];
    const int64_t delta = now - last;
    if (delta == 0) continue;
    if (last < 0) {
      table_.lastNanoseconds[at] = now;
    } else if (delta > 0 && delta <= possible) {
      table_.lastNanoseconds[at] = now;
      Activate(slot, delta, -1);
    } else {
      doubted_.push_back(slot);
      doubtedNanoseconds_.push_back(now);
    }
  }
  for (size_t i = 0; i < doubted_.size(); i++) Judge(doubted_[i], doubtedNanoseconds_[i]);
}

void ProcessScanner::Judge(int32_t slot, int64_t nanoseconds) {
  const auto at = static_cast<size_t>(slot);
  const int64_t delta = nanoseconds - table_.lastNanoseconds[at];
  StatLine line;
  int error = 0;
  const bool read = ReadStat(table_.pid[at], line, error);
  if (read && line.startTicks == table_.startTicks[at]) {
    // The same process after all. A sum over threads that end while it is made may step back by a little; the
    // larger reading stands until the clock has passed it.
    if (delta > 0) {
      table_.lastNanoseconds[at] = nanoseconds;
      Activate(slot, delta, line.lastCpu);
    }
    return;
  }
  if (!read && delta > 0) {
    table_.lastNanoseconds[at] = nanoseconds;
    Activate(slot, delta, -1);
    return;
  }
  Replace(slot);
  const int32_t heir = table_.slotOfPid.Find(table_.pid[at]);
  if (heir < 0 || heir == slot) return;
  ReserveActive();
  const auto heirAt = static_cast<size_t>(heir);
  if (table_.lastNanoseconds[heirAt] == 0 && nanoseconds > 0) Activate(heir, nanoseconds, -1);
  table_.lastNanoseconds[heirAt] = nanoseconds;
}

void ProcessScanner::ReadLastCpus() {
  if (options_.lastCpuAboveNanoseconds <= 0) return;
  for (size_t i = 0; i < result_.activeCount; i++) {
    if (result_.activeCpu[i] < static_cast<double>(options_.lastCpuAboveNanoseconds)) continue;
    StatLine line;
    int error = 0;
    if (ReadStat(table_.pid[static_cast<size_t>(result_.activeSlots[i])], line, error))
      result_.activeLastCpu[i] = line.lastCpu;
  }
}

void ProcessScanner::ReadStatClocks() {
  ReserveActive();
  // A list first: replacing a process takes a slot that this pass must not come to.
  doubted_.clear();
  for (int32_t slot = 0; slot < table_.end; slot++) {
    if (table_.state[static_cast<size_t>(slot)] == SlotState::kLive) doubted_.push_back(slot);
  }
  for (const int32_t slot : doubted_) {
    const auto at = static_cast<size_t>(slot);
    const int32_t pid = table_.pid[at];
    StatLine line;
    int error = 0;
    if (!ReadStat(pid, line, error)) {
      // A file that its player is just writing (EBADMSG) or that we may not read has no reading in this tick.
      if (error == ENOENT || error == ESRCH || error == ENOTDIR) Leave(slot);
      continue;
    }
    const auto now = static_cast<int64_t>(static_cast<double>(line.userTicks + line.systemTicks) * nanosecondsPerTick_);
    const bool other = line.startTicks != table_.startTicks[at] && table_.startTicks[at] >= 0;
    int32_t reader = slot;
    if (other || now < table_.lastNanoseconds[at]) {
      Replace(slot);
      reader = table_.slotOfPid.Find(pid);
      if (reader < 0 || reader == slot) continue;
      ReserveActive();
      // The same start time with a smaller clock: the tree was wound back, and what came before is unknown.
      if (!other) table_.lastNanoseconds[static_cast<size_t>(reader)] = -1;
    }
    int64_t& last = table_.lastNanoseconds[static_cast<size_t>(reader)];
    const int64_t delta = now - last;
    const bool wantsCpu = options_.lastCpuAboveNanoseconds > 0 && delta >= options_.lastCpuAboveNanoseconds;
    if (last >= 0 && delta > 0) Activate(reader, delta, wantsCpu ? line.lastCpu : -1);
    last = now;
  }
}

bool ProcessScanner::HasEnded(ExitRecord& record, int32_t slot) const {
  if (record.tgid != 0) return record.lastThread;
  // Before taskstats version 12 a record does not tell its process. The leader has the process's pid; its end is
  // the end of all unless the clock still runs, which only threads that live on can bring about.
  record.tgid = record.pid;
  if (slot >= 0) return table_.state[static_cast<size_t>(slot)] == SlotState::kDying;
  return forkOfPid_.Find(record.pid) >= 0;
}

void ProcessScanner::ApplyExitRecords() {
  if (!exits_.open()) return;
  records_.clear();
  if (!exits_.Drain(records_)) {
    overruns_++;
    listNext_ = true;
  }
  if (first_) return;
  finished_.clear();
  unknown_.clear();
  unknownOfPid_.Clear();
  // One record a thread. Those of a process are summed first, for the thread that ends last is not always the last
  // to be heard of, and may miss the time of one that ended beside it (taskstats_exit runs without a common lock).
  for (ExitRecord& record : records_) {
    int32_t slot = table_.slotOfPid.Find(record.tgid != 0 ? record.tgid : record.pid);
    const bool ended = HasEnded(record, slot);
    for (const int32_t old : replaced_) {
      const auto at = static_cast<size_t>(old);
      if (table_.pid[at] == record.tgid && table_.ended[at] == 0) slot = old;
    }
    // A second end for one slot: somebody took the pid over and ended, both within this tick.
    const bool known = slot >= 0 && table_.state[static_cast<size_t>(slot)] != SlotState::kIgnored &&
                       !(ended && table_.ended[static_cast<size_t>(slot)] != 0);
    if (known) {
      table_.endedThreads[static_cast<size_t>(slot)] += record.cpuNanoseconds;
      if (!ended) continue;
      rateExits_++;
      table_.ended[static_cast<size_t>(slot)] = 1;
      finished_.push_back({slot, record.hasGroup ? record.groupCpuNanoseconds : 0});
      continue;
    }
    int32_t at = unknownOfPid_.Find(record.tgid);
    if (at < 0 || unknown_[static_cast<size_t>(at)].ended) {
      if (at < 0 || ended) {
        at = static_cast<int32_t>(unknown_.size());
        unknown_.push_back({record.tgid, record.ppid, record.comm, 0, 0, false});
        unknownOfPid_.Set(record.tgid, at);
      }
    }
    Unknown& process = unknown_[static_cast<size_t>(at)];
    process.threadSum += record.cpuNanoseconds;
    if (record.pid == record.tgid) process.comm = record.comm;
    if (record.hasGroup) process.groupTotal = record.groupCpuNanoseconds;
    if (ended) {
      process.ended = true;
      rateExits_++;
    }
  }
  for (const Finished& process : finished_) FinishKnown(process.slot, process.groupTotal);
  for (Unknown& process : unknown_) {
    if (!process.ended) continue;
    const auto total = static_cast<double>(std::max(process.threadSum, process.groupTotal));
    const int32_t ancestor = AncestorOf(process.tgid, process.ppid);
    result_.shortLived.push_back({process.tgid, process.ppid, std::move(process.comm), total, ancestor});
  }
}

void ProcessScanner::FinishKnown(int32_t slot, uint64_t groupTotal) {
  const auto at = static_cast<size_t>(slot);
  const int64_t counted = table_.state[at] == SlotState::kLive ? Deactivate(slot) : 0;
  if (table_.state[at] == SlotState::kLive) Leave(slot);
  ExitedProcess& exit = result_.exited[static_cast<size_t>(table_.place[at])];
  const int64_t last = table_.lastNanoseconds[at];
  // Never read: it existed before we did, and how much of its total is ours cannot be told.
  if (last < 0) return;
  const auto total = static_cast<int64_t>(std::max(groupTotal, table_.endedThreads[at]));
  exit.cpuNanoseconds = static_cast<double>(counted + std::max<int64_t>(0, total - last));
  exit.exact = true;
}

int32_t ProcessScanner::AncestorOf(int32_t pid, int32_t ppid) const {
  int32_t fork = forkOfPid_.Find(pid);
  // Without a fork event only the parent at its end is known, and pid 1 adopts every orphan.
  if (fork < 0 && ppid <= 1) return -1;
  int32_t parent = fork >= 0 ? forks_[static_cast<size_t>(fork)].parent : ppid;
  for (int depth = 0; depth < 64; depth++) {
    const int32_t slot = table_.slotOfPid.Find(parent);
    if (slot >= 0 && table_.state[static_cast<size_t>(slot)] != SlotState::kIgnored) return slot;
    fork = forkOfPid_.Find(parent);
    if (fork < 0) return -1;
    parent = forks_[static_cast<size_t>(fork)].parent;
  }
  return -1;
}

}  // namespace kisimd
