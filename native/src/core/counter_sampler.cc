#include "kisimd/counter_sampler.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

namespace kisimd {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
// RAPL counters advance about once a millisecond without a time stamp, so a power over less than some 5 to 10 ms is
// mostly jitter.
constexpr int64_t kWindowNanoseconds = 10'000'000;
constexpr int64_t kSecond = 1'000'000'000;
// CLOCK_THREAD_CPUTIME_ID is a system call; the figure is for people, so it need not be new at every sample.
constexpr double kCpuReadingsPerSecond = 16;

int64_t ThreadCpuNanoseconds() noexcept {
  timespec used;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<int64_t>(used.tv_sec) * kSecond + used.tv_nsec;
}

}  // namespace

bool CounterTrack::Take(uint64_t counter, int64_t nanoseconds) noexcept {
  if (!based_) {
    based_ = fresh_ = true;
    last_counter_ = counter;
    last_nanoseconds_ = window_start_ = nanoseconds;
    return true;
  }
  uint64_t delta = 0;
  bool good = true;
  if (counter >= last_counter_) {
    delta = counter - last_counter_;
  } else if (wrap_range_ >= last_counter_) {
    // powercap: energy_uj starts again at 0 after max_energy_range_uj (Documentation/power/powercap/powercap.rst).
    delta = wrap_range_ - last_counter_ + counter;
  } else {
    good = false;
  }
  last_counter_ = counter;
  last_nanoseconds_ = nanoseconds;
  if (!good) {
    broken_ = true;
    window_energy_ = 0;
    window_start_ = nanoseconds;
    return false;
  }
  fresh_ = true;
  energy_ += delta;
  window_energy_ += delta;
  const int64_t window = nanoseconds - window_start_;
  if (window >= kWindowNanoseconds) {
    const double power = static_cast<double>(window_energy_) * 1e9 / static_cast<double>(window);
    max_per_second_ = std::max(max_per_second_, power);
    window_energy_ = 0;
    window_start_ = nanoseconds;
  }
  return true;
}

CounterTrack::Drained CounterTrack::Drain() noexcept {
  const Drained result{
      .energy = fresh_ && !broken_ ? static_cast<double>(energy_) : kUnknown,
      .last_nanoseconds = based_ ? static_cast<double>(last_nanoseconds_) : kUnknown,
      .max_per_second = max_per_second_ >= 0 ? max_per_second_ : kUnknown,
  };
  energy_ = 0;
  fresh_ = broken_ = false;
  max_per_second_ = -1;
  return result;
}

int CounterSampler::Start(const std::vector<std::string>& paths, const std::vector<uint64_t>& wrapRanges, double hz,
                          std::string& failed) {
  std::vector<CounterFile> files;
  std::vector<CounterTrack> tracks;
  for (size_t i = 0; i < paths.size(); ++i) {
    CounterFile file;
    if (const int error = file.Open(paths[i].c_str()); error != 0) {
      failed = paths[i];
      return error;
    }
    files.push_back(std::move(file));
    tracks.emplace_back(wrapRanges[i]);
  }
  files_ = std::move(files);
  tracks_ = std::move(tracks);
  period_ = std::max<int64_t>(1, static_cast<int64_t>(1e9 / hz));
  samples_per_cpu_reading_ = std::max<uint64_t>(1, static_cast<uint64_t>(hz / kCpuReadingsPerSecond));
  // A new thread inherits the mask: with all signals blocked none of the program's can land in it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& refusal) {
    error = refusal.code().value();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

SamplerStatistics CounterSampler::Drain(double* energy, double* lastNanoseconds, double* maxPerSecond) noexcept {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < tracks_.size(); ++i) {
    const auto drained = tracks_[i].Drain();
    energy[i] = drained.energy;
    lastNanoseconds[i] = drained.last_nanoseconds;
    maxPerSecond[i] = drained.max_per_second;
  }
  return statistics_;
}

void CounterSampler::Stop() noexcept {
  if (!thread_.joinable()) return;
  stop_.store(1, std::memory_order_release);
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&stop_), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  thread_.join();
}

void CounterSampler::SleepUntil(int64_t nanoseconds) noexcept {
  // A futex on the stop flag costs what clock_nanosleep(TIMER_ABSTIME) costs, and can be ended from outside at any
  // time: FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time.
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t) && std::atomic<uint32_t>::is_always_lock_free);
  timespec until{};
  until.tv_sec = static_cast<decltype(until.tv_sec)>(nanoseconds / kSecond);
  until.tv_nsec = static_cast<decltype(until.tv_nsec)>(nanoseconds % kSecond);
  while (stop_.load(std::memory_order_acquire) == 0) {
    if (syscall(SYS_futex, reinterpret_cast<uint32_t*>(&stop_), FUTEX_WAIT_BITSET_PRIVATE, 0, &until, nullptr,
                FUTEX_BITSET_MATCH_ANY) == 0)
      continue;
    if (errno == ETIMEDOUT) return;
  }
}

void CounterSampler::SampleAll() noexcept {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < files_.size(); ++i) {
    uint64_t counter = 0;
    if (files_[i].Read(counter) != 0 || !tracks_[i].Take(counter, MonotonicNanoseconds())) ++statistics_.failures;
  }
  ++statistics_.samples;
  if (statistics_.samples % samples_per_cpu_reading_ == 0) statistics_.cpu_nanoseconds = ThreadCpuNanoseconds();
}

void CounterSampler::Run() noexcept {
  prctl(PR_SET_NAME, "kisimd-energy");
  prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(std::max<int64_t>(1, period_ / 4)));
  int64_t next = MonotonicNanoseconds();
  while (stop_.load(std::memory_order_acquire) == 0) {
    SampleAll();
    next += period_;
    const int64_t late = MonotonicNanoseconds() - next;
    if (late >= 0) {
      const int64_t skipped = late / period_ + 1;
      next += skipped * period_;
      const std::lock_guard lock(mutex_);
      statistics_.missed += static_cast<uint64_t>(skipped);
    }
    SleepUntil(next);
  }
  const std::lock_guard lock(mutex_);
  statistics_.cpu_nanoseconds = ThreadCpuNanoseconds();
}

}  // namespace kisimd
