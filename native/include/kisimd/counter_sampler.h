#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kisimd/counter_file.h"

namespace kisimd {

// One counter as the sampler follows it: exact sums with wraps undone, and the greatest power over short windows.
// Apart from the thread so that every sequence of readings can be tried in a test.
class CounterTrack {
 public:
  // `wrapRange` is what is added to a counter that has decreased (powercap's max_energy_range_uj); 0 = unknown.
  explicit CounterTrack(uint64_t wrapRange) noexcept : wrap_range_(wrapRange) {}

  // Takes a good reading. Returns false where the counter decreased and the decrease is no wrap: the energy up to
  // this reading is unknown, and the reading becomes the new base.
  bool Take(uint64_t counter, int64_t nanoseconds) noexcept;

  struct Drained {
    double energy;           // since the last drain; NaN = unknown (no good reading, or an unexplained decrease)
    double last_nanoseconds; // of the last good reading; NaN before the first
    double max_per_second;   // NaN where no window has ended since the last drain
  };
  Drained Drain() noexcept;

 private:
  uint64_t wrap_range_;
  bool based_ = false;
  bool fresh_ = false;
  bool broken_ = false;
  uint64_t last_counter_ = 0;
  int64_t last_nanoseconds_ = 0;
  uint64_t energy_ = 0;
  uint64_t window_energy_ = 0;
  int64_t window_start_ = 0;
  double max_per_second_ = -1;
};

struct SamplerStatistics {
  uint64_t samples = 0;
  uint64_t missed = 0;
  uint64_t failures = 0;
  int64_t cpu_nanoseconds = 0;
};

// A thread that reads counters at a fixed rate.
//
// What a sample costs is two context switches, one timer interrupt and one pread a counter; the rest is kept out of
// the way: an uncontended lock, no allocation, the clock from the vDSO. The thread keeps the default scheduling
// class, and a timer slack of a quarter period, so that the kernel may serve the timer together with another one;
// powers are right all the same because each reading is timed by itself.
class CounterSampler {
 public:
  ~CounterSampler() { Stop(); }
  CounterSampler() = default;
  CounterSampler(const CounterSampler&) = delete;
  CounterSampler& operator=(const CounterSampler&) = delete;

  // Opens all files and starts the thread. 0, or the errno of the first failure with `failed` naming its file
  // (empty where the thread could not be started).
  int Start(const std::vector<std::string>& paths, const std::vector<uint64_t>& wrapRanges, double hz,
            std::string& failed);
  size_t size() const noexcept { return files_.size(); }
  // Fills `size()` entries of each array; see CounterTrack::Drained.
  SamplerStatistics Drain(double* energy, double* lastNanoseconds, double* maxPerSecond) noexcept;
  // Ends the thread at once and waits for it. What was gathered can still be drained.
  void Stop() noexcept;

 private:
  void Run() noexcept;
  void SampleAll() noexcept;
  // Sleeps until an absolute CLOCK_MONOTONIC time, or until Stop.
  void SleepUntil(int64_t nanoseconds) noexcept;

  std::vector<CounterFile> files_;
  int64_t period_ = 0;
  uint64_t samples_per_cpu_reading_ = 1;
  std::thread thread_;
  std::atomic<uint32_t> stop_{0};
  std::mutex mutex_;  // guards all below
  std::vector<CounterTrack> tracks_;
  SamplerStatistics statistics_;
};

}  // namespace kisimd
