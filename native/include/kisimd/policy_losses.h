#pragma once
#include <cstddef>
#include <cstdint>

#include "kisimd/aligned_array.h"
#include "kisimd/categorical.h"
#include "kisimd/kernels.h"

// Losses of policy learning; formulas in src/native/losses.ts. Each returns Categorical::kAllValid, or the row in which a
// choice has no valid option.
namespace kisimd {

enum class ValueLoss : uint8_t { kSquared, kClipped, kGreatest };

struct PpoSettings {
  bool normalise_advantages;
  ValueLoss value_loss;
  double clip, value_clip, value_coefficient, entropy_coefficient;
};
struct PolicyRows {
  size_t rows;
  const float* logits;
  const uint8_t* masks;  // or null
  const int32_t* chosen;
  const float* old_logs;  // PPO only
  const float* advantages;
  const float* values;
  const float* old_values;  // PPO only
  const float* returns;
  float* logit_gradients;
  float* value_gradients;
};
struct PolicyResult {
  double loss, policy_loss, value_loss, entropy, approximate_kl, clip_fraction;
};

// Mean and scale of advantages by their unbiased standard deviation; (0, 1) for fewer than two rows.
struct Normalisation {
  double mean, scale;
};
Normalisation AdvantageNormalisation(const float* advantages, size_t rows);

size_t PpoLoss(const PpoSettings& settings, const PolicyRows& rows, Categorical& categorical, const Kernels& kernels,
               AlignedArray<float>& scratch, PolicyResult& result);

// -mean(A log p) + value_coefficient * mean (v - R)^2 - entropy_coefficient * mean H
size_t A2cLoss(bool normalise_advantages, double value_coefficient, double entropy_coefficient, const PolicyRows& rows,
               Categorical& categorical, PolicyResult& result);

// Soft values of the next observation: targets = r + discount * sum p (min(T1, T2) - alpha log p).
size_t SacTargets(Categorical& categorical, const float* next_logits, const uint8_t* next_masks, const float* target1,
                  const float* target2, const float* rewards, const float* discounts, size_t rows, double temperature,
                  float* targets);
// 1/2 weighted mean (q[chosen] - target)^2; writes all gradients; adds share * (q - target) to errors where not null.
double SacCriticLoss(const float* values, const float* targets, const float* weights, const int32_t* chosen,
                     size_t rows, size_t actions, float* gradients, float* errors, float error_share);
struct SacActorResult {
  double loss, entropy, temperature_loss;
};
// mean sum p (alpha log p - min(Q1, Q2)); temperature loss alpha * mean(H - share * ln(valid)).
size_t SacActorLoss(Categorical& categorical, const float* logits, const uint8_t* masks, const float* critic1,
                    const float* critic2, size_t rows, double temperature, double entropy_share,
                    float* logit_gradients, SacActorResult& result);

}  // namespace kisimd
