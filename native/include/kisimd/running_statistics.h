#pragma once
#include <cstddef>

namespace kisimd {

// state: [count, mean of each column, sum of squared deviations of each column]; Welford's update, row by row.
void UpdateStatistics(double* state, size_t size, const float* values, size_t rows);
// (x - mean) / sqrt(variance + epsilon), limited to [-clip, clip]; before any row was seen only limited.
void ApplyStatistics(const double* state, size_t size, double epsilon, double clip, const float* from, float* to,
                     size_t rows);

}  // namespace kisimd
