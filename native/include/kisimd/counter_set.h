#pragma once
#include <cstddef>
#include <vector>

#include "kisimd/counter_file.h"

namespace kisimd {

// Files of one decimal counter each, read together.
class CounterSet {
 public:
  // 0 and the new counter's index, or the errno of open(2).
  int Add(const char* path, size_t& index);
  size_t size() const noexcept { return files_.size(); }
  // Fills `size()` entries of both arrays: the counter (NaN where the read failed) and the CLOCK_MONOTONIC
  // nanoseconds just after its read. Returns the number of failures. No allocation.
  size_t Read(double* values, double* nanoseconds) noexcept;
  // errno of the counter's last read, 0 where it was good or has not happened yet.
  int LastError(size_t index) const noexcept { return errors_[index]; }

 private:
  std::vector<CounterFile> files_;
  std::vector<int> errors_;
};

}  // namespace kisimd
