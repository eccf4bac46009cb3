#include "kisimd/counter_set.h"

#include <limits>
#include <utility>

namespace kisimd {

int CounterSet::Add(const char* path, size_t& index) {
  CounterFile file;
  if (const int error = file.Open(path); error != 0) return error;
  errors_.reserve(errors_.size() + 1);
  files_.push_back(std::move(file));
  errors_.push_back(0);
  index = files_.size() - 1;
  return 0;
}

size_t CounterSet::Read(double* values, double* nanoseconds) noexcept {
  size_t failures = 0;
  for (size_t i = 0; i < files_.size(); ++i) {
    uint64_t number = 0;
    errors_[i] = files_[i].Read(number);
    if (errors_[i] == 0) {
      values[i] = static_cast<double>(number);
    } else {
      values[i] = std::numeric_limits<double>::quiet_NaN();
      ++failures;
    }
    nanoseconds[i] = static_cast<double>(MonotonicNanoseconds());
  }
  return failures;
}

}  // namespace kisimd
