#include "kisimd/counter_sampler.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
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

constexpr size_t kStatisticsWords = 4;
constexpr size_t kTrackWords = 4;

int64_t ThreadCpuNanoseconds() noexcept {
  timespec used;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<int64_t>(used.tv_sec) * kSecond + used.tv_nsec;
}

}  // namespace

bool CounterTrack::Take(uint64_t counter, int64_t nanoseconds) noexcept {
  ended_window_power_ = -1;
  const bool based = totals_.readings > 0;
  const uint64_t last = last_counter_;
  last_counter_ = counter;
  totals_.last_nanoseconds = nanoseconds;
  ++totals_.readings;
  uint64_t delta = 0;
  if (!based) {
    window_start_ = nanoseconds;
    return true;
  }
  if (counter >= last) {
    delta = counter - last;
  } else if (wrap_range_ >= last) {
    // powercap: energy_uj starts again at 0 after max_energy_range_uj (Documentation/power/powercap/powercap.rst).
    delta = wrap_range_ - last + counter;
  } else {
    ++totals_.breaks;
    window_energy_ = 0;
    window_start_ = nanoseconds;
    return false;
  }
  totals_.energy += delta;
  window_energy_ += delta;
  const int64_t window = nanoseconds - window_start_;
  if (window >= kWindowNanoseconds) {
    ended_window_power_ = static_cast<double>(window_energy_) * 1e9 / static_cast<double>(window);
    window_energy_ = 0;
    window_start_ = nanoseconds;
  }
  return true;
}

TrackDifference Difference(const TrackTotals& before, const TrackTotals& now) noexcept {
  const bool known = now.readings > before.readings && now.breaks == before.breaks;
  return {
      .energy = known ? static_cast<double>(now.energy - before.energy) : kUnknown,
      .last_nanoseconds = now.readings > 0 ? static_cast<double>(now.last_nanoseconds) : kUnknown,
  };
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
  const size_t words = kStatisticsWords + tracks_.size() * kTrackWords;
  for (Words& copy : copies_) copy = std::make_unique<std::atomic<uint64_t>[]>(words);
  peaks_ = std::make_unique<std::atomic<double>[]>(tracks_.size());
  for (size_t i = 0; i < tracks_.size(); ++i) peaks_[i].store(-1);
  drained_.resize(tracks_.size());
  scratch_.resize(words);
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

void CounterSampler::Publish() noexcept {
  const uint64_t next = sequence_.load(std::memory_order_relaxed) + 1;
  std::atomic<uint64_t>* words = copies_[next & 1].get();
  // Stores that release and loads that acquire (plain moves on x86): a reader that meets a word of a later filling
  // is sure to see that the sequence has turned.
  const auto put = [&words](uint64_t word) { (words++)->store(word, std::memory_order_release); };
  put(statistics_.samples);
  put(statistics_.missed);
  put(statistics_.failures);
  put(static_cast<uint64_t>(statistics_.cpu_nanoseconds));
  for (const CounterTrack& track : tracks_) {
    put(track.totals().energy);
    put(static_cast<uint64_t>(track.totals().last_nanoseconds));
    put(track.totals().readings);
    put(track.totals().breaks);
  }
  sequence_.store(next, std::memory_order_release);
}

SamplerStatistics CounterSampler::Drain(double* energy, double* lastNanoseconds, double* maxPerSecond) noexcept {
  uint64_t sequence;
  do {
    sequence = sequence_.load(std::memory_order_acquire);
    const std::atomic<uint64_t>* words = copies_[sequence & 1].get();
    for (size_t i = 0; i < scratch_.size(); ++i) scratch_[i] = words[i].load(std::memory_order_acquire);
    // Tried again only where the thread has finished a sample meanwhile.
  } while (sequence_.load(std::memory_order_acquire) != sequence);
  const uint64_t* word = scratch_.data() + kStatisticsWords;
  for (size_t i = 0; i < drained_.size(); ++i, word += kTrackWords) {
    const TrackTotals now{word[0], static_cast<int64_t>(word[1]), word[2], word[3]};
    const TrackDifference difference = Difference(drained_[i], now);
    energy[i] = difference.energy;
    lastNanoseconds[i] = difference.last_nanoseconds;
    const double peak = peaks_[i].exchange(-1, std::memory_order_relaxed);
    maxPerSecond[i] = peak >= 0 ? peak : kUnknown;
    drained_[i] = now;
  }
  return {scratch_[0], scratch_[1], scratch_[2], static_cast<int64_t>(scratch_[3])};
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
  for (size_t i = 0; i < files_.size(); ++i) {
    uint64_t counter = 0;
    if (files_[i].Read(counter) != 0 || !tracks_[i].Take(counter, MonotonicNanoseconds())) {
      ++statistics_.failures;
      continue;
    }
    const double power = tracks_[i].ended_window_power();
    double peak = peaks_[i].load(std::memory_order_relaxed);
    while (power > peak && !peaks_[i].compare_exchange_weak(peak, power, std::memory_order_relaxed)) {
    }
  }
  ++statistics_.samples;
  if (statistics_.samples % samples_per_cpu_reading_ == 0) statistics_.cpu_nanoseconds = ThreadCpuNanoseconds();
  Publish();
}

void CounterSampler::Run() noexcept {
  prctl(PR_SET_NAME, "kisimd-energy");
  // Any thread may lower itself; where a filter of system calls forbids it, the default class samples all the same.
  const sched_param priority{};
  sched_setscheduler(0, SCHED_IDLE, &priority);
  prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(std::max<int64_t>(1, period_ / 4)));
  int64_t next = MonotonicNanoseconds();
  while (stop_.load(std::memory_order_acquire) == 0) {
    SampleAll();
    next += period_;
    const int64_t late = MonotonicNanoseconds() - next;
    if (late >= 0) {
      const int64_t skipped = late / period_ + 1;
      next += skipped * period_;
      statistics_.missed += static_cast<uint64_t>(skipped);
    }
    SleepUntil(next);
  }
  statistics_.cpu_nanoseconds = ThreadCpuNanoseconds();
  Publish();
}

}  // namespace kisimd
