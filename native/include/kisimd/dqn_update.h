#pragma once
#include <cstddef>
#include <cstdint>

#include "kisimd/aligned_array.h"
#include "kisimd/dense_network.h"
#include "kisimd/optimiser.h"
#include "kisimd/transitions.h"

namespace kisimd {

// One step of deep Q-learning (Mnih and others 2015; double: van Hasselt 2016; dueling: Wang 2016; quantiles: Dabney 2018;
// conservative: Kumar 2020). See src/native/updates.ts.
class DqnUpdate {
 public:
  struct Settings {
    size_t rows, actions, entities, quantiles;  // quantiles at least 1
    bool double_q, dueling, distributional, squared;
    double conservative;
  };
  struct Result {
    double loss = 0, norm = 0, mean_value = 0, penalty = 0;
  };
  static constexpr size_t kGood = static_cast<size_t>(-1);

  DqnUpdate(const Settings& settings, DenseNetwork& online, DenseNetwork& target, Optimiser& optimiser);
  const Settings& settings() const { return settings_; }
  // kGood, or the first row whose action is none, with nothing changed then.
  size_t Update(const TransitionBatch& batch, double rate, double max_norm, Result& result);

 private:
  Settings settings_;
  DenseNetwork& online_;
  DenseNetwork& target_;
  Optimiser& optimiser_;
  AlignedArray<float> outputs_, target_outputs_, values_, target_values_, value_gradients_, output_gradients_;
  AlignedArray<float> predictions_, goals_, gradients_, logs_, probabilities_;
  AlignedArray<int32_t> chosen_;
};

}  // namespace kisimd
