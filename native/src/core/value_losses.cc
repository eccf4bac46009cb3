#include "kisimd/value_losses.h"

#include <cmath>

namespace kisimd {

double SmoothL1(const float* predictions, const float* targets, const float* weights, size_t count, double beta,
                float* gradients) {
  double sum = 0;
  const double share = 1.0 / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) {
    const double d = static_cast<double>(predictions[i]) - static_cast<double>(targets[i]);
    const double weight = weights == nullptr ? 1.0 : static_cast<double>(weights[i]);
    const bool square = std::fabs(d) < beta;
    sum += weight * (square ? 0.5 * d * d / beta : std::fabs(d) - 0.5 * beta);
    // NaN is neither side: it must reach the gradient.
    const double slope = square ? d / beta : d > 0 ? 1.0 : d < 0 ? -1.0 : d;
    gradients[i] = static_cast<float>(weight * slope * share);
  }
  return count == 0 ? 0 : sum * share;
}

double MeanSquared(const float* predictions, const float* targets, const float* weights, size_t count,
                   float* gradients) {
  double sum = 0;
  const double share = 1.0 / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) {
    const double d = static_cast<double>(predictions[i]) - static_cast<double>(targets[i]);
    const double weight = weights == nullptr ? 1.0 : static_cast<double>(weights[i]);
    sum += weight * d * d;
    gradients[i] = static_cast<float>(2 * weight * d * share);
  }
  return count == 0 ? 0 : sum * share;
}

double QuantileHuber(const float* current, const float* targets, const float* weights, size_t rows, size_t quantiles,
                     size_t target_quantiles, bool sum_over_quantiles, float* gradients) {
  double sum = 0;
  const double share = 1.0 / (static_cast<double>(rows) * static_cast<double>(target_quantiles) *
                              (sum_over_quantiles ? 1.0 : static_cast<double>(quantiles)));
  for (size_t row = 0; row < rows; ++row) {
    const double weight = weights == nullptr ? 1.0 : static_cast<double>(weights[row]);
    for (size_t i = 0; i < quantiles; ++i) {
      const double tau = (static_cast<double>(i) + 0.5) / static_cast<double>(quantiles);
      const double value = static_cast<double>(current[row * quantiles + i]);
      double slope = 0, loss = 0;
      for (size_t j = 0; j < target_quantiles; ++j) {
        const double u = static_cast<double>(targets[row * target_quantiles + j]) - value;
        const double side = u < 0 ? 1 - tau : tau;  // |tau - [u < 0]|
        const double size = std::fabs(u);
        loss += side * (size <= 1 ? 0.5 * u * u : size - 0.5);
        slope -= side * (size <= 1 ? u : u > 0 ? 1.0 : u < 0 ? -1.0 : u);
      }
      sum += weight * loss;
      gradients[row * quantiles + i] = static_cast<float>(weight * slope * share);
    }
  }
  return rows == 0 ? 0 : sum * share;
}

void DuelingForward(const float* streams, size_t rows, size_t actions, size_t quantiles, float* values) {
  for (size_t row = 0; row < rows; ++row) {
    const float* v = streams + row * (1 + actions) * quantiles;
    const float* a = v + quantiles;
    float* q = values + row * actions * quantiles;
    for (size_t i = 0; i < quantiles; ++i) {
      float sum = 0;
      for (size_t action = 0; action < actions; ++action) sum += a[action * quantiles + i];
      const float base = v[i] - sum / static_cast<float>(actions);
      for (size_t action = 0; action < actions; ++action) q[action * quantiles + i] = base + a[action * quantiles + i];
    }
  }
}

void DuelingBackward(const float* value_gradients, size_t rows, size_t actions, size_t quantiles,
                     float* stream_gradients) {
  for (size_t row = 0; row < rows; ++row) {
    const float* q = value_gradients + row * actions * quantiles;
    float* v = stream_gradients + row * (1 + actions) * quantiles;
    float* a = v + quantiles;
    for (size_t i = 0; i < quantiles; ++i) {
      float sum = 0;
      for (size_t action = 0; action < actions; ++action) sum += q[action * quantiles + i];
      v[i] = sum;
      const float mean = sum / static_cast<float>(actions);
      for (size_t action = 0; action < actions; ++action) a[action * quantiles + i] = q[action * quantiles + i] - mean;
    }
  }
}

int32_t BestAction(const float* values, const uint8_t* mask, size_t actions, size_t quantiles) {
  int32_t best = -1;
  float greatest = 0;
  for (size_t action = 0; action < actions; ++action) {
    if (mask != nullptr && mask[action] == 0) continue;
    float sum = values[action * quantiles];
    for (size_t i = 1; i < quantiles; ++i) sum += values[action * quantiles + i];
    if (best >= 0 && !(sum > greatest)) continue;
    best = static_cast<int32_t>(action);
    greatest = sum;
  }
  return best;
}

void DqnTargets(const float* online_next, const float* target_next, const uint8_t* next_masks, const float* rewards,
                const float* discounts, size_t rows, size_t actions, size_t quantiles, float* targets,
                int32_t* chosen) {
  const size_t width = actions * quantiles;
  for (size_t row = 0; row < rows; ++row) {
    const int32_t best = BestAction(online_next + row * width, next_masks == nullptr ? nullptr : next_masks + row * actions,
                                    actions, quantiles);
    chosen[row] = best;
    for (size_t i = 0; i < quantiles; ++i) {
      float value = rewards[row];
      // No product with a discount of 0: a terminal observation's value may be anything.
      if (best >= 0 && discounts[row] != 0)
        value += discounts[row] * target_next[row * width + static_cast<size_t>(best) * quantiles + i];
      targets[row * quantiles + i] = value;
    }
  }
}

}  // namespace kisimd
