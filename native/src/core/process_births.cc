#include <time.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "kisimd/process_scanner.h"

// Who is new, and who has become somebody else.
namespace kisimd {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
/** A process that started this long before the last tick was overlooked then, and its past is not this tick's. */
constexpr int64_t kOverlooked = kSecond / 20;
constexpr int64_t kYoungFor = 10 * kSecond;

/** FNV-1a, 64 bits. */
uint64_t HashOf(std::string_view text) {
  uint64_t hash = 14695981039346656037ull;
  for (const char byte : text) hash = (hash ^ static_cast<uint8_t>(byte)) * 1099511628211ull;
  return hash;
}

bool SaysGone(int error) { return error == ENOENT || error == ESRCH || error == ENOTDIR; }

}  // namespace

ssize_t ProcessScanner::ReadPidFile(int32_t pid, const char* name, char* buffer, size_t capacity) {
  char path[32];
  std::snprintf(path, sizeof path, "%d/%s", pid, name);
  return ReadFileAt(proc_.get(), path, buffer, capacity);
}

bool ProcessScanner::ReadStat(int32_t pid, StatLine& line, int& error) {
  const ssize_t length = ReadPidFile(pid, "stat", buffer_.data(), buffer_.size());
  error = length < 0 ? static_cast<int>(-length) : 0;
  if (length < 0) return false;
  if (ParseStatLine({buffer_.data(), static_cast<size_t>(length)}, line)) return true;
  error = EBADMSG;
  return false;
}

bool ProcessScanner::IsHiddenButAlive(int32_t pid) const {
  if (options_.statClock) return false;
  timespec time{};
  const auto clock = static_cast<clockid_t>((~static_cast<uint32_t>(pid) << 3) | 2u);
  return ::clock_gettime(clock, &time) == 0;
}

ProcessScanner::ReadOutcome ProcessScanner::ReadRecord(int32_t pid, BornProcess& record, StatLine& line) {
  record.pid = pid;
  const auto failed = [&](int error) {
    if (record.error == 0) record.error = error;
  };
  // stat comes last: the cgroup file of a process that has died in between shows the root (cgroup v1), and its stat
  // line tells that it has.
  const ssize_t cgroup = ReadPidFile(pid, "cgroup", buffer_.data(), buffer_.size());
  if (cgroup >= 0) {
    record.cgroup.assign(buffer_.data(), static_cast<size_t>(cgroup));
  } else {
    failed(static_cast<int>(-cgroup));
  }
  if (!SaysGone(record.error)) {
    const ssize_t cmdline = ReadPidFile(pid, "cmdline", buffer_.data(), buffer_.size());
    if (cmdline >= 0) {
      // The last argument has its NUL as well; the contract promises separators.
      const auto length = static_cast<size_t>(cmdline);
      record.cmdline.assign(buffer_.data(), length > 0 && buffer_[length - 1] == '\0' ? length - 1 : length);
    } else {
      failed(static_cast<int>(-cmdline));
    }
  }
  int error = 0;
  if (ReadStat(pid, line, error)) {
    if (line.IsZombie()) return ReadOutcome::kZombie;
    record.ppid = line.ppid;
    record.startTicks = line.startTicks;
    record.comm.assign(line.comm);
    record.kernelThread = line.IsKernelThread();
    return ReadOutcome::kRead;
  }
  // With hidepid the entry of a foreign process is not there at all; its clock tells that it lives.
  if (SaysGone(error) && !IsHiddenButAlive(pid)) return ReadOutcome::kGone;
  failed(error);
  return ReadOutcome::kRead;
}

