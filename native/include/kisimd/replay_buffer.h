#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kisimd/aligned_array.h"
#include "kisimd/transitions.h"

namespace kisimd {

// Sums of priorities in a complete binary tree, in float64.
class SumTree {
 public:
  explicit SumTree(size_t capacity);
  void Set(size_t index, double priority);
  double Get(size_t index) const { return nodes_[leaves_ + index]; }
  double total() const { return nodes_[1]; }
  // The leaf in which the running sum passes `mass`; always one of positive priority where there is one.
  size_t Find(double mass) const;

 private:
  size_t leaves_;
  std::vector<double> nodes_;  // [1] is the root, [leaves_ + i] leaf i
};

// Ring of n-step transitions of several environments; see src/native/replay.ts.
class ReplayBuffer {
 public:
  struct Settings {
    size_t capacity, inputs, actions, environments, steps;
    double gamma;
    bool masks, prioritised;
    double alpha, epsilon;
  };
  explicit ReplayBuffer(const Settings& settings);

  const Settings& settings() const { return settings_; }
  size_t size() const { return size_; }
  void Add(const float* observations, const uint8_t* masks, const int32_t* actions, const float* rewards,
           const float* next_observations, const uint8_t* next_masks, const uint8_t* terminated,
           const uint8_t* truncated);
  void Flush();
  // Needs a size above 0.
  void Sample(TransitionBatch& batch, const double* uniforms, double beta) const;
  // False where an index of the batch is no place of the buffer, or an error is NaN; nothing is changed then.
  bool Prioritise(const TransitionBatch& batch);
  double Priority(size_t index) const;

  size_t saved_size() const;
  void Save(uint8_t* to) const;
  // False where the bytes are not those of a buffer of these settings; nothing is changed then.
  bool Restore(const uint8_t* from, size_t length);

 private:
  struct Waiting {  // the steps of one environment whose returns are not complete
    size_t first = 0, count = 0;
  };
  template <class Self, class Visit>
  static void EachPart(Self& self, Visit visit);
  void StoreFirst(size_t environment, size_t steps, bool terminated, const float* next_observation,
                  const uint8_t* next_mask);

  Settings settings_;
  size_t size_ = 0, next_ = 0;
  double greatest_ = 1;  // priority of what has not been tried
  AlignedArray<float> observations_, next_observations_, rewards_, discounts_;
  AlignedArray<uint8_t> masks_, next_masks_;
  AlignedArray<int32_t> actions_;
  AlignedArray<double> priorities_;
  SumTree tree_;
  std::vector<Waiting> waiting_;
  AlignedArray<float> waiting_observations_, waiting_rewards_, last_observations_;
  AlignedArray<uint8_t> waiting_masks_, last_masks_;
  AlignedArray<int32_t> waiting_actions_;
};

}  // namespace kisimd
