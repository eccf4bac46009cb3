#pragma once
#include <cstdint>
#include <vector>

#include "kisimd/aligned_array.h"
#include "kisimd/kernels.h"

namespace kisimd {

// Independent masked categorical choices over one row of logits (src/native/losses.ts). Row r of the logits starts at
// r * options(); masks are bytes, null where everything is valid.
class Categorical {
 public:
  static constexpr size_t kAllValid = static_cast<size_t>(-1);

  Categorical(std::vector<size_t> actions, const Kernels& kernels);

  size_t choices() const { return actions_.size(); }
  // Entries of a row of logits: the sum over the choices.
  size_t options() const { return options_; }
  const std::vector<size_t>& actions() const { return actions_; }

  // Each returns kAllValid, or the first row in which a choice has no valid option; the results up to it are written.
  size_t Sample(const float* logits, const uint8_t* masks, size_t rows, const double* uniforms, int32_t* actions,
                float* log_probabilities);
  size_t Greedy(const float* logits, const uint8_t* masks, size_t rows, int32_t* actions) const;
  size_t LogProbabilities(const float* logits, const uint8_t* masks, size_t rows, float* result);

  // Fills Logs() and Probabilities() for these rows, and entropies [rows] where not null.
  size_t Evaluate(const float* logits, const uint8_t* masks, size_t rows, float* entropies);
  // Of the last Evaluate, [rows][options]; both 0 where masked.
  const float* Logs() const { return logs_.data(); }
  const float* Probabilities() const { return probabilities_.data(); }
  // [rows][choices]
  const float* Entropies() const { return entropies_.data(); }
  float LogProbability(size_t row, const int32_t* actions) const;
  // Gradient with respect to the logits of for_log * log p(actions) + for_entropy * entropy, of a row of the last Evaluate.
  void Gradient(size_t row, const int32_t* actions, float for_log, float for_entropy, float* result) const;
  // The first row with an action that is no option (or, with masks, not a valid one), or kAllValid.
  size_t FirstInvalidAction(const int32_t* actions, const uint8_t* masks, size_t rows) const;

 private:
  std::vector<size_t> actions_;
  size_t options_ = 0;
  const Kernels* kernels_;
  AlignedArray<float> logs_, probabilities_, entropies_;  // entropies: of each choice of each row
};

}  // namespace kisimd
