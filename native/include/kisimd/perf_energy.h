#pragma once
#include <cstdint>

namespace kisimd {

// One counting event of a dynamic PMU on one CPU, for all tasks.
class PerfEnergy {
 public:
  PerfEnergy() = default;
  ~PerfEnergy() { Close(); }
  PerfEnergy(const PerfEnergy&) = delete;
  PerfEnergy& operator=(const PerfEnergy&) = delete;

  // 0 or the errno of perf_event_open(2): EACCES, EPERM (no CAP_PERFMON), ENOENT, EINVAL, ENODEV, EOPNOTSUPP (the
  // PMU has no such event), EMFILE...
  int Open(uint32_t type, uint64_t config, int cpu) noexcept;
  bool IsOpen() const noexcept { return fd_ >= 0; }
  // Counts since the event was opened. 0 or an errno; ENODATA where the kernel has put the event in error state.
  int Read(uint64_t& count) const noexcept;
  void Close() noexcept;

 private:
  int fd_ = -1;
};

}  // namespace kisimd
