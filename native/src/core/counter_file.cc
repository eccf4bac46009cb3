#include "kisimd/counter_file.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace kisimd {

int ParseDecimal(const char* text, size_t length, uint64_t& number) noexcept {
  size_t at = 0;
  uint64_t result = 0;
  while (at < length && text[at] >= '0' && text[at] <= '9') {
    const auto digit = static_cast<uint64_t>(text[at] - '0');
    if (result > (UINT64_MAX - digit) / 10) return ERANGE;
    result = result * 10 + digit;
    ++at;
  }
  const size_t digits = at;
  while (at < length && (text[at] == '\n' || text[at] == ' ' || text[at] == '\t' || text[at] == '\r')) ++at;
  if (at != length) return EBADMSG;
  if (digits == 0) return ENODATA;
  number = result;
  return 0;
}

CounterFile::~CounterFile() {
  if (fd_ >= 0) close(fd_);
}

CounterFile::CounterFile(CounterFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

CounterFile& CounterFile::operator=(CounterFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

int CounterFile::Open(const char* path) noexcept {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
  return 0;
}

int CounterFile::Read(uint64_t& number) const noexcept {
  // 20 digits hold every 64-bit number; a longer text is no counter and is refused below.
  char text[32];
  ssize_t length;
  do {
    length = pread(fd_, text, sizeof text, 0);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return errno;
  return ParseDecimal(text, static_cast<size_t>(length), number);
}

int64_t MonotonicNanoseconds() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace kisimd
