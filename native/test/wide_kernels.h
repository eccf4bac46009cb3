#pragma once
// The source of the kernels compiled with vectors of 16 floats and the tiles of AVX-512, each vector made of two of
// AVX2: what the wide tiles compute can be checked on a processor that has no AVX-512.
#include "kisimd/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#define KISIMD_LAMBDA __attribute__((always_inline))

namespace kisimd::wide {
namespace {
struct Vector {
  typedef float F __attribute__((vector_size(64)));
  typedef int32_t I __attribute__((vector_size(64)));
  static constexpr size_t kLanes = 16;
  static constexpr size_t kRows = 14, kNarrowRows = 14;
  static inline __attribute__((always_inline)) F Fma(F a, F b, F c) {
    __m256 left[2], right[2], sum[2];
    __builtin_memcpy(left, &a, sizeof a);
    __builtin_memcpy(right, &b, sizeof b);
    __builtin_memcpy(sum, &c, sizeof c);
    for (size_t half = 0; half < 2; ++half) sum[half] = _mm256_fmadd_ps(left[half], right[half], sum[half]);
    __builtin_memcpy(&c, sum, sizeof c);
    return c;
  }
  static inline __attribute__((always_inline)) F Root(F a) {
    __m256 halves[2];
    __builtin_memcpy(halves, &a, sizeof a);
    for (size_t half = 0; half < 2; ++half) halves[half] = _mm256_sqrt_ps(halves[half]);
    __builtin_memcpy(&a, halves, sizeof a);
    return a;
  }
  static inline __attribute__((always_inline)) void Transpose4(const float* from, size_t from_row, float* to,
                                                               size_t to_row) {
    for (size_t i = 0; i < 4; ++i)
      for (size_t j = 0; j < 4; ++j) to[i * to_row + j] = from[j * from_row + i];
  }
};
#include "../src/core/kernels_body.h"

#define KISIMD_SET_NAME "wide"
#include "../src/core/kernels_table.h"
}  // namespace
}  // namespace kisimd::wide

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
