// A stand-in for NVIDIA's management library, for machines without a GPU. It plays what a script says: the file
// named by KISIMD_FAKE_NVML, read anew at every call, so that a test plays a sequence by rewriting the file.
//
//   driver=550.54           init=DRIVER_NOT_LOADED (nvmlInit fails)
//   N.uuid=GPU-...          device N; devices are numbered from 0 without a hole
//   N.name=...  N.pci=00000000:01:00.0
//   N.lost=GPU_IS_LOST      every call on the device fails so
//   N.energy=MILLIJOULES    N.power=MILLIWATTS   N.limit=MILLIWATTS   N.util=PERCENT
//   N.mig=0|1               N.migdev=UUID|NAME (one line each; `N.migdev=-` is an empty place)
//   N.sample=PID TIMESTAMP_US SM_PERCENT   N.compute=PID BYTES GPU_INSTANCE   N.graphics=PID BYTES GPU_INSTANCE
// A missing number is NVML_ERROR_NOT_SUPPORTED; a number may be an error's name instead. `samples=none` and
// `processes=none` make the lists unsupported.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

// With KISIMD_FAKE_NVML_OLD it is a library of the first years: no versioned names, no instance in a process's entry,
// and no energy, MIG, PCI or per-process utilisation.
#ifdef KISIMD_FAKE_NVML_OLD
#define nvmlInit_v2 nvmlInit
#define nvmlDeviceGetCount_v2 nvmlDeviceGetCount
#define nvmlDeviceGetHandleByIndex_v2 nvmlDeviceGetHandleByIndex
#define nvmlDeviceGetComputeRunningProcesses_v3 nvmlDeviceGetComputeRunningProcesses
#define nvmlDeviceGetGraphicsRunningProcesses_v3 nvmlDeviceGetGraphicsRunningProcesses
#endif

