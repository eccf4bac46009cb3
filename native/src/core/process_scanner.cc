#include "kisimd/process_scanner.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

namespace kisimd {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

int64_t Now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

}  // namespace

ProcessScanner::ProcessScanner(const ScannerOptions& options)
    : options_(options),
      nanosecondsPerTick_(1e9 / static_cast<double>(::sysconf(_SC_CLK_TCK))),
      cpus_(::sysconf(_SC_NPROCESSORS_CONF)),
      groups_(options.statClock),
      buffer_(64 * 1024),
      hostBuffer_(16 * 1024) {
  proc_ = FileDescriptor(::open(options_.procRoot.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc_.valid()) {
    const int error = errno;
    throw ScanError(error, options_.procRoot + ": " + std::strerror(error));
  }
  if (options_.statClock) {
    if (options_.births == Tier::kEvents || options_.exits == Tier::kEvents)
      throw ScanError(EINVAL, "events of the kernel do not belong to a played /proc tree");
    options_.births = Tier::kNone;
    options_.exits = Tier::kNone;
  } else {
    // Everything stands on these clocks; a sandbox that forbids them must not look like a host without processes.
    timespec time{};
    if (::clock_gettime(static_cast<clockid_t>((~static_cast<uint32_t>(::getpid()) << 3) | 2u), &time) != 0) {
      const int error = errno;
      throw ScanError(error, std::string("CPU clock of a process: ") + std::strerror(error));
    }
    hostStat_ = FileDescriptor(::openat(proc_.get(), "stat", O_RDONLY | O_CLOEXEC));
  }
  OpenTiers(true);
}

void ProcessScanner::OpenTiers(bool demanded) {
  // Refusals of an earlier try are replaced, never piled up.
  refusals_.clear();
  int error = 0;
  if (options_.births != Tier::kNone) {
    std::string refusal = events_.Open(options_.receiveBuffer, error);
    if (!refusal.empty()) {
      if (demanded && options_.births == Tier::kEvents) throw ScanError(error, refusal);
      refusals_.push_back(std::move(refusal));
    }
  }
  if (options_.exits != Tier::kNone) {
    std::string refusal = exits_.Open(options_.receiveBuffer, error);
    if (!refusal.empty()) {
      if (demanded && options_.exits == Tier::kEvents) throw ScanError(error, refusal);
      refusals_.push_back(std::move(refusal));
    }
  }
}

const ScanResult& ProcessScanner::Tick() {
  BeginTick();
  const int64_t elapsed = tickStart_ - lastTickStart_;
  bool listAll = first_ || !events_.open() || listNext_;
  listNext_ = false;
  DrainBirths(listAll);
  const double sinceListed = static_cast<double>(tickStart_ - lastListed_) / kSecond;
  if (listAll || sinceListed >= options_.reconcileSeconds) ListAll();
  if (!first_) {
    RecheckYoung(tickStart_);
    RecheckRolling(static_cast<double>(elapsed) / kSecond);
  }

  if (options_.statClock) {
    ReadStatClocks();
  } else {
    ReadClocks(elapsed);
    ReadLastCpus();
  }
  // After the clocks: whoever was found gone there has left its record before (do_exit calls taskstats_exit long
  // before the pid is released).
  ApplyExitRecords();

  result_.monotonicNanoseconds = static_cast<double>(Now(CLOCK_MONOTONIC));
  groups_.Read(result_.groups);
  ReadHost();
  if (storm_) {
    WatchForCalm(tickStart_);
  } else {
    WatchForStorm(tickStart_);
  }
  first_ = false;
  return result_;
}

void ProcessScanner::BeginTick() {
  tick_++;
  lastTickStart_ = tickStart_;
  tickStart_ = Now(CLOCK_MONOTONIC);
  lastTickBootTime_ = tickBootTime_;
  tickBootTime_ = Now(CLOCK_BOOTTIME);
  for (size_t i = 0; i < result_.activeCount; i++) {
    const auto slot = static_cast<size_t>(result_.activeSlots[i]);
    if (table_.state[slot] == SlotState::kLive) table_.place[slot] = -1;
  }
  for (const int32_t slot : dying_) table_.Free(slot);
  dying_.clear();
  replaced_.clear();
  forks_.clear();
  forkOfPid_.Clear();
  execs_.clear();
  result_.born.clear();
  result_.exited.clear();
  result_.shortLived.clear();
  result_.activeCount = 0;
}

void ProcessScanner::DrainBirths(bool& listAll) {
  if (!events_.open()) return;
  if (!events_.Drain(forks_, execs_)) {
    overruns_++;
    listAll = true;
  }
  if (first_) {
    // Before the first look everything is old; the same goes for who ended until now.
    forks_.clear();
    execs_.clear();
    return;
  }
  for (size_t i = 0; i < forks_.size(); i++) forkOfPid_.Set(forks_[i].child, static_cast<int32_t>(i));
  rateBirths_ += forks_.size();
  for (const ForkEvent& fork : forks_) HandleFork(fork);
  for (const int32_t pid : execs_) HandleExec(pid);
}

void ProcessScanner::ReadHost() {
  for (;;) {
    const ssize_t length = options_.statClock ? ReadFileAt(proc_.get(), "stat", hostBuffer_.data(), hostBuffer_.size())
                                              : ::pread(hostStat_.get(), hostBuffer_.data(), hostBuffer_.size(), 0);
    const std::string_view text(hostBuffer_.data(), length > 0 ? static_cast<size_t>(length) : 0);
    // The lines of CPUs end where another line begins; a machine with many needs a larger buffer.
    if (text.size() == hostBuffer_.size() && text.find("\nintr") == std::string_view::npos &&
        hostBuffer_.size() < (16u << 20)) {
      hostBuffer_.resize(hostBuffer_.size() * 2);
      continue;
    }
    if (!ParseHostCpus(text, nanosecondsPerTick_, result_.host, result_.hostCpus)) {
      result_.host.assign(10, std::numeric_limits<double>::quiet_NaN());
      result_.hostCpus.clear();
    }
    return;
  }
}

void ProcessScanner::WatchForStorm(int64_t now) {
  if (!events_.open() && !exits_.open()) return;
  if (first_) {
    rateSince_ = now;
    rateBirths_ = rateExits_ = 0;
    return;
  }
  // A burst shorter than this is cheaper to see through than to flee from.
  if (now - rateSince_ < kSecond / 2) return;
  const double seconds = static_cast<double>(now - rateSince_) / kSecond;
  const double rate = static_cast<double>(std::max(rateBirths_, rateExits_)) / seconds;
  rateSince_ = now;
  rateBirths_ = rateExits_ = 0;
  if (rate <= options_.stormExitsPerSecond) return;
  storm_ = true;
  calmSince_ = now;
  forksReadAt_ = 0;
  events_.Close();
  exits_.Close();
}

void ProcessScanner::WatchForCalm(int64_t now) {
  if (forksReadAt_ != 0 && now - forksReadAt_ < kSecond) return;
  uint64_t forks = 0;
  if (!ReadForkCount(forks)) return;
  if (forksReadAt_ != 0) {
    const double rate = static_cast<double>(forks - forksRead_) * kSecond / static_cast<double>(now - forksReadAt_);
    if (rate > options_.stormExitsPerSecond / 2) calmSince_ = now;
  }
  forksRead_ = forks;
  forksReadAt_ = now;
  if (static_cast<double>(now - calmSince_) < options_.stormCalmSeconds * kSecond) return;
  storm_ = false;
  rateSince_ = now;
  rateBirths_ = rateExits_ = 0;
  OpenTiers(false);
  listNext_ = true;  // births between this tick's list and the subscription
}

bool ProcessScanner::ReadForkCount(uint64_t& forks) {
  // The line stands behind the interrupt counts, which can be long: read it all, only while a storm lasts.
  for (;;) {
    const ssize_t length = ReadWhole(hostStat_.get(), hostBuffer_.data(), hostBuffer_.size());
    if (length < 0) return false;
    if (static_cast<size_t>(length) < hostBuffer_.size() || hostBuffer_.size() >= (16u << 20))
      return ParseForkCount({hostBuffer_.data(), static_cast<size_t>(length)}, forks);
    hostBuffer_.resize(hostBuffer_.size() * 2);
  }
}

}  // namespace kisimd
