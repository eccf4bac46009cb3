// AVX-512: 32 registers of sixteen floats.
#if defined(__x86_64__)
#include "kisimd/kernels.h"

#include <immintrin.h>

// The options hold for what follows, not for the headers above: no inline function of theirs is compiled for this set.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx2,fma")
#endif

#define KISIMD_LAMBDA __attribute__((always_inline))

namespace kisimd::avx512 {
namespace {
struct Vector {
  typedef float F __attribute__((vector_size(64)));
  typedef int32_t I __attribute__((vector_size(64)));
  static constexpr size_t kLanes = 16;
  static constexpr size_t kRows = 14, kNarrowRows = 14;
  static inline __attribute__((always_inline)) F Fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static inline __attribute__((always_inline)) F Root(F a) { return _mm512_maskz_sqrt_ps(0xffff, a); }
  static inline __attribute__((always_inline)) void Transpose4(const float* from, size_t from_row, float* to,
                                                               size_t to_row) {
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + from_row), c = _mm_loadu_ps(from + 2 * from_row),
           d = _mm_loadu_ps(from + 3 * from_row);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + to_row, b);
    _mm_storeu_ps(to + 2 * to_row, c);
    _mm_storeu_ps(to + 3 * to_row, d);
  }
};
#include "kernels_body.h"
}  // namespace

#define KISIMD_SET_NAME "avx512"
#include "kernels_table.h"
}  // namespace kisimd::avx512

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