void ProcessScanner::Admit(int32_t pid, uint64_t inode, bool fresh) {
  BornProcess record;
  StatLine line;
  const ReadOutcome outcome = ReadRecord(pid, record, line);
  if (outcome == ReadOutcome::kGone) return;
  if (outcome == ReadOutcome::kZombie) {
    // Its exit record, if there is one, tells all; its own cgroup file no longer does (cgroup v1 shows the root).
    if (inode == 0) return;
    const int32_t slot = table_.Take(pid, SlotState::kIgnored);
    table_.inode[static_cast<size_t>(slot)] = inode;
    table_.listed[static_cast<size_t>(slot)] = listing_;
    return;
  }
  const int32_t slot = table_.Take(pid, SlotState::kLive);
  const auto at = static_cast<size_t>(slot);
  record.slot = slot;
  table_.startTicks[at] = record.startTicks;
  table_.inode[at] = inode;
  table_.listed[at] = listing_;
  table_.commHash[at] = HashOf(record.comm);
  table_.cgroupHash[at] = HashOf(record.cgroup);
  table_.kernelThread[at] = record.kernelThread ? 1 : 0;
  table_.SetUnreadable(slot, record.error != 0);
  const auto started = static_cast<int64_t>(static_cast<double>(record.startTicks) * nanosecondsPerTick_);
  // What a process used before the first tick is history. So is the past of one that we overlooked until now: its
  // group's counter has had it charged already. A birth in between starts from zero.
  const bool overlooked =
      !options_.statClock && (record.startTicks >= 0 ? started < lastTickBootTime_ - kOverlooked : !fresh);
  if (first_ || overlooked) table_.lastNanoseconds[at] = -1;
  // At the first look most are old hands, and looking at each of them again would cost as much as all else.
  const bool settled = !options_.statClock && first_ && started < tickBootTime_ - 2 * kSecond;
  if (!record.kernelThread && !settled) young_.push_back({slot, pid, record.startTicks, tick_, tickStart_});
  result_.born.push_back(std::move(record));
}

void ProcessScanner::Replace(int32_t slot) {
  const int32_t pid = table_.pid[static_cast<size_t>(slot)];
  Leave(slot);
  replaced_.push_back(slot);
  Admit(pid, 0, true);
}

void ProcessScanner::HandleFork(const ForkEvent& fork) {
  const int32_t slot = table_.slotOfPid.Find(fork.child);
  if (slot < 0) return Admit(fork.child, 0, true);
  if (table_.state[static_cast<size_t>(slot)] == SlotState::kIgnored) {
    table_.Free(slot);
    return Admit(fork.child, 0, true);
  }
  // Known already: a readdir was quicker than this event, or the pid is in use again.
  StatLine line;
  int error = 0;
  if (!ReadStat(fork.child, line, error)) return;  // gone or hidden: the clock decides
  if (table_.state[static_cast<size_t>(slot)] == SlotState::kLive &&
      line.startTicks != table_.startTicks[static_cast<size_t>(slot)])
    Replace(slot);
}

void ProcessScanner::HandleExec(int32_t pid) {
  const int32_t slot = table_.slotOfPid.Find(pid);
  if (slot < 0) return Admit(pid, 0, false);  // its fork event was dropped, or readdir does not show it (hidepid)
  if (table_.state[static_cast<size_t>(slot)] != SlotState::kLive) return;
  for (const auto& record : result_.born) {
    if (record.slot == slot) return;  // read after this event had come
  }
  Report(slot);
}

void ProcessScanner::Report(int32_t slot) {
  const auto at = static_cast<size_t>(slot);
  BornProcess record;
  StatLine line;
  if (ReadRecord(table_.pid[at], record, line) != ReadOutcome::kRead) return;  // what we know of it stays
  const bool bothKnown = record.startTicks >= 0 && table_.startTicks[at] >= 0;
  if (bothKnown && record.startTicks != table_.startTicks[at]) return Replace(slot);
  if (record.startTicks >= 0) table_.startTicks[at] = record.startTicks;
  record.slot = slot;
  table_.commHash[at] = HashOf(record.comm);
  table_.cgroupHash[at] = HashOf(record.cgroup);
  table_.SetUnreadable(slot, record.error != 0);
  result_.born.push_back(std::move(record));
}

void ProcessScanner::Recheck(int32_t slot) {
  const auto at = static_cast<size_t>(slot);
  const int32_t pid = table_.pid[at];
  StatLine line;
  int error = 0;
  if (!ReadStat(pid, line, error) || line.IsZombie()) return;
  if (line.startTicks != table_.startTicks[at]) return Report(slot);
  bool changed = HashOf(line.comm) != table_.commHash[at];
  if (!changed) {
    const ssize_t length = ReadPidFile(pid, "cgroup", buffer_.data(), buffer_.size());
    changed = length >= 0 && HashOf({buffer_.data(), static_cast<size_t>(length)}) != table_.cgroupHash[at];
  }
  if (changed) Report(slot);
}

