#pragma once
#include <cstddef>
#include <cstdint>

// Losses of value learning; formulas and shapes in src/native/losses.ts. `weights` may be null (all 1). Gradients are of the
// loss that is returned.
namespace kisimd {

double SmoothL1(const float* predictions, const float* targets, const float* weights, size_t count, double beta,
                float* gradients);
double MeanSquared(const float* predictions, const float* targets, const float* weights, size_t count,
                   float* gradients);
double QuantileHuber(const float* current, const float* targets, const float* weights, size_t rows, size_t quantiles,
                     size_t target_quantiles, bool sum_over_quantiles, float* gradients);

// streams [rows][1 + actions][quantiles], V first; values [rows][actions][quantiles].
void DuelingForward(const float* streams, size_t rows, size_t actions, size_t quantiles, float* values);
void DuelingBackward(const float* value_gradients, size_t rows, size_t actions, size_t quantiles,
                     float* stream_gradients);

// The valid action of the greatest mean over quantiles, the first of equals; -1 where there is none.
int32_t BestAction(const float* values, const uint8_t* mask, size_t actions, size_t quantiles);

// targets [rows][quantiles]; chosen [rows].
void DqnTargets(const float* online_next, const float* target_next, const uint8_t* next_masks, const float* rewards,
                const float* discounts, size_t rows, size_t actions, size_t quantiles, float* targets,
                int32_t* chosen);

}  // namespace kisimd
