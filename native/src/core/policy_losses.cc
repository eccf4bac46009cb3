#include "kisimd/policy_losses.h"

#include <algorithm>
#include <cmath>

namespace kisimd {

Normalisation AdvantageNormalisation(const float* advantages, size_t rows) {
  if (rows < 2) return {0, 1};
  double mean = 0;
  for (size_t i = 0; i < rows; ++i) mean += static_cast<double>(advantages[i]);
  mean /= static_cast<double>(rows);
  double squares = 0;
  for (size_t i = 0; i < rows; ++i) {
    const double d = static_cast<double>(advantages[i]) - mean;
    squares += d * d;
  }
  return {mean, 1 / (std::sqrt(squares / static_cast<double>(rows - 1)) + 1e-8)};
}

size_t PpoLoss(const PpoSettings& settings, const PolicyRows& rows, Categorical& categorical, const Kernels& kernels,
               AlignedArray<float>& scratch, PolicyResult& result) {
  const size_t bad = categorical.Evaluate(rows.logits, rows.masks, rows.rows, nullptr);
  if (bad != Categorical::kAllValid) return bad;
  const double share = rows.rows == 0 ? 0 : 1 / static_cast<double>(rows.rows);
  const Normalisation normalisation = settings.normalise_advantages
                                          ? AdvantageNormalisation(rows.advantages, rows.rows)
                                          : Normalisation{0, 1};
  scratch.Reserve(rows.rows);
  float* ratios = scratch.data();
  for (size_t i = 0; i < rows.rows; ++i)
    ratios[i] = categorical.LogProbability(i, rows.chosen + i * categorical.choices()) - rows.old_logs[i];
  double kl = 0;
  for (size_t i = 0; i < rows.rows; ++i) kl -= static_cast<double>(ratios[i]);
  kernels.exp(ratios, rows.rows);
  double policy = 0, value = 0, entropy = 0, clipped = 0;
  const double low = 1 - settings.clip, high = 1 + settings.clip;
  const size_t choices = categorical.choices();
  for (size_t i = 0; i < rows.rows; ++i) {
    const double ratio = static_cast<double>(ratios[i]);
    const double advantage = (static_cast<double>(rows.advantages[i]) - normalisation.mean) * normalisation.scale;
    const double whole = advantage * ratio;
    const double limited = advantage * std::clamp(ratio, low, high);
    kl += ratio - 1;
    if (std::fabs(ratio - 1) > settings.clip) clipped += 1;
    policy -= std::fmin(whole, limited);
    // Where the clipped one is the lesser, the ratio is outside the range and the slope is 0.
    const double slope = limited < whole ? 0 : -whole;
    categorical.Gradient(i, rows.chosen + i * choices, static_cast<float>(slope * share),
                         static_cast<float>(-settings.entropy_coefficient * share),
                         rows.logit_gradients + i * categorical.options());
    for (size_t choice = 0; choice < choices; ++choice)
      entropy += static_cast<double>(categorical.Entropies()[i * choices + choice]);

    const double v = static_cast<double>(rows.values[i]), target = static_cast<double>(rows.returns[i]);
    const double error = v - target;
    double loss = error * error, gradient = 2 * error;
    if (settings.value_loss != ValueLoss::kSquared) {
      const double old = static_cast<double>(rows.old_values[i]);
      const double moved = v - old;
      const double near = old + std::clamp(moved, -settings.value_clip, settings.value_clip);
      const double near_error = near - target;
      const double near_gradient = std::fabs(moved) <= settings.value_clip ? 2 * near_error : 0;
      const bool near_counts = settings.value_loss == ValueLoss::kClipped || near_error * near_error > loss;
      if (near_counts) {
        loss = near_error * near_error;
        gradient = near_gradient;
      }
      if (settings.value_loss == ValueLoss::kGreatest) {
        loss *= 0.5;
        gradient *= 0.5;
      }
    }
    value += loss;
    rows.value_gradients[i] = static_cast<float>(settings.value_coefficient * gradient * share);
  }
  result.policy_loss = policy * share;
  result.value_loss = value * share;
  result.entropy = entropy * share;
  result.approximate_kl = kl * share;
  result.clip_fraction = clipped * share;
  result.loss = result.policy_loss + settings.value_coefficient * result.value_loss -
                settings.entropy_coefficient * result.entropy;
  return Categorical::kAllValid;
}

size_t A2cLoss(bool normalise_advantages, double value_coefficient, double entropy_coefficient, const PolicyRows& rows,
               Categorical& categorical, PolicyResult& result) {
  const size_t bad = categorical.Evaluate(rows.logits, rows.masks, rows.rows, nullptr);
  if (bad != Categorical::kAllValid) return bad;
  const double share = rows.rows == 0 ? 0 : 1 / static_cast<double>(rows.rows);
  const Normalisation normalisation =
      normalise_advantages ? AdvantageNormalisation(rows.advantages, rows.rows) : Normalisation{0, 1};
  double policy = 0, value = 0, entropy = 0;
  const size_t choices = categorical.choices();
  for (size_t i = 0; i < rows.rows; ++i) {
    const double advantage = (static_cast<double>(rows.advantages[i]) - normalisation.mean) * normalisation.scale;
    const int32_t* chosen = rows.chosen + i * choices;
    policy -= advantage * static_cast<double>(categorical.LogProbability(i, chosen));
    categorical.Gradient(i, chosen, static_cast<float>(-advantage * share),
                         static_cast<float>(-entropy_coefficient * share),
                         rows.logit_gradients + i * categorical.options());
    for (size_t choice = 0; choice < choices; ++choice)
      entropy += static_cast<double>(categorical.Entropies()[i * choices + choice]);
    const double error = static_cast<double>(rows.values[i]) - static_cast<double>(rows.returns[i]);
    value += error * error;
    rows.value_gradients[i] = static_cast<float>(value_coefficient * 2 * error * share);
  }
  result = {};
  result.policy_loss = policy * share;
  result.value_loss = value * share;
  result.entropy = entropy * share;
  result.loss = result.policy_loss + value_coefficient * result.value_loss - entropy_coefficient * result.entropy;
  return Categorical::kAllValid;
}

size_t SacTargets(Categorical& categorical, const float* next_logits, const uint8_t* next_masks, const float* target1,
                  const float* target2, const float* rewards, const float* discounts, size_t rows, double temperature,
                  float* targets) {
  const size_t actions = categorical.options();
  for (size_t row = 0; row < rows; ++row) {
    double value = 0;
    if (discounts[row] != 0) {
      // Row by row: a terminal observation may come with an empty mask.
      const size_t at = row * actions;
      if (categorical.Evaluate(next_logits + at, next_masks == nullptr ? nullptr : next_masks + at, 1, nullptr) !=
          Categorical::kAllValid)
        return row;
      for (size_t j = 0; j < actions; ++j) {
        const double p = static_cast<double>(categorical.Probabilities()[j]);
        if (p > 0)
          value += p * (static_cast<double>(std::min(target1[at + j], target2[at + j])) -
                        temperature * static_cast<double>(categorical.Logs()[j]));
      }
    }
    targets[row] = static_cast<float>(static_cast<double>(rewards[row]) + static_cast<double>(discounts[row]) * value);
  }
  return Categorical::kAllValid;
}

double SacCriticLoss(const float* values, const float* targets, const float* weights, const int32_t* chosen,
                     size_t rows, size_t actions, float* gradients, float* errors, float error_share) {
  const double share = rows == 0 ? 0 : 1 / static_cast<double>(rows);
  double sum = 0;
  for (size_t row = 0; row < rows; ++row) {
    float* gradient = gradients + row * actions;
    for (size_t j = 0; j < actions; ++j) gradient[j] = 0;
    const auto action = static_cast<size_t>(chosen[row]);
    const double error = static_cast<double>(values[row * actions + action]) - static_cast<double>(targets[row]);
    const double weight = weights == nullptr ? 1.0 : static_cast<double>(weights[row]);
    sum += weight * error * error;
    gradient[action] = static_cast<float>(weight * error * share);
    if (errors != nullptr) errors[row] += error_share * static_cast<float>(error);
  }
  return 0.5 * sum * share;
}

size_t SacActorLoss(Categorical& categorical, const float* logits, const uint8_t* masks, const float* critic1,
                    const float* critic2, size_t rows, double temperature, double entropy_share,
                    float* logit_gradients, SacActorResult& result) {
  const size_t actions = categorical.options();
  const size_t bad = categorical.Evaluate(logits, masks, rows, nullptr);
  if (bad != Categorical::kAllValid) return bad;
  const double share = rows == 0 ? 0 : 1 / static_cast<double>(rows);
  result = {};
  for (size_t row = 0; row < rows; ++row) {
    const size_t at = row * actions;
    const float* p = categorical.Probabilities() + at;
    const float* logs = categorical.Logs() + at;
    const auto cost = [&](size_t j) {
      return temperature * static_cast<double>(logs[j]) - static_cast<double>(std::min(critic1[at + j], critic2[at + j]));
    };
    double mean = 0;
    size_t valid = 0;
    for (size_t j = 0; j < actions; ++j) {
      if (masks != nullptr && masks[at + j] == 0) continue;
      ++valid;
      mean += static_cast<double>(p[j]) * cost(j);
    }
    // d/dz_j of sum p f = p_j (f_j - sum p f): the derivative of log p within f sums to nothing.
    for (size_t j = 0; j < actions; ++j)
      logit_gradients[at + j] = masks != nullptr && masks[at + j] == 0
                                    ? 0.0f
                                    : static_cast<float>(static_cast<double>(p[j]) * (cost(j) - mean) * share);
    const double entropy = static_cast<double>(categorical.Entropies()[row]);
    result.loss += mean * share;
    result.entropy += entropy * share;
    result.temperature_loss +=
        temperature * (entropy - entropy_share * std::log(static_cast<double>(valid))) * share;
  }
  return Categorical::kAllValid;
}

}  // namespace kisimd