void ProcessScanner::RecheckYoung(int64_t now) {
  // runc, containerd's shim, systemd and logind all fork first, move the child to its cgroup and let it exec then:
  // what we read in between has the wrong name and the wrong home.
  for (size_t i = 0; i < young_.size();) {
    const Young young = young_[i];
    const auto at = static_cast<size_t>(young.slot);
    const uint64_t age = tick_ - young.bornTick;
    const bool same = table_.state[at] == SlotState::kLive && table_.pid[at] == young.pid &&
                      table_.startTicks[at] == young.startTicks;
    const bool grown = age >= 5 && now - young.bornNanoseconds >= kYoungFor;
    // With exec events only a move without an exec remains (logind and its session scopes).
    const bool soon = age == 1 || (!events_.open() && (age == 2 || age == 5));
    if (same && (soon || grown)) Recheck(young.slot);
    if (!same || grown) {
      young_[i] = young_.back();
      young_.pop_back();
    } else {
      i++;
    }
  }
}

void ProcessScanner::RecheckRolling(double elapsedSeconds) {
  // A move or a new name late in life comes without an event (or, without the connector, an exec does): everybody
  // is looked at again once in this period, a few in each tick.
  const double period = options_.reconcileSeconds * (events_.open() ? 10 : 1);
  rollingCredit_ += elapsedSeconds / period * table_.end;
  if (rollingCredit_ > table_.end) rollingCredit_ = table_.end;
  for (; rollingCredit_ >= 1; rollingCredit_--) {
    if (rollingSlot_ >= table_.end) rollingSlot_ = 0;
    const int32_t slot = rollingSlot_++;
    const auto at = static_cast<size_t>(slot);
    if (table_.state[at] == SlotState::kLive && table_.kernelThread[at] == 0) Recheck(slot);
  }
}

void ProcessScanner::ListAll() {
  if (options_.statClock) {
    // A played tree may have been replaced as a whole.
    FileDescriptor root(::open(options_.procRoot.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root.valid()) {
      const int error = errno;
      throw ScanError(error, options_.procRoot + ": " + std::strerror(error));
    }
    proc_ = std::move(root);
  }
  if (const int error = -lister_.List(proc_.get(), entries_); error != 0)
    throw ScanError(error, options_.procRoot + ": " + std::strerror(error));
  const bool listedInLastTick = lastListed_ == lastTickStart_;
  lastListed_ = tickStart_;
  listing_++;
  for (const PidEntry& entry : entries_) {
    const int32_t slot = table_.slotOfPid.Find(entry.pid);
    if (slot < 0) {
      Admit(entry.pid, entry.inode, listedInLastTick);
      continue;
    }
    const auto at = static_cast<size_t>(slot);
    const bool otherEntry = entry.inode != table_.inode[at];
    if (table_.state[at] == SlotState::kIgnored && otherEntry) {
      table_.Free(slot);
      Admit(entry.pid, entry.inode, listedInLastTick);
      continue;
    }
    table_.listed[at] = listing_;
    if (table_.state[at] != SlotState::kLive || !otherEntry) continue;
    const bool seenBefore = table_.inode[at] != 0;
    table_.inode[at] = entry.inode;
    if (!seenBefore || options_.statClock) continue;
    // The entry was made anew: either the kernel had dropped it, or the pid belongs to somebody else now.
    StatLine line;
    int error = 0;
    if (ReadStat(entry.pid, line, error) && line.startTicks != table_.startTicks[at]) Replace(slot);
  }
  for (int32_t slot = 0; slot < table_.end; slot++) {
    const auto at = static_cast<size_t>(slot);
    if (table_.state[at] == SlotState::kIgnored && table_.listed[at] != listing_) table_.Free(slot);
  }
}

}  // namespace kisimd
