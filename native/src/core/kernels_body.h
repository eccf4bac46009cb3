// No include guard: compiled once in each kernels_*.cc, inside an unnamed namespace and under that file's target
// options, with `Vector` defined before: F (floats), I (32-bit integers of the same width), U (unaligned F), kLanes,
// Fma(a, b, c) = a * b + c, and the tile sizes kRows, kNarrowRows. Nothing here instantiates a template of the standard
// library: code compiled for a wider processor must never be what the linker keeps for all.

using F = Vector::F;
using I = Vector::I;
constexpr size_t W = Vector::kLanes;
typedef uint8_t Bytes __attribute__((vector_size(Vector::kLanes)));
constexpr size_t kSumLanes = 16;
constexpr size_t kParts = kSumLanes / W;

#define KISIMD_INLINE inline __attribute__((always_inline))

KISIMD_INLINE F Load(const float* from) {
  F value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
KISIMD_INLINE void Store(float* to, F value) { __builtin_memcpy(to, &value, sizeof value); }
KISIMD_INLINE F Fill(float value) { return value - F{}; }  // minus: x + 0 is not x where x is -0

// ---- products ---------------------------------------------------------------------------------------------------

struct TileJob {
  size_t k;
  const float* a;
  size_t a_row, a_column;
  const float* b;
  size_t b_row;
  const float* bias;
  bool accumulate;
  Finish finish;
  const float* reference;
  float* c;
  size_t c_row;
};

template <size_t M, size_t N>
__attribute__((noinline)) void Tile(const TileJob& job) {
  // Copies: the compiler cannot know that c does not overlap the job.
  float* const c = job.c;
  const float* const reference = job.reference;
  const size_t c_row = job.c_row;
  const Finish finish = job.finish;
  F sums[M][N];
  if (job.accumulate) {
#pragma GCC unroll 32
    for (size_t i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (size_t j = 0; j < N; ++j) sums[i][j] = Load(c + i * c_row + j * W);
  } else if (job.bias != nullptr) {
#pragma GCC unroll 32
    for (size_t i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (size_t j = 0; j < N; ++j) sums[i][j] = Load(job.bias + j * W);
  } else {
#pragma GCC unroll 32
    for (size_t i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (size_t j = 0; j < N; ++j) sums[i][j] = F{};
  }
  const float* a = job.a;
  const float* b = job.b;
  const size_t a_row = job.a_row, a_column = job.a_column, b_row = job.b_row;
  for (size_t p = job.k; p > 0; --p) {
    F right[N];
#pragma GCC unroll 4
    for (size_t j = 0; j < N; ++j) right[j] = Load(b + j * W);
#pragma GCC unroll 32
    for (size_t i = 0; i < M; ++i) {
      const F left = Fill(a[i * a_row]);
#pragma GCC unroll 4
      for (size_t j = 0; j < N; ++j) sums[i][j] = Vector::Fma(left, right[j], sums[i][j]);
    }
    a += a_column;
    b += b_row;
  }
  switch (finish) {
    case Finish::kNone:
      break;
    case Finish::kRelu:
#pragma GCC unroll 32
      for (size_t i = 0; i < M; ++i)
#pragma GCC unroll 4
        for (size_t j = 0; j < N; ++j) sums[i][j] = sums[i][j] < F{} ? F{} : sums[i][j];
      break;
    case Finish::kReluGradient:
#pragma GCC unroll 32
      for (size_t i = 0; i < M; ++i)
#pragma GCC unroll 4
        for (size_t j = 0; j < N; ++j)
          sums[i][j] = Load(reference + i * c_row + j * W) <= F{} ? F{} : sums[i][j];
      break;
    case Finish::kTanhGradient:
#pragma GCC unroll 32
      for (size_t i = 0; i < M; ++i)
#pragma GCC unroll 4
        for (size_t j = 0; j < N; ++j) {
          const F h = Load(reference + i * c_row + j * W);
          sums[i][j] = sums[i][j] * Vector::Fma(-h, h, Fill(1.0f));
        }
      break;
  }
#pragma GCC unroll 32
  for (size_t i = 0; i < M; ++i)
#pragma GCC unroll 4
    for (size_t j = 0; j < N; ++j) Store(c + i * c_row + j * W, sums[i][j]);
}

template <size_t M, size_t N>
KISIMD_INLINE void TileOfRows(size_t rows, const TileJob& job) {
  if (rows == M) Tile<M, N>(job);
  else if constexpr (M > 1) TileOfRows<M - 1, N>(rows, job);
}

// All rows of one panel of N * W columns. `columns` may be fewer (the last panel): then everything that is as wide as c
// goes through a buffer of the panel's width.
template <size_t M, size_t N>
void Panel(const Product& job, TileJob tile, size_t first_column, size_t columns) {
  constexpr size_t kWidth = N * W;
  alignas(64) float buffer[M * kWidth];
  alignas(64) float reference[M * kWidth];
  alignas(64) float bias[kWidth];
  const bool partial = columns < kWidth;
  if (partial && tile.bias != nullptr) {
    for (size_t j = 0; j < kWidth; ++j) bias[j] = j < columns ? tile.bias[j] : 0.0f;
    tile.bias = bias;
  }
  for (size_t row = 0; row < job.m; row += M) {
    const size_t rows = job.m - row < M ? job.m - row : M;
    float* c = job.c + row * job.c_row + first_column;
    const float* ref = job.reference == nullptr ? nullptr : job.reference + row * job.c_row + first_column;
    if (!partial) {
      tile.c = c;
      tile.c_row = job.c_row;
      tile.reference = ref;
      TileOfRows<M, N>(rows, tile);
    } else {
      tile.c = buffer;
      tile.c_row = kWidth;
      tile.reference = reference;
      if (tile.accumulate)
        for (size_t i = 0; i < rows; ++i)
          for (size_t j = 0; j < kWidth; ++j) buffer[i * kWidth + j] = j < columns ? c[i * job.c_row + j] : 0.0f;
      if (ref != nullptr)
        for (size_t i = 0; i < rows; ++i)
          for (size_t j = 0; j < kWidth; ++j) reference[i * kWidth + j] = j < columns ? ref[i * job.c_row + j] : 0.0f;
      TileOfRows<M, N>(rows, tile);
      for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j) c[i * job.c_row + j] = buffer[i * kWidth + j];
    }
    tile.a += M * job.a_row;
  }
}

// b [depth][columns] to panel [depth][width], padded with zeros.
KISIMD_INLINE void Pack(const float* b, size_t b_row, size_t b_column, size_t depth, size_t columns, size_t width,
                        float* panel) {
  if (b_column == 1) {
    if (columns == width) {
      for (size_t p = 0; p < depth; ++p)
        for (size_t j = 0; j < width; j += W) Store(panel + p * width + j, Load(b + p * b_row + j));
    } else {
      for (size_t p = 0; p < depth; ++p) {
        for (size_t j = 0; j < columns; ++j) panel[p * width + j] = b[p * b_row + j];
        for (size_t j = columns; j < width; ++j) panel[p * width + j] = 0.0f;
      }
    }
    return;
  }
  size_t j = 0;
  for (; j + 4 <= columns; j += 4) {
    const float* column = b + j * b_column;
    size_t p = 0;
    for (; p + 4 <= depth; p += 4)
      Vector::Transpose4(column + p, b_column, panel + p * width + j, width);
    for (; p < depth; ++p)
      for (size_t each = 0; each < 4; ++each) panel[p * width + j + each] = column[each * b_column + p];
  }
  for (; j < columns; ++j)
    for (size_t p = 0; p < depth; ++p) panel[p * width + j] = b[j * b_column + p];
  for (; j < width; ++j)
    for (size_t p = 0; p < depth; ++p) panel[p * width + j] = 0.0f;
}

void MultiplyMatrices(const Product& job, float* panel) {
  if (job.m == 0 || job.n == 0) return;
  for (size_t column = 0; column < job.n;) {
    const size_t left = job.n - column;
    const bool wide = left > W;
    const size_t width = wide ? 2 * W : W;
    const size_t columns = left < width ? left : width;
    size_t done = 0;
    do {
      const size_t depth = job.k - done < kBlockDepth ? job.k - done : kBlockDepth;
      const bool last = done + depth == job.k;
      const float* b = job.b + done * job.b_row + column * job.b_column;
      TileJob tile{};
      tile.k = depth;
      tile.a = job.a + done * job.a_column;
      tile.a_row = job.a_row;
      tile.a_column = job.a_column;
      // A panel that is read by few tiles is not worth copying.
      if (job.b_column == 1 && columns == width && job.m <= 2 * Vector::kRows) {
        tile.b = b;
        tile.b_row = job.b_row;
      } else {
        Pack(b, job.b_row, job.b_column, depth, columns, width, panel);
        tile.b = panel;
        tile.b_row = width;
      }
      tile.bias = done == 0 && job.bias != nullptr ? job.bias + column : nullptr;
      tile.accumulate = done > 0 || job.accumulate;
      tile.finish = last ? job.finish : Finish::kNone;
      if (wide) Panel<Vector::kRows, 2>(job, tile, column, columns);
      else Panel<Vector::kNarrowRows, 1>(job, tile, column, columns);
      done += depth;
    } while (done < job.k);
    column += columns;
  }
}

void ColumnSums(const float* rows, size_t count, size_t columns, bool accumulate, float* sums) {
  size_t j = 0;
  for (; j + 4 * W <= columns; j += 4 * W) {
    F sum[4];
    for (size_t i = 0; i < 4; ++i) sum[i] = accumulate ? Load(sums + j + i * W) : F{};
    for (size_t r = 0; r < count; ++r)
      for (size_t i = 0; i < 4; ++i) sum[i] += Load(rows + r * columns + j + i * W);
    for (size_t i = 0; i < 4; ++i) Store(sums + j + i * W, sum[i]);
  }
  for (; j + W <= columns; j += W) {
    F sum = accumulate ? Load(sums + j) : F{};
    for (size_t r = 0; r < count; ++r) sum += Load(rows + r * columns + j);
    Store(sums + j, sum);
  }
  for (; j < columns; ++j) {
    float sum = accumulate ? sums[j] : 0.0f;
    for (size_t r = 0; r < count; ++r) sum += rows[r * columns + j];
    sums[j] = sum;
  }
}

// ---- functions of one number ------------------------------------------------------------------------------------

// Runs `f` over an array; the last few entries go through a buffer, so each entry gets the same operations.
template <class Function>
KISIMD_INLINE void Map(float* values, size_t count, Function f) {
  size_t i = 0;
  for (; i + W <= count; i += W) Store(values + i, f(Load(values + i)));
  if (i == count) return;
  alignas(64) float rest[W] = {};
  for (size_t j = i; j < count; ++j) rest[j - i] = values[j];
  Store(rest, f(Load(rest)));
  for (size_t j = i; j < count; ++j) values[j] = rest[j - i];
}

// e^x by Cody and Waite's reduction and Taylor's series to the 7th term, relative error below 2e-7; x within [-87, 88].
KISIMD_INLINE F ExpWithin(F x) {
  // Adding 1.5 * 2^23 leaves the nearest whole number in the low bits of the sum.
  const F shifted = Vector::Fma(x, Fill(1.44269504088896341f), Fill(12582912.0f));
  const F n = shifted - 12582912.0f;
  F r = Vector::Fma(n, Fill(-0.693359375f), x);
  r = Vector::Fma(n, Fill(2.12194440e-4f), r);
  F y = Fill(1.0f / 5040.0f);
  y = Vector::Fma(y, r, Fill(1.0f / 720.0f));
  y = Vector::Fma(y, r, Fill(1.0f / 120.0f));
  y = Vector::Fma(y, r, Fill(1.0f / 24.0f));
  y = Vector::Fma(y, r, Fill(1.0f / 6.0f));
  y = Vector::Fma(y, r, Fill(0.5f));
  y = Vector::Fma(y, r, Fill(1.0f));
  y = Vector::Fma(y, r, Fill(1.0f));
  I bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);
  bits = (bits << 23) + 0x3f800000;
  F power;
  __builtin_memcpy(&power, &bits, sizeof power);
  return y * power;
}

// 0 below -87, limited to e^88 above; NaN stays NaN.
KISIMD_INLINE F ExpOf(F x) {
  F within = x > 88.0f ? Fill(88.0f) : x;
  within = within < -87.0f ? Fill(-87.0f) : within;
  const F y = ExpWithin(within);
  return x < -87.0f ? F{} : y;
}

// 1 - 2 / (e^2|x| + 1), and below 0.6, where that cancels, x + x^3 p(x^2) with p fitted by Chebyshev's nodes. Absolute error
// below 2e-7 in every set; NaN stays NaN.
KISIMD_INLINE F TanhOf(F x) {
  F size = x < F{} ? -x : x;
  size = size > 9.5f ? Fill(9.5f) : size;  // 1 - tanh 9.5 is 1e-8
  const F e = ExpWithin(size + size);
  F large = 1.0f - 2.0f / (e + 1.0f);
  large = x < F{} ? -large : large;
  const F t = x * x;
  F p = Fill(-6.269119720e-03f);
  p = Vector::Fma(p, t, Fill(2.111095905e-02f));
  p = Vector::Fma(p, t, Fill(-5.387394885e-02f));
  p = Vector::Fma(p, t, Fill(1.333291537e-01f));
  p = Vector::Fma(p, t, Fill(-3.333333033e-01f));
  const F small = Vector::Fma(x * t, p, x);
  return size < 0.6f ? small : large;
}

void Tanh(float* values, size_t count) { Map(values, count, [](F x) KISIMD_LAMBDA { return TanhOf(x); }); }
void Exp(float* values, size_t count) { Map(values, count, [](F x) KISIMD_LAMBDA { return ExpOf(x); }); }

// ---- sums -------------------------------------------------------------------------------------------------------

// The 16 partial sums, joined in a fixed order.
KISIMD_INLINE float Join(const float* sums) {
  float eight[8];
  for (size_t i = 0; i < 8; ++i) eight[i] = sums[i] + sums[i + 8];
  return ((eight[0] + eight[4]) + (eight[1] + eight[5])) + ((eight[2] + eight[6]) + (eight[3] + eight[7]));
}

float Dot(const float* a, const float* b, size_t count) {
  F sums[kParts] = {};
  size_t i = 0;
  for (; i + kSumLanes <= count; i += kSumLanes)
    for (size_t part = 0; part < kParts; ++part)
      sums[part] = Vector::Fma(Load(a + i + part * W), Load(b + i + part * W), sums[part]);
  alignas(64) float joined[kSumLanes];
  if (i < count) {
    alignas(64) float left[kSumLanes] = {};
    alignas(64) float right[kSumLanes] = {};
    for (size_t j = i; j < count; ++j) {
      left[j - i] = a[j];
      right[j - i] = b[j];
    }
    for (size_t part = 0; part < kParts; ++part)
      sums[part] = Vector::Fma(Load(left + part * W), Load(right + part * W), sums[part]);
  }
  for (size_t part = 0; part < kParts; ++part) Store(joined + part * W, sums[part]);
  return Join(joined);
}

// Blocks in float32, joined in float64: exact enough for a norm over millions of entries.
double SumOfSquares(const float* values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i += 4096) {
    const size_t length = count - i < 4096 ? count - i : 4096;
    sum += static_cast<double>(Dot(values + i, values + i, length));
  }
  return sum;
}

// Natural logarithm of a positive finite number, by 2 artanh((m - 1) / (m + 1)) with m in [sqrt(1/2), sqrt(2)).
KISIMD_INLINE double NaturalLogarithm(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  if (bits - 1 >= 0x7fefffffffffffffULL) return x;  // NaN, infinity: handed on
  int64_t exponent = static_cast<int64_t>(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
  double m;
  __builtin_memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double t = s * s;
  // In pairs (Estrin): the chain of dependent operations is half as long as Horner's.
  const double t2 = t * t, t4 = t2 * t2;
  const double series = ((1.0 / 3.0 + t * (1.0 / 5.0)) + t2 * (1.0 / 7.0 + t * (1.0 / 9.0))) +
                        t4 * ((1.0 / 11.0 + t * (1.0 / 13.0)) + t2 * (1.0 / 15.0));
  return static_cast<double>(exponent) * 0.6931471805599453 + 2.0 * (s + s * t * series);
}

// Sixteen entries from `at`, as many as there are; the others are `other`.
KISIMD_INLINE void LoadSixteen(const float* values, size_t at, size_t count, float other, F (&parts)[kParts]) {
  if (at + kSumLanes <= count) {
    for (size_t part = 0; part < kParts; ++part) parts[part] = Load(values + at + part * W);
    return;
  }
  alignas(64) float rest[kSumLanes];
  for (size_t j = 0; j < kSumLanes; ++j) rest[j] = at + j < count ? values[at + j] : other;
  for (size_t part = 0; part < kParts; ++part) parts[part] = Load(rest + part * W);
}
KISIMD_INLINE void StoreSixteen(float* values, size_t at, size_t count, const F (&parts)[kParts]) {
  if (at + kSumLanes <= count) {
    for (size_t part = 0; part < kParts; ++part) Store(values + at + part * W, parts[part]);
    return;
  }
  alignas(64) float rest[kSumLanes];
  for (size_t part = 0; part < kParts; ++part) Store(rest + part * W, parts[part]);
  for (size_t j = at; j < count; ++j) values[j] = rest[j - at];
}

// All ones for valid entries and 0 for masked ones, and 0 behind the end.
KISIMD_INLINE void ValidSixteen(const uint8_t* mask, size_t at, size_t count, I (&parts)[kParts]) {
  uint8_t bytes[kSumLanes] = {};
  const uint8_t* from = mask + at;
  if (at + kSumLanes > count) {
    for (size_t j = at; j < count; ++j) bytes[j - at] = mask[j];
    from = bytes;
  }
  for (size_t part = 0; part < kParts; ++part) {
    Bytes narrow;
    __builtin_memcpy(&narrow, from + part * W, sizeof narrow);
    parts[part] = __builtin_convertvector(narrow, I) != 0;
  }
}

bool LogSoftmax(const float* logits, const uint8_t* mask, size_t count, float* log_probabilities,
                float* probabilities) {
  const float nothing = -__builtin_inff();
  F values[kParts], sums[kParts], tops[kParts];
  I valid[kParts], found = {};
  for (size_t part = 0; part < kParts; ++part) {
    tops[part] = Fill(nothing);
    sums[part] = F{};
    valid[part] = I{} == 0;
  }
  for (size_t i = 0; i < count; i += kSumLanes) {
    LoadSixteen(logits, i, count, nothing, values);
    if (mask != nullptr) ValidSixteen(mask, i, count, valid);
    for (size_t part = 0; part < kParts; ++part) {
      found |= valid[part];
      values[part] = valid[part] ? values[part] : Fill(nothing);
      tops[part] = values[part] > tops[part] ? values[part] : tops[part];
    }
  }
  int32_t any = 0;
  for (size_t lane = 0; lane < W; ++lane) any |= found[lane];
  if (any == 0 || count == 0) return false;
  alignas(64) float lanes[kSumLanes];
  for (size_t part = 0; part < kParts; ++part) Store(lanes + part * W, tops[part]);
  for (size_t half = kSumLanes / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (size_t j = 0; j < half; ++j) lanes[j] = lanes[j] > lanes[j + half] ? lanes[j] : lanes[j + half];
  const float top = lanes[0];

  for (size_t i = 0; i < count; i += kSumLanes) {
    LoadSixteen(logits, i, count, nothing, values);
    if (mask != nullptr) ValidSixteen(mask, i, count, valid);
    for (size_t part = 0; part < kParts; ++part) {
      values[part] = ExpOf(valid[part] ? values[part] - top : Fill(nothing));
      sums[part] += values[part];
    }
    StoreSixteen(probabilities, i, count, values);
  }
  for (size_t part = 0; part < kParts; ++part) Store(lanes + part * W, sums[part]);
  // A NaN among the valid logits is in the sum now, and so in every result.
  const float sum = Join(lanes);
  const float logarithm = static_cast<float>(NaturalLogarithm(static_cast<double>(sum)));
  const float inverse = 1.0f / sum;
  for (size_t i = 0; i < count; i += kSumLanes) {
    F p[kParts];
    LoadSixteen(logits, i, count, 0.0f, values);
    LoadSixteen(probabilities, i, count, 0.0f, p);
    if (mask != nullptr) ValidSixteen(mask, i, count, valid);
    for (size_t part = 0; part < kParts; ++part) {
      p[part] = valid[part] ? p[part] * inverse : F{};
      values[part] = valid[part] ? (values[part] - top) - logarithm : F{};
    }
    StoreSixteen(probabilities, i, count, p);
    StoreSixteen(log_probabilities, i, count, values);
  }
  return true;
}

// ---- steps ------------------------------------------------------------------------------------------------------

// As Map, over several arrays of the same length.
template <size_t A, class Function>
KISIMD_INLINE void MapAll(float* const (&arrays)[A], size_t count, Function f) {
  F values[A];
  size_t i = 0;
  for (; i + W <= count; i += W) {
    for (size_t a = 0; a < A; ++a) values[a] = Load(arrays[a] + i);
    f(values);
    for (size_t a = 0; a + 1 < A; ++a) Store(arrays[a] + i, values[a]);  // the last one is only read
  }
  if (i == count) return;
  alignas(64) float rest[W] = {};
  for (size_t a = 0; a < A; ++a) {
    for (size_t j = i; j < count; ++j) rest[j - i] = arrays[a][j];
    values[a] = Load(rest);
  }
  f(values);
  for (size_t a = 0; a + 1 < A; ++a) {
    Store(rest, values[a]);
    for (size_t j = i; j < count; ++j) arrays[a][j] = rest[j - i];
  }
}

void Scale(float* values, size_t count, float factor) {
  Map(values, count, [factor](F x) KISIMD_LAMBDA { return x * factor; });
}

void Blend(float* to, const float* from, size_t count, float share) {
  float* const arrays[2] = {to, const_cast<float*>(from)};
  const F rest = Fill(1.0f - share), part = Fill(share);
  MapAll(arrays, count, [=](F* v) KISIMD_LAMBDA { v[0] = Vector::Fma(part, v[1], rest * v[0]); });
}

void Adam(float* parameters, const float* gradients, float* first, float* second, size_t count, const AdamStep& step) {
  float* const arrays[4] = {parameters, first, second, const_cast<float*>(gradients)};
  const F beta1 = Fill(step.beta1), beta2 = Fill(step.beta2);
  const F new1 = Fill(step.new1), new2 = Fill(step.new2);
  const F rate = Fill(step.rate_over_correction), root = Fill(step.inverse_root_correction);
  const F epsilon = Fill(step.epsilon), scale = Fill(step.gradient_scale);
  MapAll(arrays, count, [=](F* v) KISIMD_LAMBDA {
    const F g = v[3] * scale;
    v[1] = Vector::Fma(beta1, v[1], new1 * g);
    v[2] = Vector::Fma(beta2, v[2], new2 * g * g);
    v[0] = v[0] - rate * v[1] / Vector::Fma(Vector::Root(v[2]), root, epsilon);
  });
}

void Rmsprop(float* parameters, const float* gradients, float* squares, size_t count, const RmspropStep& step) {
  float* const arrays[3] = {parameters, squares, const_cast<float*>(gradients)};
  const F alpha = Fill(step.alpha), fresh = Fill(step.fresh);
  const F rate = Fill(step.rate), epsilon = Fill(step.epsilon), scale = Fill(step.gradient_scale);
  const bool inside = step.epsilon_inside;
  MapAll(arrays, count, [=](F* v) KISIMD_LAMBDA {
    const F g = v[2] * scale;
    v[1] = Vector::Fma(alpha, v[1], fresh * g * g);
    const F divisor = inside ? Vector::Root(v[1] + epsilon) : Vector::Root(v[1]) + epsilon;
    v[0] = v[0] - rate * g / divisor;
  });
}

double Peak(size_t rounds, float* result) {
  constexpr size_t kSums = 12;  // more than latency times throughput of a multiply-add on any processor known
  F sums[kSums];
  for (size_t i = 0; i < kSums; ++i) sums[i] = Fill(static_cast<float>(i) * 1e-3f);
  const F factor = Fill(0.999f), addend = Fill(1e-3f);
  // So short a body that all of it stays in registers; counting costs nothing beside it.
  for (size_t round = rounds * 16; round > 0; --round)
#pragma GCC unroll 16
    for (size_t i = 0; i < kSums; ++i) sums[i] = Vector::Fma(sums[i], factor, addend);
  F sum = sums[0];
  for (size_t i = 1; i < kSums; ++i) sum += sums[i];
  float lanes[W];
  Store(lanes, sum);
  *result = lanes[0];
  return static_cast<double>(rounds) * 16.0 * static_cast<double>(kSums * W) * 2.0;
}
