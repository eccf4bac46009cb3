#include "kisimd/categorical.h"

#include <limits>
#include <utility>

namespace kisimd {

Categorical::Categorical(std::vector<size_t> actions, const Kernels& kernels)
    : actions_(std::move(actions)), kernels_(&kernels) {
  for (const size_t count : actions_) options_ += count;
}

size_t Categorical::Evaluate(const float* logits, const uint8_t* masks, size_t rows, float* entropies) {
  logs_.Reserve(rows * options_);
  probabilities_.Reserve(rows * options_);
  entropies_.Reserve(rows * choices());
  for (size_t row = 0; row < rows; ++row) {
    size_t at = row * options_;
    float total = 0;
    for (size_t choice = 0; choice < choices(); ++choice) {
      const size_t count = actions_[choice];
      if (!kernels_->log_softmax(logits + at, masks == nullptr ? nullptr : masks + at, count, logs_.data() + at,
                                 probabilities_.data() + at))
        return row;
      // Masked entries are 0 times 0.
      const float entropy = 0.0f - kernels_->dot(probabilities_.data() + at, logs_.data() + at, count);
      entropies_[row * choices() + choice] = entropy;
      total += entropy;
      at += count;
    }
    if (entropies != nullptr) entropies[row] = total;
  }
  return kAllValid;
}

float Categorical::LogProbability(size_t row, const int32_t* actions) const {
  float sum = 0;
  size_t at = row * options_;
  for (size_t choice = 0; choice < choices(); ++choice) {
    sum += logs_[at + static_cast<size_t>(actions[choice])];
    at += actions_[choice];
  }
  return sum;
}

void Categorical::Gradient(size_t row, const int32_t* actions, float for_log, float for_entropy, float* result) const {
  // d log p_a / d z_j = [j = a] - p_j;  d H / d z_j = -p_j (log p_j + H)
  size_t at = row * options_;
  for (size_t choice = 0; choice < choices(); ++choice) {
    const size_t count = actions_[choice];
    const float entropy = entropies_[row * choices() + choice];
    const float* logs = logs_.data() + at;
    const float* p = probabilities_.data() + at;
    for (size_t j = 0; j < count; ++j) result[j] = -p[j] * (for_log + for_entropy * (logs[j] + entropy));
    result[actions[choice]] += for_log;
    result += count;
    at += count;
  }
}

size_t Categorical::Sample(const float* logits, const uint8_t* masks, size_t rows, const double* uniforms,
                           int32_t* actions, float* log_probabilities) {
  const size_t bad = Evaluate(logits, masks, rows, nullptr);
  const size_t good = bad == kAllValid ? rows : bad;
  for (size_t row = 0; row < good; ++row) {
    size_t at = row * options_;
    float sum_of_logs = 0;
    for (size_t choice = 0; choice < choices(); ++choice) {
      const float* p = probabilities_.data() + at;
      double left = uniforms[row * choices() + choice];
      size_t chosen = actions_[choice];
      for (size_t j = 0; j < actions_[choice]; ++j) {
        if (masks != nullptr && masks[at + j] == 0) continue;
        // Rounding may leave a little over the sum: the last valid option of positive probability takes it.
        if (p[j] > 0 || chosen == actions_[choice]) chosen = j;
        left -= static_cast<double>(p[j]);
        if (left < 0) break;
      }
      actions[row * choices() + choice] = static_cast<int32_t>(chosen);
      sum_of_logs += logs_[at + chosen];
      at += actions_[choice];
    }
    log_probabilities[row] = sum_of_logs;
  }
  return bad;
}

size_t Categorical::Greedy(const float* logits, const uint8_t* masks, size_t rows, int32_t* actions) const {
  for (size_t row = 0; row < rows; ++row) {
    size_t at = row * options_;
    for (size_t choice = 0; choice < choices(); ++choice) {
      size_t best = actions_[choice];
      for (size_t j = 0; j < actions_[choice]; ++j)
        if ((masks == nullptr || masks[at + j] != 0) &&
            (best == actions_[choice] || logits[at + j] > logits[at + best]))
          best = j;
      if (best == actions_[choice]) return row;
      actions[row * choices() + choice] = static_cast<int32_t>(best);
      at += actions_[choice];
    }
  }
  return kAllValid;
}

size_t Categorical::LogProbabilities(const float* logits, const uint8_t* masks, size_t rows, float* result) {
  const size_t bad = Evaluate(logits, masks, rows, nullptr);
  const size_t good = bad == kAllValid ? rows : bad;
  for (size_t i = 0; i < good * options_; ++i)
    result[i] = masks != nullptr && masks[i] == 0 ? -std::numeric_limits<float>::infinity() : logs_[i];
  return bad;
}

size_t Categorical::FirstInvalidAction(const int32_t* actions, const uint8_t* masks, size_t rows) const {
  for (size_t row = 0; row < rows; ++row) {
    size_t at = row * options_;
    for (size_t choice = 0; choice < choices(); ++choice) {
      const int32_t action = actions[row * choices() + choice];
      if (action < 0 || static_cast<size_t>(action) >= actions_[choice]) return row;
      if (masks != nullptr && masks[at + static_cast<size_t>(action)] == 0) return row;
      at += actions_[choice];
    }
  }
  return kAllValid;
}

}  // namespace kisimd
