#pragma once
#include <cstddef>
#include <cstdint>

namespace kisimd {

// Reads an unsigned decimal number that white space may follow (sysfs ends its lines with a newline). Returns 0,
// ENODATA for an empty text, EBADMSG for anything that is not one number, ERANGE above 64 bits.
int ParseDecimal(const char* text, size_t length, uint64_t& number) noexcept;

// A file that holds one decimal counter, kept open. sysfs makes the text anew for each read at offset 0, so pread
// on the held descriptor gives the present value without the cost of opening.
class CounterFile {
 public:
  CounterFile() = default;
  ~CounterFile();
  CounterFile(CounterFile&& other) noexcept;
  CounterFile& operator=(CounterFile&& other) noexcept;
  CounterFile(const CounterFile&) = delete;
  CounterFile& operator=(const CounterFile&) = delete;

  // 0 or the errno of open(2).
  int Open(const char* path) noexcept;
  // 0 or an errno; `number` is set only on 0. No allocation.
  int Read(uint64_t& number) const noexcept;

 private:
  int fd_ = -1;
};

// CLOCK_MONOTONIC in nanoseconds.
int64_t MonotonicNanoseconds() noexcept;

}  // namespace kisimd
