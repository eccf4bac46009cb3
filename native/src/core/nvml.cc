#include "kisimd/nvml.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>

#include "nvml_api.h"

namespace kisimd {
namespace api = nvml_api;
namespace {

const char* ReturnName(int code) {
  static constexpr const char* kNames[] = {
      "NVML_SUCCESS",
      "NVML_ERROR_UNINITIALIZED",
      "NVML_ERROR_INVALID_ARGUMENT",
      "NVML_ERROR_NOT_SUPPORTED",
      "NVML_ERROR_NO_PERMISSION",
      "NVML_ERROR_ALREADY_INITIALIZED",
      "NVML_ERROR_NOT_FOUND",
      "NVML_ERROR_INSUFFICIENT_SIZE",
      "NVML_ERROR_INSUFFICIENT_POWER",
      "NVML_ERROR_DRIVER_NOT_LOADED",
      "NVML_ERROR_TIMEOUT",
      "NVML_ERROR_IRQ_ISSUE",
      "NVML_ERROR_LIBRARY_NOT_FOUND",
      "NVML_ERROR_FUNCTION_NOT_FOUND",
      "NVML_ERROR_CORRUPTED_INFOROM",
      "NVML_ERROR_GPU_IS_LOST",
      "NVML_ERROR_RESET_REQUIRED",
      "NVML_ERROR_OPERATING_SYSTEM",
      "NVML_ERROR_LIB_RM_VERSION_MISMATCH",
      "NVML_ERROR_IN_USE",
      "NVML_ERROR_MEMORY",
      "NVML_ERROR_NO_DATA",
      "NVML_ERROR_VGPU_ECC_NOT_SUPPORTED",
      "NVML_ERROR_INSUFFICIENT_RESOURCES",
      "NVML_ERROR_FREQ_NOT_SUPPORTED",
      "NVML_ERROR_ARGUMENT_VERSION_MISMATCH",
      "NVML_ERROR_DEPRECATED",
      "NVML_ERROR_NOT_READY",
      "NVML_ERROR_GPU_NOT_FOUND",
      "NVML_ERROR_INVALID_STATE",
  };
  if (code < 0 || code >= static_cast<int>(std::size(kNames))) return "NVML_ERROR_UNKNOWN";
  return kNames[code];
}

[[noreturn]] void Throw(int code, const char* call) {
  throw NvmlError(ReturnName(code), std::string(ReturnName(code)) + " (" + std::to_string(code) + "), " + call);
}

void Check(int code, const char* call) {
  if (code != api::kSuccess) Throw(code, call);
}

// True for a value, false for "cannot tell"; throws for the rest.
bool Told(int code, const char* call) {
  if (code == api::kSuccess) return true;
  if (code == api::kNotSupported || code == api::kNotFound || code == api::kFunctionNotFound) return false;
  Throw(code, call);
}

using DeviceHandle = void*;

// Room for a list that may grow between the call that tells its size and the call that fetches it.
constexpr int kListAttempts = 4;
constexpr unsigned kFirstListRoom = 64;

}  // namespace

struct Nvml::Functions {
  int (*shutdown)();
  int (*driver_version)(char*, unsigned);
  int (*count)(unsigned*);
  int (*handle)(unsigned, DeviceHandle*);
  int (*uuid)(DeviceHandle, char*, unsigned);
  int (*name)(DeviceHandle, char*, unsigned);
  // The rest may be missing from an old library.
  int (*pci)(DeviceHandle, void*);
  int (*limits)(DeviceHandle, unsigned*, unsigned*);
  int (*limit)(DeviceHandle, unsigned*);
  int (*energy)(DeviceHandle, unsigned long long*);
  int (*power)(DeviceHandle, unsigned*);
  int (*utilization)(DeviceHandle, api::Utilization*);
  int (*process_utilization)(DeviceHandle, api::ProcessUtilizationSample*, unsigned*, unsigned long long);
  int (*compute_v3)(DeviceHandle, unsigned*, void*);
  int (*compute_v2)(DeviceHandle, unsigned*, void*);
  int (*compute_v1)(DeviceHandle, unsigned*, void*);
  int (*graphics_v3)(DeviceHandle, unsigned*, void*);
  int (*graphics_v2)(DeviceHandle, unsigned*, void*);
  int (*graphics_v1)(DeviceHandle, unsigned*, void*);
  int (*mig_mode)(DeviceHandle, unsigned*, unsigned*);
  int (*mig_count)(DeviceHandle, unsigned*);
  int (*mig_handle)(DeviceHandle, unsigned, DeviceHandle*);
};

Nvml::Nvml(const std::string& libraryPath) {
  library_ = dlopen(libraryPath.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) {
    const char* reason = dlerror();
    throw NvmlError(ReturnName(api::kLibraryNotFound), reason != nullptr ? reason : libraryPath);
  }
  try {
    const auto find = [this](auto& function, std::initializer_list<const char*> names) {
      function = nullptr;
      for (const char* name : names)
        if (function == nullptr) function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library_, name));
      return function != nullptr;
    };
    const auto need = [&](auto& function, std::initializer_list<const char*> names) {
      if (!find(function, names))
        throw NvmlError(ReturnName(api::kFunctionNotFound), libraryPath + " has no " + *names.begin());
    };
    functions_ = new Functions{};
    auto& f = *functions_;
    int (*initialise)() = nullptr;
    need(initialise, {"nvmlInit_v2", "nvmlInit"});
    need(f.shutdown, {"nvmlShutdown"});
    need(f.driver_version, {"nvmlSystemGetDriverVersion"});
    need(f.count, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"});
    need(f.handle, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"});
    need(f.uuid, {"nvmlDeviceGetUUID"});
    need(f.name, {"nvmlDeviceGetName"});
    // Only the struct of _v3 is declared here: the older ones are shorter.
    find(f.pci, {"nvmlDeviceGetPciInfo_v3"});
    find(f.limits, {"nvmlDeviceGetPowerManagementLimitConstraints"});
    find(f.limit, {"nvmlDeviceGetPowerManagementLimit"});
    find(f.energy, {"nvmlDeviceGetTotalEnergyConsumption"});
    find(f.power, {"nvmlDeviceGetPowerUsage"});
    find(f.utilization, {"nvmlDeviceGetUtilizationRates"});
    find(f.process_utilization, {"nvmlDeviceGetProcessUtilization"});
    find(f.compute_v3, {"nvmlDeviceGetComputeRunningProcesses_v3"});
    find(f.compute_v2, {"nvmlDeviceGetComputeRunningProcesses_v2"});
    find(f.compute_v1, {"nvmlDeviceGetComputeRunningProcesses"});
    find(f.graphics_v3, {"nvmlDeviceGetGraphicsRunningProcesses_v3"});
    find(f.graphics_v2, {"nvmlDeviceGetGraphicsRunningProcesses_v2"});
    find(f.graphics_v1, {"nvmlDeviceGetGraphicsRunningProcesses"});
    find(f.mig_mode, {"nvmlDeviceGetMigMode"});
    find(f.mig_count, {"nvmlDeviceGetMaxMigDeviceCount"});
    find(f.mig_handle, {"nvmlDeviceGetMigDeviceHandleByIndex"});
    Check(initialise(), "nvmlInit");
  } catch (...) {
    delete functions_;
    dlclose(library_);
    throw;
  }
  char text[api::kTextSize] = "";
  if (functions_->driver_version(text, sizeof text) == api::kSuccess) driver_version_ = text;
}

Nvml::~Nvml() {
  functions_->shutdown();
  delete functions_;
  dlclose(library_);
}

uint32_t Nvml::DeviceCount() const {
  unsigned count = 0;
  Check(functions_->count(&count), "nvmlDeviceGetCount");
  return count;
}

void* Nvml::Handle(uint32_t index) {
  if (index < handles_.size() && handles_[index] != nullptr) return handles_[index];
  DeviceHandle device = nullptr;
  Check(functions_->handle(index, &device), "nvmlDeviceGetHandleByIndex");
  if (index >= handles_.size()) handles_.resize(index + 1, nullptr);
  handles_[index] = device;
  return device;
}

NvmlDevice Nvml::Device(uint32_t index) {
  const auto& f = *functions_;
  void* device = Handle(index);
  const auto text = [](auto function, void* of, const char* call) {
    char buffer[api::kTextSize] = "";
    Check(function(of, buffer, static_cast<unsigned>(sizeof buffer)), call);
    buffer[sizeof buffer - 1] = '\0';
    return std::string(buffer);
  };
  NvmlDevice result;
  result.uuid = text(f.uuid, device, "nvmlDeviceGetUUID");
  result.name = text(f.name, device, "nvmlDeviceGetName");
  api::PciInfo pci{};
  if (f.pci != nullptr && Told(f.pci(device, &pci), "nvmlDeviceGetPciInfo"))
    result.pci_bus_id.assign(pci.bus_id, strnlen(pci.bus_id, sizeof pci.bus_id));

  // The highest limit that an operator may set, else the present one: readings are judged by it for as long as the
  // program runs, and the limit may be raised meanwhile.
  unsigned least = 0;
  unsigned greatest = 0;
  if (f.limits != nullptr &&
      Told(f.limits(device, &least, &greatest), "nvmlDeviceGetPowerManagementLimitConstraints"))
    result.power_limit_milliwatts = greatest;
  else if (f.limit != nullptr && Told(f.limit(device, &greatest), "nvmlDeviceGetPowerManagementLimit"))
    result.power_limit_milliwatts = greatest;

  unsigned mode = 0;
  unsigned pending = 0;
  if (f.mig_mode == nullptr || !Told(f.mig_mode(device, &mode, &pending), "nvmlDeviceGetMigMode") || mode != 1)
    return result;
  result.mig_enabled = true;
  unsigned instances = 0;
  if (f.mig_count == nullptr || f.mig_handle == nullptr ||
      !Told(f.mig_count(device, &instances), "nvmlDeviceGetMaxMigDeviceCount"))
    return result;
  for (unsigned i = 0; i < instances; ++i) {
    DeviceHandle instance = nullptr;
    if (!Told(f.mig_handle(device, i, &instance), "nvmlDeviceGetMigDeviceHandleByIndex")) continue;  // an empty place
    result.mig_instances.push_back(
        {text(f.uuid, instance, "nvmlDeviceGetUUID"), text(f.name, instance, "nvmlDeviceGetName")});
  }
  return result;
}

std::optional<uint64_t> Nvml::TotalEnergyMillijoules(uint32_t index) {
  unsigned long long energy = 0;
  void* device = Handle(index);
  if (functions_->energy == nullptr ||
      !Told(functions_->energy(device, &energy), "nvmlDeviceGetTotalEnergyConsumption"))
    return std::nullopt;
  return energy;
}

std::optional<uint32_t> Nvml::PowerMilliwatts(uint32_t index) {
  unsigned power = 0;
  void* device = Handle(index);
  if (functions_->power == nullptr || !Told(functions_->power(device, &power), "nvmlDeviceGetPowerUsage"))
    return std::nullopt;
  return power;
}

std::optional<uint32_t> Nvml::UtilisationPercent(uint32_t index) {
  api::Utilization utilization{};
  void* device = Handle(index);
  if (functions_->utilization == nullptr ||
      !Told(functions_->utilization(device, &utilization), "nvmlDeviceGetUtilizationRates"))
    return std::nullopt;
  return utilization.gpu;
}

const std::vector<NvmlSample>* Nvml::ProcessUtilisation(uint32_t index, uint64_t sinceMicroseconds) {
  constexpr const char* kCall = "nvmlDeviceGetProcessUtilization";
  using Sample = api::ProcessUtilizationSample;
  void* device = Handle(index);
  if (functions_->process_utilization == nullptr) return nullptr;
  unsigned room = kFirstListRoom;
  for (int attempt = 1;; ++attempt) {
    if (buffer_.size() < room * sizeof(Sample)) buffer_.resize(room * sizeof(Sample));
    room = static_cast<unsigned>(buffer_.size() / sizeof(Sample));
    unsigned count = room;
    const int code = functions_->process_utilization(device, reinterpret_cast<Sample*>(buffer_.data()), &count,
                                                     sinceMicroseconds);
    if (code == api::kInsufficientSize && attempt < kListAttempts) {
      room = std::max(count, room * 2);
      continue;
    }
    if (!Told(code, kCall)) return nullptr;
    samples_.clear();
    for (unsigned i = 0; i < std::min(count, room); ++i) {
      Sample sample;
      std::memcpy(&sample, buffer_.data() + i * sizeof(Sample), sizeof sample);
      // Drivers leave unused places in the list: no pid, a time stamp that was not asked for, or no percentage.
      if (sample.pid == 0 || sample.timestamp <= sinceMicroseconds || sample.sm > 100) continue;
      samples_.push_back({sample.pid, sample.timestamp, sample.sm});
    }
    return &samples_;
  }
}

bool Nvml::ListProcesses(void* device, int (*v3)(void*, unsigned*, void*), int (*v2)(void*, unsigned*, void*),
                         int (*v1)(void*, unsigned*, void*), const char* call, std::vector<NvmlProcess>& found) {
  const bool with_instances = v3 != nullptr || v2 != nullptr;
  const auto list = v3 != nullptr ? v3 : v2 != nullptr ? v2 : v1;
  if (list == nullptr) return false;
  unsigned room = kFirstListRoom;
  for (int attempt = 1;; ++attempt) {
    if (buffer_.size() < room * api::kProcessInfoRoom) buffer_.resize(room * api::kProcessInfoRoom);
    unsigned count = room;
    const int code = list(device, &count, buffer_.data());
    if (code == api::kInsufficientSize && attempt < kListAttempts) {
      room = std::max(count, room * 2);
      continue;
    }
    if (!Told(code, call)) return false;
    const size_t stride = with_instances ? sizeof(api::ProcessInfoV2) : sizeof(api::ProcessInfoV1);
    for (unsigned i = 0; i < std::min(count, room); ++i) {
      api::ProcessInfoV2 process{0, 0, api::kNoInstance, api::kNoInstance};
      std::memcpy(&process, buffer_.data() + i * stride, stride);
      if (process.pid == 0) continue;
      NvmlProcess entry{process.pid, std::nullopt, std::nullopt};
      if (process.used_memory != api::kMemoryNotAvailable) entry.used_memory_bytes = process.used_memory;
      if (with_instances && process.gpu_instance != api::kNoInstance) entry.gpu_instance = process.gpu_instance;
      const bool known = std::any_of(found.begin(), found.end(), [&](const NvmlProcess& other) {
        return other.pid == entry.pid && other.gpu_instance == entry.gpu_instance;
      });
      if (!known) found.push_back(entry);
    }
    return true;
  }
}

std::optional<std::vector<NvmlProcess>> Nvml::RunningProcesses(uint32_t index) {
  const auto& f = *functions_;
  void* device = Handle(index);
  std::vector<NvmlProcess> found;
  const bool compute = ListProcesses(device, f.compute_v3, f.compute_v2, f.compute_v1,
                                     "nvmlDeviceGetComputeRunningProcesses", found);
  const bool graphics = ListProcesses(device, f.graphics_v3, f.graphics_v2, f.graphics_v1,
                                      "nvmlDeviceGetGraphicsRunningProcesses", found);
  if (!compute && !graphics) return std::nullopt;
  return found;
}

}  // namespace kisimd
