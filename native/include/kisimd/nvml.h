#pragma once
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace kisimd {

// A refusal of NVIDIA's management library, under the library's own name for it.
class NvmlError : public std::runtime_error {
 public:
  NvmlError(const char* code, const std::string& text) : std::runtime_error(text), code_(code) {}
  const char* code() const noexcept { return code_; }

 private:
  const char* code_;
};

struct NvmlMigInstance {
  std::string uuid;
  std::string name;
};

struct NvmlDevice {
  std::string uuid;
  std::string name;
  std::string pci_bus_id;
  bool mig_enabled = false;
  std::vector<NvmlMigInstance> mig_instances;
  std::optional<uint32_t> power_limit_milliwatts;
};

struct NvmlSample {
  uint32_t pid;
  uint64_t timestamp_microseconds;
  uint32_t sm_percent;
};

struct NvmlProcess {
  uint32_t pid;
  std::optional<uint64_t> used_memory_bytes;
  std::optional<uint32_t> gpu_instance;
};

// libnvidia-ml, found at run time. The readers give nullopt where the library says that the device or the driver
// cannot tell (NOT_SUPPORTED, NOT_FOUND, or a function that this version of the library lacks), and throw NvmlError
// for every other refusal. One thread at a time.
class Nvml {
 public:
  // Loads and initialises the library. Throws NvmlError: NVML_ERROR_LIBRARY_NOT_FOUND, _FUNCTION_NOT_FOUND, or
  // what the initialisation said.
  explicit Nvml(const std::string& libraryPath);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  const std::string& driver_version() const noexcept { return driver_version_; }
  uint32_t DeviceCount() const;
  NvmlDevice Device(uint32_t index);
  // Millijoules since the driver was loaded.
  std::optional<uint64_t> TotalEnergyMillijoules(uint32_t index);
  std::optional<uint32_t> PowerMilliwatts(uint32_t index);
  std::optional<uint32_t> UtilisationPercent(uint32_t index);
  // Samples newer than a driver time stamp in MICROseconds. The result lives until the next call.
  const std::vector<NvmlSample>* ProcessUtilisation(uint32_t index, uint64_t sinceMicroseconds);
  // nullopt only where neither kind of process can be listed; each pid once for each GPU instance.
  std::optional<std::vector<NvmlProcess>> RunningProcesses(uint32_t index);

 private:
  struct Functions;
  void* Handle(uint32_t index);
  bool ListProcesses(void* device, int (*v3)(void*, unsigned*, void*), int (*v2)(void*, unsigned*, void*),
                     int (*v1)(void*, unsigned*, void*), const char* call, std::vector<NvmlProcess>& found);

  void* library_ = nullptr;
  Functions* functions_ = nullptr;
  std::string driver_version_;
  std::vector<void*> handles_;
  std::vector<unsigned char> buffer_;
  std::vector<NvmlSample> samples_;
};

}  // namespace kisimd
