#include "kisimd/dense_network.h"

#include <algorithm>

namespace kisimd {

DenseNetwork::DenseNetwork(const std::vector<size_t>& sizes, Activation activation, const Kernels& kernels)
    : sizes_(sizes), activation_(activation), kernels_(&kernels), panel_(kPanelFloats) {
  size_t offset = 0;
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    const Layer layer{sizes[i], sizes[i + 1], offset, offset + sizes[i] * sizes[i + 1], hidden_columns_};
    offset = layer.bias + layer.outputs;
    if (i + 2 < sizes.size()) {
      hidden_columns_ += layer.outputs;
      widest_ = std::max(widest_, layer.outputs);
    }
    layers_.push_back(layer);
  }
  parameters_ = AlignedArray<float>(offset);
  gradients_ = AlignedArray<float>(offset);
}

void DenseNetwork::Forward(const float* inputs, size_t rows, float* outputs) {
  if (rows > capacity_) {
    hidden_ = AlignedArray<float>(rows * hidden_columns_);
    capacity_ = rows;
  }
  rows_ = rows;
  const float* from = inputs;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const bool last = i + 1 == layers_.size();
    float* to = last ? outputs : hidden_.data() + capacity_ * layer.hidden;
    Product product{};
    product.m = rows;
    product.n = layer.outputs;
    product.k = layer.inputs;
    product.a = from;
    product.a_row = layer.inputs;
    product.a_column = 1;
    product.b = parameters_.data() + layer.weights;
    product.b_row = layer.outputs;
    product.b_column = 1;
    product.bias = parameters_.data() + layer.bias;
    product.finish = !last && activation_ == Activation::kRelu ? Finish::kRelu : Finish::kNone;
    product.c = to;
    product.c_row = layer.outputs;
    kernels_->product(product, panel_.data());
    if (!last && activation_ == Activation::kTanh) kernels_->tanh(to, rows * layer.outputs);
    from = to;
  }
}

void DenseNetwork::Backward(const float* inputs, const float* output_gradients, size_t rows, float* input_gradients,
                            bool accumulate) {
  for (AlignedArray<float>& flowing : flowing_) flowing.Reserve(capacity_ * widest_);
  const float* flow = output_gradients;
  for (size_t i = layers_.size(); i-- > 0;) {
    const Layer& layer = layers_[i];
    const float* from = i == 0 ? inputs : hidden_.data() + capacity_ * layers_[i - 1].hidden;
    Product weights{};
    weights.m = layer.inputs;
    weights.n = layer.outputs;
    weights.k = rows;
    weights.a = from;
    weights.a_row = 1;
    weights.a_column = layer.inputs;
    weights.b = flow;
    weights.b_row = layer.outputs;
    weights.b_column = 1;
    weights.accumulate = accumulate;
    weights.c = gradients_.data() + layer.weights;
    weights.c_row = layer.outputs;
    kernels_->product(weights, panel_.data());
    kernels_->column_sums(flow, rows, layer.outputs, accumulate, gradients_.data() + layer.bias);
    if (i == 0 && input_gradients == nullptr) break;
    float* back = i == 0 ? input_gradients : flowing_[i % 2].data();
    Product flows{};
    flows.m = rows;
    flows.n = layer.inputs;
    flows.k = layer.outputs;
    flows.a = flow;
    flows.a_row = layer.outputs;
    flows.a_column = 1;
    flows.b = parameters_.data() + layer.weights;
    flows.b_row = 1;
    flows.b_column = layer.outputs;
    if (i > 0) {
      flows.finish = activation_ == Activation::kRelu ? Finish::kReluGradient : Finish::kTanhGradient;
      flows.reference = from;
    }
    flows.c = back;
    flows.c_row = layer.inputs;
    kernels_->product(flows, panel_.data());
    flow = back;
  }
}

}  // namespace kisimd
