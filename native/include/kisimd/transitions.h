#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kisimd/aligned_array.h"

// Transitions and rollouts as the updates read them; fields in src/native/replay.ts and rollout.ts.
namespace kisimd {

struct TransitionBatch {
  TransitionBatch(size_t rows, size_t inputs, size_t actions);
  size_t rows, inputs, actions;
  // Observations and next observations in one piece, so that one pass of a network can take both.
  AlignedArray<float> both_observations;
  float* observations() const { return both_observations.data(); }
  float* next_observations() const { return both_observations.data() + rows * inputs; }
  AlignedArray<uint8_t> masks, next_masks;
  AlignedArray<int32_t> chosen, indices;
  AlignedArray<float> rewards, discounts, weights, errors;
};

struct Rollout {
  Rollout(size_t steps, size_t environments, size_t inputs, size_t value_inputs, std::vector<size_t> actions);
  size_t steps, environments, inputs, value_inputs;  // value_inputs 0: the value reads the policy's observations
  std::vector<size_t> actions;
  size_t options;
  AlignedArray<float> observations, value_observations;
  AlignedArray<uint8_t> masks;
  AlignedArray<int32_t> chosen;
  AlignedArray<float> logs, values, rewards, final_values, advantages, returns;
  AlignedArray<uint8_t> terminated, truncated;
  size_t rows() const { return steps * environments; }
  // Generalised advantage estimation (Schulman and others 2016). A truncated step bootstraps from final_values; the trace is
  // cut at every end of an episode.
  void ComputeAdvantages(const float* last_values, double gamma, double lambda) const;
};

}  // namespace kisimd
