#pragma once
#include <cstdint>

// What this program uses of NVIDIA's management library, declared from its public API reference
// (docs.nvidia.com/deploy/nvml-api): the library is loaded at run time and its header is not needed to build.
namespace kisimd::nvml_api {

// nvmlReturn_t
enum Return : int {
  kSuccess = 0,
  kNotSupported = 3,
  kNotFound = 6,
  kInsufficientSize = 7,
  kLibraryNotFound = 12,
  kFunctionNotFound = 13,
};

// Buffer sizes that the reference guarantees to be enough for version strings, names and UUIDs (MIG's are longest).
constexpr unsigned kTextSize = 96;

struct PciInfo {
  char bus_id_legacy[16];
  unsigned domain;
  unsigned bus;
  unsigned device;
  unsigned device_id;
  unsigned subsystem_id;
  char bus_id[32];
};

struct Utilization {
  unsigned gpu;
  unsigned memory;
};

struct ProcessUtilizationSample {
  unsigned pid;
  unsigned long long timestamp;  // microseconds
  unsigned sm;
  unsigned memory;
  unsigned encoder;
  unsigned decoder;
};

struct ProcessInfoV1 {
  unsigned pid;
  unsigned long long used_memory;
};

// Of the functions with suffix _v2 and _v3.
struct ProcessInfoV2 {
  unsigned pid;
  unsigned long long used_memory;
  unsigned gpu_instance;
  unsigned compute_instance;
};

// Some drivers of the 535 beta line wrote 8 bytes more for each process than the reference says (pynvml's notes);
// room for those keeps them from writing past the buffer.
constexpr unsigned kProcessInfoRoom = sizeof(ProcessInfoV2) + 8;

constexpr unsigned long long kMemoryNotAvailable = ~0ull;
constexpr unsigned kNoInstance = ~0u;

static_assert(sizeof(PciInfo) == 68 && sizeof(ProcessUtilizationSample) == 32);
static_assert(sizeof(ProcessInfoV1) == 16 && sizeof(ProcessInfoV2) == 24);

}  // namespace kisimd::nvml_api
