#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kisimd/counter_file.h"

namespace kisimd {

// What a track has found since it was made. All of it only grows, so that whoever reads it at any two moments knows
// what happened in between.
struct TrackTotals {
  uint64_t energy = 0;           // wraps undone
  int64_t last_nanoseconds = 0;  // of the last good reading
  uint64_t readings = 0;         // good ones, the base among them
  uint64_t breaks = 0;           // decreases that are no wrap: the energy up to them is unknown
};

// One counter as the sampler follows it: exact sums with wraps undone, and the power over short windows. Apart from
// the thread so that every sequence of readings can be tried in a test.
class CounterTrack {
 public:
  // `wrapRange` is what is added to a counter that has decreased (powercap's max_energy_range_uj); 0 = unknown.
  explicit CounterTrack(uint64_t wrapRange) noexcept : wrap_range_(wrapRange) {}

  // Takes a good reading. Returns false where the counter decreased and the decrease is no wrap: the reading becomes
  // the new base.
  bool Take(uint64_t counter, int64_t nanoseconds) noexcept;
  const TrackTotals& totals() const noexcept { return totals_; }
  // Mean power of the window that the last reading ended, in counts per second; below 0 where it ended none.
  double ended_window_power() const noexcept { return ended_window_power_; }

 private:
  uint64_t wrap_range_;
  uint64_t last_counter_ = 0;
  TrackTotals totals_;
  uint64_t window_energy_ = 0;
  int64_t window_start_ = 0;
  double ended_window_power_ = -1;
};

// The difference between two moments: energy, NaN where it is unknown (no good reading in between, or an
// unexplained decrease), and the time of the last good reading, NaN before the first.
struct TrackDifference {
  double energy;
  double last_nanoseconds;
};
TrackDifference Difference(const TrackTotals& before, const TrackTotals& now) noexcept;

struct SamplerStatistics {
  uint64_t samples = 0;
  uint64_t missed = 0;
  uint64_t failures = 0;
  int64_t cpu_nanoseconds = 0;
};

// A thread that reads counters at a fixed rate.
//
// What a sample costs is two context switches, one timer interrupt and one pread a counter; the rest is kept out of
// the way: no lock, no allocation, the clock from the vDSO, and a timer slack of a quarter period, so that
// the kernel may serve the timer together with another one.
//
// The thread is of the class SCHED_IDLE: it takes a processor that nobody else wants at once, and never interrupts
// a task at work. Where every processor is busy it comes later and samples are missed, which costs no energy (the
// counters add up, each reading is timed by itself) and only coarsens the peaks. Beside a saturated machine of two
// processors a workload's own CPU time grew by 0.05 to 0.10 % so, at some 200 samples a second, and by 0.6 to 0.9 %
// with the default class at 900 to 980.
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
  // Fills `size()` entries of each array with what happened since the last call: see TrackDifference, and the
  // greatest power over a window that ended (NaN where none did). Never waits for the thread. One caller at a time.
  SamplerStatistics Drain(double* energy, double* lastNanoseconds, double* maxPerSecond) noexcept;
  // Ends the thread at once and waits for it. What was gathered can still be drained.
  void Stop() noexcept;

 private:
  using Words = std::unique_ptr<std::atomic<uint64_t>[]>;

  void Run() noexcept;
  void SampleAll() noexcept;
  void Publish() noexcept;
  // Sleeps until an absolute CLOCK_MONOTONIC time, or until Stop.
  void SleepUntil(int64_t nanoseconds) noexcept;

  std::vector<CounterFile> files_;
  int64_t period_ = 0;
  uint64_t samples_per_cpu_reading_ = 1;
  std::thread thread_;
  std::atomic<uint32_t> stop_{0};

  // Of the thread alone.
  std::vector<CounterTrack> tracks_;
  SamplerStatistics statistics_;

  // Handed over by a latch: two copies, of which the thread fills the one that nobody is told to read, then turns the
  // sequence number. A lock would let the thread, which any task may interrupt, hold up the caller with it.
  std::atomic<uint64_t> sequence_{0};
  Words copies_[2];
  // Greatest power of a window that has ended, by counter; the caller takes it away.
  std::unique_ptr<std::atomic<double>[]> peaks_;

  // Of the caller alone.
  std::vector<TrackTotals> drained_;
  std::vector<uint64_t> scratch_;
};

}  // namespace kisimd
