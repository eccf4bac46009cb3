// Every compiled set against plain loops, at sizes around every tile's edge, on misaligned arrays; and bit for bit
// against each other where both have fused multiply-add.
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "check.h"
#include "kisimd/kernels.h"
#include "wide_kernels.h"

using namespace kisimd;

namespace {

uint32_t state = 1;
float Random() {
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
}
std::vector<float> Randoms(size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = Random();
  return values;
}

struct Panel {
  float* data = static_cast<float*>(std::aligned_alloc(64, kPanelFloats * sizeof(float)));
  ~Panel() { std::free(data); }
};

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

enum class Shape { kPlain, kLeftTransposed, kRightTransposed };

std::vector<float> Multiply(const Kernels& kernels, Shape shape, size_t m, size_t n, size_t k, Finish finish, bool bias,
                            bool accumulate, bool check) {
  state = static_cast<uint32_t>(m * 131 + n * 17 + k);
  const Panel panel;
  // One float off the allocation: never aligned.
  const auto a = Randoms(m * k + 1), b = Randoms(k * n + 1), start = Randoms(m * n + 1), reference = Randoms(m * n + 1),
             biases = Randoms(n + 1);
  auto c = start;
  Product job{};
  job.m = m, job.n = n, job.k = k;
  job.a = a.data() + 1;
  job.a_row = shape == Shape::kLeftTransposed ? 1 : k;
  job.a_column = shape == Shape::kLeftTransposed ? m : 1;
  job.b = b.data() + 1;
  job.b_row = shape == Shape::kRightTransposed ? 1 : n;
  job.b_column = shape == Shape::kRightTransposed ? k : 1;
  job.bias = bias ? biases.data() + 1 : nullptr;
  job.accumulate = accumulate;
  job.finish = finish;
  job.reference = finish == Finish::kReluGradient || finish == Finish::kTanhGradient ? reference.data() + 1 : nullptr;
  job.c = c.data() + 1;
  job.c_row = n;
  kernels.product(job, panel.data);
  if (check)
    for (size_t i = 0; i < m; ++i)
      for (size_t j = 0; j < n; ++j) {
        double sum = accumulate ? start[1 + i * n + j] : bias ? biases[1 + j] : 0.0;
        for (size_t p = 0; p < k; ++p)
          sum += static_cast<double>(job.a[i * job.a_row + p * job.a_column]) *
                 static_cast<double>(job.b[p * job.b_row + j * job.b_column]);
        const double r = reference[1 + i * n + j];
        if (finish == Finish::kRelu && sum < 0) sum = 0;
        if (finish == Finish::kReluGradient && r <= 0) sum = 0;
        if (finish == Finish::kTanhGradient) sum *= 1 - r * r;
        CHECK(std::fabs(sum - static_cast<double>(c[1 + i * n + j])) <= 1e-6 * (4.0 + static_cast<double>(k)));
      }
  CHECK(c[0] == start[0]);
  return c;
}

void CheckProducts(const Kernels& kernels, const Kernels* same) {
  const size_t sizes[] = {1, 2, 3, 5, 6, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 64, 65};
  for (const size_t m : sizes)
    for (const size_t n : sizes)
      for (const size_t k : {size_t{0}, size_t{1}, size_t{3}, size_t{4}, size_t{5}, size_t{18}}) {
        const auto shape = static_cast<Shape>((m + n + k) % 3);
        const auto finish = static_cast<Finish>((m + 2 * n + k) % 4);
        const bool accumulate = (m + n) % 2 == 0;
        const auto c = Multiply(kernels, shape, m, n, k, finish, !accumulate && k % 2 == 0, accumulate, true);
        if (same != nullptr)
          CHECK(SameBits(c, Multiply(*same, shape, m, n, k, finish, !accumulate && k % 2 == 0, accumulate, false)));
      }
  // Deeper than one block: the chain goes on over the blocks.
  for (const auto shape : {Shape::kPlain, Shape::kLeftTransposed, Shape::kRightTransposed}) {
    const auto c = Multiply(kernels, shape, 15, 37, kBlockDepth * 2 + 3, Finish::kRelu, true, false, true);
    if (same != nullptr)
      CHECK(SameBits(c, Multiply(*same, shape, 15, 37, kBlockDepth * 2 + 3, Finish::kRelu, true, false, false)));
  }
  CHECK(Multiply(kernels, Shape::kPlain, 0, 3, 4, Finish::kNone, false, false, true).size() == 1);
}

void CheckFunctions(const Kernels& kernels, const Kernels* same) {
  std::vector<float> x;
  for (int i = -200000; i <= 200000; ++i) x.push_back(static_cast<float>(i) * 6e-5f);
  for (const float special : {1e-30f, -1e-30f, 1e30f, -1e30f, 88.0f, -87.0f, 0.0f}) x.push_back(special);
  auto tanhs = x, exps = x;
  kernels.tanh(tanhs.data(), tanhs.size());
  kernels.exp(exps.data(), exps.size());
  for (size_t i = 0; i < x.size(); ++i) {
    CHECK(std::fabs(static_cast<double>(tanhs[i]) - std::tanh(static_cast<double>(x[i]))) < 2e-7);
    const double e = std::exp(std::fmin(88.0, static_cast<double>(x[i])));
    if (x[i] >= -87.0f) CHECK(std::fabs(static_cast<double>(exps[i]) - e) < 3e-7 * e);
    else CHECK(exps[i] == 0.0f);
  }
  if (same != nullptr) {
    auto other = x;
    same->tanh(other.data(), other.size());
    CHECK(SameBits(other, tanhs));
    other = x;
    same->exp(other.data(), other.size());
    CHECK(SameBits(other, exps));
  }
  float unknown[3] = {std::numeric_limits<float>::quiet_NaN(), 1.0f, std::numeric_limits<float>::infinity()};
  kernels.tanh(unknown, 3);
  CHECK(std::isnan(unknown[0]) && unknown[2] == 1.0f);
  unknown[0] = std::numeric_limits<float>::quiet_NaN();
  kernels.exp(unknown, 1);
  CHECK(std::isnan(unknown[0]));
}

void CheckSums(const Kernels& kernels, const Kernels* same) {
  for (size_t count = 0; count < 70; ++count) {
    const auto a = Randoms(count + 1), b = Randoms(count + 1);
    double dot = 0, squares = 0;
    for (size_t i = 1; i <= count; ++i) {
      dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      squares += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    }
    CHECK(std::fabs(static_cast<double>(kernels.dot(a.data() + 1, b.data() + 1, count)) - dot) < 1e-5);
    CHECK(std::fabs(kernels.sum_of_squares(a.data() + 1, count) - squares) < 1e-5);
    if (same != nullptr) {
      CHECK(kernels.dot(a.data() + 1, b.data() + 1, count) == same->dot(a.data() + 1, b.data() + 1, count));
      CHECK(kernels.sum_of_squares(a.data() + 1, count) == same->sum_of_squares(a.data() + 1, count));
    }
    for (const size_t rows : {size_t{0}, size_t{1}, size_t{5}}) {
      const auto values = Randoms(rows * count + 1);
      std::vector<float> sums(count + 1, 3.0f);
      kernels.column_sums(values.data() + 1, rows, count, true, sums.data() + 1);
      for (size_t j = 0; j < count; ++j) {
        double sum = 3.0;
        for (size_t r = 0; r < rows; ++r) sum += static_cast<double>(values[1 + r * count + j]);
        CHECK(std::fabs(sum - static_cast<double>(sums[1 + j])) < 1e-5);
      }
    }
  }
  const auto many = Randoms(100001);
  double squares = 0;
  for (const float value : many) squares += static_cast<double>(value) * static_cast<double>(value);
  CHECK(std::fabs(kernels.sum_of_squares(many.data(), many.size()) - squares) < 1e-6 * squares);
}

void CheckSoftmax(const Kernels& kernels, const Kernels* same) {
  for (size_t count = 1; count < 40; ++count) {
    auto logits = Randoms(count);
    for (float& logit : logits) logit *= 20.0f;
    std::vector<uint8_t> mask(count);
    for (auto& valid : mask) valid = Random() > 0 ? 1 : 0;
    mask[count / 2] = 1;
    for (const uint8_t* which : {static_cast<const uint8_t*>(nullptr), static_cast<const uint8_t*>(mask.data())}) {
      std::vector<float> logs(count, 5.0f), p(count, 5.0f);
      CHECK(kernels.log_softmax(logits.data(), which, count, logs.data(), p.data()));
      double sum = 0, total = 0;
      for (size_t i = 0; i < count; ++i)
        if (which == nullptr || which[i]) sum += std::exp(static_cast<double>(logits[i]));
      for (size_t i = 0; i < count; ++i) {
        total += static_cast<double>(p[i]);
        if (which != nullptr && !which[i]) CHECK(p[i] == 0.0f && logs[i] == 0.0f);
        else CHECK(std::fabs(static_cast<double>(logs[i]) - (static_cast<double>(logits[i]) - std::log(sum))) < 5e-6);
      }
      CHECK(std::fabs(total - 1.0) < 1e-6);
      if (same != nullptr) {
        std::vector<float> logs2(count), p2(count);
        CHECK(same->log_softmax(logits.data(), which, count, logs2.data(), p2.data()));
        CHECK(SameBits(p, p2) && SameBits(logs, logs2));
      }
    }
    std::vector<uint8_t> none(count, 0);
    std::vector<float> logs(count), p(count);
    CHECK(!kernels.log_softmax(logits.data(), none.data(), count, logs.data(), p.data()));
  }
}

void CheckSteps(const Kernels& kernels, const Kernels* same) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{9}, size_t{33}}) {
    const auto p = Randoms(count), g = Randoms(count), m = Randoms(count);
    auto v = Randoms(count);
    for (float& each : v) each *= each;
    const AdamStep adam{0.9f, 0.999f, 0.1f, 0.001f, 0.003f, 1.5f, 1e-8f, 0.5f};
    const auto run = [&](const Kernels& set) {
      auto p2 = p, m2 = m, v2 = v;
      set.adam(p2.data(), g.data(), m2.data(), v2.data(), count, adam);
      set.rmsprop(p2.data(), g.data(), v2.data(), count, RmspropStep{0.99f, 0.01f, 0.001f, 1e-5f, 2.0f, true});
      set.blend(p2.data(), m2.data(), count, 0.25f);
      set.scale(p2.data(), count, 3.0f);
      return p2;
    };
    const auto after = run(kernels);
    for (size_t i = 0; i < count; ++i) {
      const double gradient = static_cast<double>(g[i]) * 0.5;
      const double m2 = 0.9 * static_cast<double>(m[i]) + 0.1 * gradient;
      double v2 = 0.999 * static_cast<double>(v[i]) + 0.001 * gradient * gradient;
      double p2 = static_cast<double>(p[i]) - 0.003 * m2 / (std::sqrt(v2) * 1.5 + 1e-8);
      const double doubled = static_cast<double>(g[i]) * 2;
      v2 = 0.99 * v2 + 0.01 * doubled * doubled;
      p2 -= 0.001 * doubled / std::sqrt(v2 + 1e-5);
      p2 = 3 * (0.25 * m2 + 0.75 * p2);
      CHECK(std::fabs(p2 - static_cast<double>(after[i])) < 1e-5);
    }
    if (same != nullptr) CHECK(SameBits(after, run(*same)));
  }
}

void CheckAll(const Kernels& kernels, const Kernels* same) {
  CheckProducts(kernels, same);
  CheckFunctions(kernels, same);
  CheckSums(kernels, same);
  CheckSoftmax(kernels, same);
  CheckSteps(kernels, same);
  float result = 0;
  CHECK(kernels.peak(10, &result) == 10.0 * 16 * 12 * 2 * kernels.lanes);
}

}  // namespace

int main() {
  const Kernels* fused = nullptr;
  for (const char* const* name = InstructionSetNames(); *name != nullptr; ++name) {
    const Kernels* kernels = FindKernels(*name);
    CHECK(kernels != nullptr && std::string(kernels->name) == *name);
    CheckAll(*kernels, fused);
    if (std::string(*name) != "baseline") fused = kernels;
  }
#if defined(__x86_64__)
  if (fused != nullptr) CheckAll(wide::kKernels, fused);
#endif
  CHECK(FindKernels("mmx") == nullptr);
  std::printf("best: %s\n", BestKernels().name);
}
