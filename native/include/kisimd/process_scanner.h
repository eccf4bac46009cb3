#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "kisimd/exit_records.h"
#include "kisimd/group_counters.h"
#include "kisimd/process_events.h"
#include "kisimd/process_table.h"

namespace kisimd {

/** A system call that the scanner cannot do without has failed. */
class ScanError : public std::runtime_error {
 public:
  ScanError(int error, const std::string& message) : std::runtime_error(message), error_(error) {}
  int error() const { return error_; }

 private:
  int error_;
};

enum class Tier { kAuto, kEvents, kNone };

/** See ProcessScannerOptions in src/native/process-scanner.ts; `kEvents` = connector or taskstats. */
struct ScannerOptions {
  std::string procRoot = "/proc";
  /** utime + stime of stat files instead of CPU clocks. */
  bool statClock = false;
  Tier births = Tier::kAuto;
  Tier exits = Tier::kAuto;
  double stormExitsPerSecond = 2000;
  double reconcileSeconds = 60;
  int64_t lastCpuAboveNanoseconds = 0;
  /** How long fork rates must have been low before the event tiers are tried again. */
  double stormCalmSeconds = 30;
  /** Bytes that each event socket may queue between two ticks; some 10,000 exits. */
  int receiveBuffer = 8 << 20;
};

struct BornProcess {
  int32_t slot = -1;
  int32_t pid = 0;
  int32_t ppid = -1;
  int64_t startTicks = -1;
  std::string comm;
  std::string cmdline;
  std::string cgroup;
  bool kernelThread = false;
  /** System error of the first file that could not be read, 0 if all could. */
  int error = 0;
};

struct ExitedProcess {
  int32_t slot;
  double cpuNanoseconds;
  bool exact;
};

struct ShortLived {
  int32_t pid;
  int32_t ppid;
  std::string comm;
  double cpuNanoseconds;
  int32_t ancestorSlot;
};

/** The result of a tick; overwritten by the next. The `active` columns are valid up to `activeCount`. */
struct ScanResult {
  double monotonicNanoseconds = 0;
  std::vector<BornProcess> born;
  std::vector<ExitedProcess> exited;
  std::vector<ShortLived> shortLived;
  size_t activeCount = 0;
  std::vector<int32_t> activeSlots;
  std::vector<double> activeCpu;
  std::vector<int32_t> activeLastCpu;
  std::vector<double> groups;
  std::vector<double> host;
  std::vector<int32_t> hostCpus;
};

/** The pass over all processes; the contract and its units stand in src/native/process-scanner.ts. One thread. */
class ProcessScanner {
 public:
  /** Throws ScanError where procRoot cannot be opened or a tier that was demanded cannot be had. */
  explicit ProcessScanner(const ScannerOptions& options);

  /** Throws ScanError where procRoot cannot be listed. */
  const ScanResult& Tick();
  GroupCounters& groups() { return groups_; }
  const std::vector<std::string>& refusals() const { return refusals_; }
  int32_t alive() const { return table_.live; }
  int32_t unreadable() const { return table_.unreadableLive; }
  bool birthsByEvents() const { return events_.open(); }
  bool exitsByEvents() const { return exits_.open(); }
  bool storm() const { return storm_; }
  uint64_t overruns() const { return overruns_; }

 private:
  /** A process whose name and cgroup may still change without our hearing of it. */
  struct Young {
    int32_t slot;
    int32_t pid;
    int64_t startTicks;
    uint64_t bornTick;
    int64_t bornNanoseconds;
  };
  /** A process that ended without ever having been in the table, put together from the records of its threads. */
  struct Unknown {
    int32_t tgid;
    int32_t ppid;
    std::string comm;
    uint64_t threadSum;
    uint64_t groupTotal;
    bool ended;
  };
  struct Finished {
    int32_t slot;
    uint64_t groupTotal;
  };
  enum class ReadOutcome { kRead, kGone, kZombie };

  // process_scanner.cc: the order of a tick, and the tiers
  void OpenTiers(bool demanded);
  void BeginTick();
  void DrainBirths(bool& listAll);
  void ReadHost();
  void WatchForStorm(int64_t now);
  void WatchForCalm(int64_t now);
  bool ReadForkCount(uint64_t& forks);

  // process_births.cc: who is new, who is somebody else now
  void HandleFork(const ForkEvent& fork);
  void HandleExec(int32_t pid);
  void ListAll();
  /** `fresh`: it is certain to have been born since the last tick (asked only where its start time is unreadable). */
  void Admit(int32_t pid, uint64_t inode, bool fresh);
  void Replace(int32_t slot);
  void Report(int32_t slot);
  void Recheck(int32_t slot);
  void RecheckYoung(int64_t now);
  void RecheckRolling(double elapsedSeconds);
  ReadOutcome ReadRecord(int32_t pid, BornProcess& record, StatLine& line);
  ssize_t ReadPidFile(int32_t pid, const char* name, char* buffer, size_t capacity);
  bool ReadStat(int32_t pid, StatLine& line, int& error);
  bool IsHiddenButAlive(int32_t pid) const;

  // process_times.cc: clocks and ends
  void ReadClocks(int64_t elapsedNanoseconds);
  void ReadStatClocks();
  void Judge(int32_t slot, int64_t nanoseconds);
  void ReserveActive();
  void Activate(int32_t slot, int64_t delta, int32_t lastCpu);
  int64_t Deactivate(int32_t slot);
  void Leave(int32_t slot);
  void ApplyExitRecords();
  void FinishKnown(int32_t slot, uint64_t total);
  bool HasEnded(ExitRecord& record, int32_t slot) const;
  int32_t AncestorOf(int32_t pid, int32_t ppid) const;
  void ReadLastCpus();

  ScannerOptions options_;
  double nanosecondsPerTick_;
  /** CPUs that may be there; asked once, for each question costs glibc a file. */
  int64_t cpus_;
  FileDescriptor proc_;
  FileDescriptor hostStat_;
  ProcessTable table_;
  ProcessEvents events_;
  ExitRecords exits_;
  GroupCounters groups_;
  PidLister lister_;
  ScanResult result_;
  std::vector<std::string> refusals_;

  bool first_ = true;
  uint64_t tick_ = 0;
  uint64_t overruns_ = 0;
  bool listNext_ = false;
  int64_t tickStart_ = 0;
  int64_t lastTickStart_ = 0;
  int64_t lastTickBootTime_ = 0;
  int64_t tickBootTime_ = 0;
  int64_t lastListed_ = 0;
  uint32_t listing_ = 0;
  double rollingCredit_ = 0;
  int32_t rollingSlot_ = 0;

  bool storm_ = false;
  int64_t rateSince_ = 0;
  uint64_t rateBirths_ = 0;
  uint64_t rateExits_ = 0;
  int64_t calmSince_ = 0;
  int64_t forksReadAt_ = 0;
  uint64_t forksRead_ = 0;

  // Kept between ticks for their memory only.
  std::vector<char> buffer_;
  std::vector<char> hostBuffer_;
  std::vector<ForkEvent> forks_;
  PidMap forkOfPid_;
  std::vector<int32_t> execs_;
  std::vector<PidEntry> entries_;
  std::vector<ExitRecord> records_;
  std::vector<int32_t> dying_;
  std::vector<int32_t> doubted_;
  std::vector<int64_t> doubtedNanoseconds_;
  std::vector<int32_t> replaced_;
  std::vector<Young> young_;
  std::vector<Finished> finished_;
  std::vector<Unknown> unknown_;
  PidMap unknownOfPid_;
};

}  // namespace kisimd