namespace {

enum { kSuccess = 0, kUninitialised = 1, kInvalid = 2, kNotSupported = 3, kNotFound = 6, kTooSmall = 7 };

int ErrorNumber(const std::string& name) {
  static const std::map<std::string, int> numbers = {
      {"UNINITIALIZED", 1},  {"INVALID_ARGUMENT", 2},   {"NOT_SUPPORTED", 3}, {"NO_PERMISSION", 4},
      {"NOT_FOUND", 6},      {"DRIVER_NOT_LOADED", 9},  {"TIMEOUT", 10},      {"GPU_IS_LOST", 15},
      {"RESET_REQUIRED", 16}, {"OPERATING_SYSTEM", 17}, {"UNKNOWN", 999},
  };
  const auto found = numbers.find(name);
  return found == numbers.end() ? 999 : found->second;
}

using Script = std::vector<std::pair<std::string, std::string>>;

Script Load() {
  Script script;
  const char* path = std::getenv("KISIMD_FAKE_NVML");
  if (path == nullptr) return script;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t equals = line.find('=');
    if (equals != std::string::npos) script.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return script;
}

const std::string* Find(const Script& script, const std::string& key) {
  for (const auto& entry : script)
    if (entry.first == key) return &entry.second;
  return nullptr;
}

// A handle is the device's number and, for MIG, the instance's, in one pointer that is never null.
void* MakeHandle(unsigned device, unsigned instance) { return reinterpret_cast<void*>(uintptr_t{1} + device + instance * 4096); }
unsigned DeviceOf(void* handle) { return (static_cast<unsigned>(reinterpret_cast<uintptr_t>(handle)) - 1) % 4096; }
unsigned InstanceOf(void* handle) { return (static_cast<unsigned>(reinterpret_cast<uintptr_t>(handle)) - 1) / 4096; }

std::string Key(void* handle, const char* name) { return std::to_string(DeviceOf(handle)) + "." + name; }

int initialised = 0;

int Refusal(const Script& script, void* handle) {
  if (initialised == 0) return kUninitialised;
  const std::string* lost = Find(script, Key(handle, "lost"));
  return lost == nullptr ? kSuccess : ErrorNumber(*lost);
}

template <typename Number>
int Tell(void* handle, const char* name, Number* number) {
  const Script script = Load();
  if (const int refusal = Refusal(script, handle); refusal != kSuccess) return refusal;
  const std::string* text = Find(script, Key(handle, name));
  if (text == nullptr) return kNotSupported;
  if (text->empty() || text->find_first_not_of("0123456789") != std::string::npos) return ErrorNumber(*text);
  *number = static_cast<Number>(std::strtoull(text->c_str(), nullptr, 10));
  return kSuccess;
}

int Text(const std::string& text, char* buffer, unsigned length) {
  if (text.size() + 1 > length) return kTooSmall;
  std::memcpy(buffer, text.c_str(), text.size() + 1);
  return kSuccess;
}

std::vector<std::string> MigDevices(const Script& script, void* handle) {
  std::vector<std::string> found;
  for (const auto& entry : script)
    if (entry.first == Key(handle, "migdev")) found.push_back(entry.second);
  return found;
}

int Describe(void* handle, const char* name, unsigned part, char* buffer, unsigned length) {
  const Script script = Load();
  if (const int refusal = Refusal(script, handle); refusal != kSuccess) return refusal;
  if (InstanceOf(handle) > 0) {
    const auto instances = MigDevices(script, handle);
    if (InstanceOf(handle) > instances.size()) return kInvalid;
    const std::string& text = instances[InstanceOf(handle) - 1];
    const size_t bar = text.find('|');
    return Text(part == 0 ? text.substr(0, bar) : text.substr(bar + 1), buffer, length);
  }
  const std::string* text = Find(script, Key(handle, name));
  return text == nullptr ? kInvalid : Text(*text, buffer, length);
}

struct Sample {
  unsigned pid;
  unsigned long long timestamp;
  unsigned sm, memory, encoder, decoder;
};
struct Process {
  unsigned pid;
  unsigned long long memory;
#ifndef KISIMD_FAKE_NVML_OLD
  unsigned gpu_instance, compute_instance;
#endif
};
struct Pci {
  char legacy[16];
  unsigned numbers[5];
  char id[32];
};

int ListProcesses(void* handle, const char* name, unsigned* count, Process* processes) {
  const Script script = Load();
  if (const int refusal = Refusal(script, handle); refusal != kSuccess) return refusal;
  if (const auto* off = Find(script, "processes"); off != nullptr && *off == "none") return kNotSupported;
  std::vector<Process> found;
  for (const auto& entry : script) {
    if (entry.first != Key(handle, name)) continue;
    Process process{};
    std::istringstream words(entry.second);
    words >> process.pid >> process.memory;
#ifndef KISIMD_FAKE_NVML_OLD
    process.gpu_instance = process.compute_instance = ~0u;
    if (unsigned instance = 0; words >> instance) process.gpu_instance = instance;
#endif
    found.push_back(process);
  }
  const unsigned room = *count;
  *count = static_cast<unsigned>(found.size());
  if (found.size() > room) return kTooSmall;
  if (!found.empty()) std::memcpy(processes, found.data(), found.size() * sizeof(Process));
  return kSuccess;
}

}  // namespace

EXPORT int nvmlInit_v2() {
  const Script script = Load();
  if (const std::string* refusal = Find(script, "init"); refusal != nullptr) return ErrorNumber(*refusal);
  ++initialised;
  return kSuccess;
}

EXPORT int nvmlShutdown() {
  if (initialised == 0) return kUninitialised;
  --initialised;
  return kSuccess;
}

EXPORT int nvmlSystemGetDriverVersion(char* buffer, unsigned length) {
  const Script script = Load();
  const std::string* version = Find(script, "driver");
  return version == nullptr ? kNotSupported : Text(*version, buffer, length);
}

EXPORT int nvmlDeviceGetCount_v2(unsigned* count) {
  if (initialised == 0) return kUninitialised;
  const Script script = Load();
  for (*count = 0; Find(script, std::to_string(*count) + ".uuid") != nullptr;) ++*count;
  return kSuccess;
}

EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** handle) {
  if (initialised == 0) return kUninitialised;
  const Script script = Load();
  if (Find(script, std::to_string(index) + ".uuid") == nullptr) return kInvalid;
  *handle = MakeHandle(index, 0);
  return kSuccess;
}

EXPORT int nvmlDeviceGetUUID(void* handle, char* buffer, unsigned length) { return Describe(handle, "uuid", 0, buffer, length); }
EXPORT int nvmlDeviceGetName(void* handle, char* buffer, unsigned length) { return Describe(handle, "name", 1, buffer, length); }

#ifndef KISIMD_FAKE_NVML_OLD
EXPORT int nvmlDeviceGetPciInfo_v3(void* handle, Pci* pci) {
  std::memset(pci, 0, sizeof *pci);
  const int code = Describe(handle, "pci", 0, pci->id, sizeof pci->id);
  return code == kInvalid ? kNotSupported : code;
}
#endif

EXPORT int nvmlDeviceGetPowerManagementLimit(void* handle, unsigned* limit) { return Tell(handle, "limit", limit); }
#ifndef KISIMD_FAKE_NVML_OLD
EXPORT int nvmlDeviceGetTotalEnergyConsumption(void* handle, unsigned long long* energy) { return Tell(handle, "energy", energy); }
#endif
EXPORT int nvmlDeviceGetPowerUsage(void* handle, unsigned* power) { return Tell(handle, "power", power); }
EXPORT int nvmlDeviceGetUtilizationRates(void* handle, unsigned* rates) {
  rates[1] = 0;
  return Tell(handle, "util", rates);
}

#ifndef KISIMD_FAKE_NVML_OLD
EXPORT int nvmlDeviceGetProcessUtilization(void* handle, Sample* samples, unsigned* count, unsigned long long since) {
  const Script script = Load();
  if (const int refusal = Refusal(script, handle); refusal != kSuccess) return refusal;
  const std::string* mig = Find(script, Key(handle, "mig"));
  if ((mig != nullptr && *mig == "1") || Find(script, "samples") != nullptr) return kNotSupported;
  std::vector<Sample> found;
  for (const auto& entry : script) {
    if (entry.first != Key(handle, "sample")) continue;
    Sample sample{};
    std::istringstream(entry.second) >> sample.pid >> sample.timestamp >> sample.sm;
    if (sample.timestamp > since) found.push_back(sample);
  }
  if (found.empty()) return kNotFound;
  const unsigned room = *count;
  *count = static_cast<unsigned>(found.size());
  if (samples == nullptr || found.size() > room) return kTooSmall;
  std::memcpy(samples, found.data(), found.size() * sizeof(Sample));
  return kSuccess;
}
#endif

EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(void* handle, unsigned* count, Process* processes) {
  return ListProcesses(handle, "compute", count, processes);
}
EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v3(void* handle, unsigned* count, Process* processes) {
  return ListProcesses(handle, "graphics", count, processes);
}

#ifndef KISIMD_FAKE_NVML_OLD
EXPORT int nvmlDeviceGetMigMode(void* handle, unsigned* current, unsigned* pending) {
  const int code = Tell(handle, "mig", current);
  if (code == kSuccess) *pending = *current;
  return code;
}

EXPORT int nvmlDeviceGetMaxMigDeviceCount(void* handle, unsigned* count) {
  const Script script = Load();
  if (const int refusal = Refusal(script, handle); refusal != kSuccess) return refusal;
  *count = static_cast<unsigned>(MigDevices(script, handle).size());
  return kSuccess;
}

EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(void* handle, unsigned index, void** instance) {
  const Script script = Load();
  if (const int refusal = Refusal(script, handle); refusal != kSuccess) return refusal;
  const auto instances = MigDevices(script, handle);
  if (index >= instances.size()) return kInvalid;
  if (instances[index] == "-") return kNotFound;
  *instance = MakeHandle(DeviceOf(handle), index + 1);
  return kSuccess;
}
#endif
