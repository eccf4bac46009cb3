#include "kisimd/kernels.h"

#include <array>
#include <cstring>

namespace kisimd {
namespace {

struct Sets {
  // As many as there are names, and the null at the end.
  std::array<const Kernels*, 4> kernels{};
  std::array<const char*, 4> names{};
  size_t count = 0;

  Sets() {
    Add(baseline::kKernels);
#if defined(__x86_64__)
    // Asks the processor and whether the system saves the wide registers.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      Add(avx2::kKernels);
      if (__builtin_cpu_supports("avx512f")) Add(avx512::kKernels);
    }
#endif
  }
  void Add(const Kernels& set) {
    kernels[count] = &set;
    names[count] = set.name;
    ++count;
  }
};

const Sets& AllSets() {
  static const Sets sets;
  return sets;
}

}  // namespace

const Kernels* FindKernels(const char* name) {
  const Sets& sets = AllSets();
  for (size_t i = 0; i < sets.count; ++i)
    if (std::strcmp(sets.names[i], name) == 0) return sets.kernels[i];
  return nullptr;
}

const Kernels& BestKernels() { return *AllSets().kernels[AllSets().count - 1]; }

const char* const* InstructionSetNames() { return AllSets().names.data(); }

}  // namespace kisimd
