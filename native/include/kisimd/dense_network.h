#pragma once
#include <cstddef>
#include <vector>

#include "kisimd/aligned_array.h"
#include "kisimd/kernels.h"

namespace kisimd {

enum class Activation : uint8_t { kRelu, kTanh };

// Dense layers, the last one linear. Parameters layer by layer: weights [inputs][outputs], then bias; gradients alike.
class DenseNetwork {
 public:
  // `sizes`: inputs, hidden..., outputs; at least two, none 0.
  DenseNetwork(const std::vector<size_t>& sizes, Activation activation, const Kernels& kernels);

  size_t inputs() const { return sizes_.front(); }
  size_t outputs() const { return sizes_.back(); }
  const std::vector<size_t>& sizes() const { return sizes_; }
  Activation activation() const { return activation_; }
  const Kernels& kernels() const { return *kernels_; }
  const AlignedArray<float>& parameters() const { return parameters_; }
  const AlignedArray<float>& gradients() const { return gradients_; }
  // Rows of the last Forward: those that Backward can follow.
  size_t rows() const { return rows_; }

  // Allocates only where no earlier call had as many rows.
  void Forward(const float* inputs, size_t rows, float* outputs);
  // After a Forward of at least these rows, of which these are the first. `input_gradients` may be null.
  void Backward(const float* inputs, const float* output_gradients, size_t rows, float* input_gradients,
                bool accumulate);

 private:
  struct Layer {
    size_t inputs, outputs;
    size_t weights, bias;  // offsets
    size_t hidden;         // offset of its outputs among the hidden values, in columns
  };
  std::vector<size_t> sizes_;
  std::vector<Layer> layers_;
  Activation activation_;
  const Kernels* kernels_;
  AlignedArray<float> parameters_, gradients_;
  AlignedArray<float> hidden_;     // outputs of the hidden layers, layer after layer, each [capacity][width]
  AlignedArray<float> flowing_[2];  // gradients on their way back
  AlignedArray<float> panel_;
  size_t hidden_columns_ = 0, widest_ = 0;
  size_t capacity_ = 0, rows_ = 0;
};

}  // namespace kisimd
