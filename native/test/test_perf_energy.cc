#include <linux/perf_event.h>

#include <cerrno>
#include <cstdio>

#include "check.h"
#include "kisimd/perf_energy.h"

using namespace kisimd;

static void AnUnknownPmuIsRefusedByName() {
  PerfEnergy energy;
  const int error = energy.Open(0x7fffffff, 0, 0);
  CHECK(error == ENOENT || error == EACCES || error == EPERM || error == ENOSYS);
  CHECK(!energy.IsOpen());
}

static void ACountIsReadAndNeverDecreases() {
  PerfEnergy energy;
  // No energy PMU can be taken for granted; the kernel's software clock goes the same way through the same calls.
  const int error = energy.Open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 0);
  if (error == EACCES || error == EPERM || error == ENOSYS) {
    std::puts("skipped: system-wide perf events are not permitted here");
    return;
  }
  CHECK(error == 0 && energy.IsOpen());
  uint64_t first = 0;
  uint64_t second = 0;
  CHECK(energy.Read(first) == 0);
  do CHECK(energy.Read(second) == 0);
  while (second == first);
  CHECK(second > first);
  energy.Close();
  energy.Close();
  CHECK(!energy.IsOpen() && energy.Read(first) == EBADF);
}

int main() {
  AnUnknownPmuIsRefusedByName();
  ACountIsReadAndNeverDecreases();
}
