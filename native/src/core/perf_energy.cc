#include "kisimd/perf_energy.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace kisimd {

int PerfEnergy::Open(uint32_t type, uint64_t config, int cpu) noexcept {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = type;
  attributes.config = config;
  // The energy PMUs count for a whole package whoever runs there, so they take system-wide events only: pid -1.
  const long fd = syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) return errno;
  Close();
  fd_ = static_cast<int>(fd);
  return 0;
}

int PerfEnergy::Read(uint64_t& count) const noexcept {
  uint64_t number = 0;
  ssize_t length;
  do {
    length = read(fd_, &number, sizeof number);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return errno;
  if (length != static_cast<ssize_t>(sizeof number)) return ENODATA;
  count = number;
  return 0;
}

void PerfEnergy::Close() noexcept {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace kisimd
