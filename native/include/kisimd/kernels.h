#pragma once
#include <cstddef>
#include <cstdint>

// The arithmetic of the learner, compiled once for each instruction set from the same source (core/kernels_body.h).
//
// Every sum is taken in one order, whatever the width of the vectors: an entry of a product is a chain of fused
// multiply-adds over k in ascending order; a sum over an array is 16 partial sums (entry i in sum i mod 16) joined in a
// fixed order. So sets with fused multiply-add give the same bits; the baseline of x86-64 has none and rounds twice.
namespace kisimd {

// What is done to an entry of a product before it is stored.
enum class Finish : uint8_t {
  kNone,
  kRelu,          // max(0, x), NaN stays NaN
  kReluGradient,  // 0 where the reference is <= 0
  kTanhGradient,  // x (1 - reference^2)
};

// c [m][n] = finish(start + a [m][k] b [k][n]); start is the bias, c itself (accumulate) or 0. Strides in floats; c and
// the reference are row-major with `c_row` between rows.
struct Product {
  size_t m, n, k;
  const float* a;
  size_t a_row, a_column;
  const float* b;
  size_t b_row, b_column;  // one of them is 1
  const float* bias;       // [n] or null
  bool accumulate;
  Finish finish;
  const float* reference;  // for the gradients
  float* c;
  size_t c_row;
};

// Scratch that `product` needs, in floats, 64-byte aligned.
constexpr size_t kBlockDepth = 512;
constexpr size_t kPanelFloats = kBlockDepth * 32;

struct AdamStep {
  float beta1, beta2, new1, new2;  // new = 1 - beta, subtracted in float64
  float rate_over_correction, inverse_root_correction, epsilon, gradient_scale;
};
struct RmspropStep {
  float alpha, fresh;  // fresh = 1 - alpha
  float rate, epsilon, gradient_scale;
  bool epsilon_inside;
};

struct Kernels {
  const char* name;
  unsigned lanes;
  void (*product)(const Product&, float* panel);
  void (*column_sums)(const float* rows, size_t count, size_t columns, bool accumulate, float* sums);
  void (*tanh)(float* values, size_t count);
  void (*exp)(float* values, size_t count);
  double (*sum_of_squares)(const float* values, size_t count);
  void (*scale)(float* values, size_t count, float factor);
  // to = share * from + (1 - share) * to
  void (*blend)(float* to, const float* from, size_t count, float share);
  void (*adam)(float* parameters, const float* gradients, float* first, float* second, size_t count, const AdamStep&);
  void (*rmsprop)(float* parameters, const float* gradients, float* squares, size_t count, const RmspropStep&);
  // One masked categorical: log-probabilities (0 where masked) and probabilities (0 where masked). `mask` may be null.
  // False where no entry is valid.
  bool (*log_softmax)(const float* logits, const uint8_t* mask, size_t count, float* log_probabilities,
                      float* probabilities);
  // sum of a[i] * b[i]
  float (*dot)(const float* a, const float* b, size_t count);
  // Operations done by `rounds` rounds of independent multiply-adds in registers; the result hinders their removal.
  double (*peak)(size_t rounds, float* result);
};

// The set of that name ("baseline", "avx2", "avx512"), or null where this processor or build has none.
const Kernels* FindKernels(const char* name);
// The widest set that this processor runs.
const Kernels& BestKernels();
// Null-terminated, the narrowest first.
const char* const* InstructionSetNames();

namespace baseline { extern const Kernels kKernels; }
#if defined(__x86_64__)
namespace avx2 { extern const Kernels kKernels; }
namespace avx512 { extern const Kernels kKernels; }
#endif

}  // namespace kisimd
