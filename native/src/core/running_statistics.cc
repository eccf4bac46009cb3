#include "kisimd/running_statistics.h"

#include <cmath>

namespace kisimd {

void UpdateStatistics(double* state, size_t size, const float* values, size_t rows) {
  double* mean = state + 1;
  double* squares = mean + size;
  for (size_t row = 0; row < rows; ++row) {
    state[0] += 1;
    for (size_t j = 0; j < size; ++j) {
      const double value = static_cast<double>(values[row * size + j]);
      const double before = value - mean[j];
      mean[j] += before / state[0];
      squares[j] += before * (value - mean[j]);
    }
  }
}

void ApplyStatistics(const double* state, size_t size, double epsilon, double clip, const float* from, float* to,
                     size_t rows) {
  const double* mean = state + 1;
  const double* squares = mean + size;
  for (size_t j = 0; j < size; ++j) {
    const double variance = state[0] > 0 ? squares[j] / state[0] : 1;
    const double inverse = 1 / std::sqrt(variance + epsilon);
    for (size_t row = 0; row < rows; ++row) {
      const double value = (static_cast<double>(from[row * size + j]) - mean[j]) * inverse;
      to[row * size + j] = static_cast<float>(value < -clip ? -clip : value > clip ? clip : value);
    }
  }
}

}  // namespace kisimd
