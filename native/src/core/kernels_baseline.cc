// Vectors of four floats: SSE2 on x86-64, NEON on aarch64, whatever the compiler makes of them elsewhere.
#include "kisimd/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define KISIMD_LAMBDA __attribute__((always_inline))

namespace kisimd::baseline {
namespace {
struct Vector {
  typedef float F __attribute__((vector_size(16)));
  typedef int32_t I __attribute__((vector_size(16)));
  static constexpr size_t kLanes = 4;
#if defined(__aarch64__)
  static constexpr size_t kRows = 8, kNarrowRows = 12;  // 32 registers
#else
  static constexpr size_t kRows = 5, kNarrowRows = 8;  // 16 registers, and a product needs one of its own
#endif
  static inline __attribute__((always_inline)) F Fma(F a, F b, F c) {
#if defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#else
    return a * b + c;
#endif
  }
  static inline __attribute__((always_inline)) F Root(F a) {
#if defined(__x86_64__)
    return _mm_sqrt_ps(a);
#elif defined(__aarch64__)
    return vsqrtq_f32(a);
#else
    F root;
    for (size_t i = 0; i < kLanes; ++i) root[i] = __builtin_sqrtf(a[i]);
    return root;
#endif
  }
  static inline __attribute__((always_inline)) void Transpose4(const float* from, size_t from_row, float* to,
                                                               size_t to_row) {
#if defined(__x86_64__)
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + from_row), c = _mm_loadu_ps(from + 2 * from_row),
           d = _mm_loadu_ps(from + 3 * from_row);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + to_row, b);
    _mm_storeu_ps(to + 2 * to_row, c);
    _mm_storeu_ps(to + 3 * to_row, d);
#else
    for (size_t i = 0; i < 4; ++i)
      for (size_t j = 0; j < 4; ++j) to[i * to_row + j] = from[j * from_row + i];
#endif
  }
};
#include "kernels_body.h"
}  // namespace

#define KISIMD_SET_NAME "baseline"
#include "kernels_table.h"
}  // namespace kisimd::baseline
