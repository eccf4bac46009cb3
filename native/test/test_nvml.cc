#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "check.h"
#include "kisimd/nvml.h"
#include "temporary_folder.h"

using namespace kisimd;

// CMake puts the stand-in beside the tests.
static std::string FakeLibrary() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "libfake_nvml.so";
}

template <typename Call>
static std::string CodeOf(Call call) {
  try {
    call();
  } catch (const NvmlError& refusal) {
    return refusal.code();
  }
  return "no error";
}

int main() {
  const TemporaryFolder folder;
  const std::string script = folder.File("script");
  setenv("KISIMD_FAKE_NVML", script.c_str(), 1);

  // What cannot be loaded is refused under NVML's own names.
  CHECK(CodeOf([&] { Nvml(folder.File("absent.so")); }) == "NVML_ERROR_LIBRARY_NOT_FOUND");
  CHECK(CodeOf([] { Nvml("libm.so.6"); }) == "NVML_ERROR_FUNCTION_NOT_FOUND");
  TemporaryFolder::Write(script, "init=DRIVER_NOT_LOADED\n");
  CHECK(CodeOf([] { Nvml{FakeLibrary()}; }) == "NVML_ERROR_DRIVER_NOT_LOADED");

  TemporaryFolder::Write(script,
                         "driver=550.54\n"
                         "0.uuid=GPU-aaaa\n0.name=Board A\n0.pci=00000000:01:00.0\n0.limit=300000\n0.energy=123456789012\n"
                         "0.power=75500\n0.util=40\n0.sample=10 1000000 30\n0.sample=11 1166000 50\n0.sample=0 1166000 5\n"
                         "0.sample=12 1166000 4294967295\n0.compute=10 4096\n0.graphics=10 4096\n0.graphics=20 8192\n"
                         "1.uuid=GPU-bbbb\n1.name=Board B\n1.mig=1\n1.energy=7\n"
                         "1.migdev=MIG-1|Board B MIG 1g.10gb\n1.migdev=-\n1.migdev=MIG-2|Board B MIG 2g.20gb\n"
                         "1.compute=30 100 5\n1.compute=30 100 6\n");
  Nvml nvml(FakeLibrary());
  CHECK(nvml.driver_version() == "550.54" && nvml.DeviceCount() == 2);

  const auto board = nvml.Device(0);
  CHECK(board.uuid == "GPU-aaaa" && board.name == "Board A" && board.pci_bus_id == "00000000:01:00.0");
  CHECK(board.power_limit_milliwatts == 300000 && !board.mig_enabled && board.mig_instances.empty());
  CHECK(nvml.TotalEnergyMillijoules(0) == 123456789012u && nvml.PowerMilliwatts(0) == 75500u);
  CHECK(nvml.UtilisationPercent(0) == 40u);

  // MIG instances are named; what the board does not support is not told.
  const auto split = nvml.Device(1);
  CHECK(split.mig_enabled && split.mig_instances.size() == 2 && split.pci_bus_id.empty());
  CHECK(split.mig_instances[0].uuid == "MIG-1" && split.mig_instances[1].name == "Board B MIG 2g.20gb");
  CHECK(!split.power_limit_milliwatts && !nvml.PowerMilliwatts(1) && !nvml.UtilisationPercent(1));
  CHECK(nvml.ProcessUtilisation(1, 0) == nullptr);

  // Samples newer than a stamp in microseconds; unused places of the list are left out; none is no error.
  const auto* samples = nvml.ProcessUtilisation(0, 0);
  CHECK(samples != nullptr && samples->size() == 2);
  CHECK((*samples)[0].pid == 10 && (*samples)[0].timestamp_microseconds == 1000000 && (*samples)[0].sm_percent == 30);
  samples = nvml.ProcessUtilisation(0, 1000000);
  CHECK(samples != nullptr && samples->size() == 1 && (*samples)[0].pid == 11);
  CHECK(nvml.ProcessUtilisation(0, 1166000) == nullptr);

  // Compute and graphics together, each process once, and once for each instance it has.
  const auto processes = nvml.RunningProcesses(0);
  CHECK(processes && processes->size() == 2);
  CHECK((*processes)[0].pid == 10 && (*processes)[0].used_memory_bytes == 4096u && !(*processes)[0].gpu_instance);
  CHECK((*processes)[1].pid == 20);
  const auto on_instances = nvml.RunningProcesses(1);
  CHECK(on_instances && on_instances->size() == 2 && (*on_instances)[1].gpu_instance == 6u);

  // Lists longer than the first buffer.
  std::string many = "0.uuid=GPU-aaaa\n0.name=Board A\n";
  for (int pid = 1; pid <= 1000; ++pid) {
    many += "0.compute=" + std::to_string(pid) + " 1\n";
    many += "0.sample=" + std::to_string(pid) + " 5 1\n";
  }
  TemporaryFolder::Write(script, many);
  CHECK(nvml.RunningProcesses(0)->size() == 1000 && nvml.ProcessUtilisation(0, 0)->size() == 1000);
  CHECK(nvml.RunningProcesses(0)->back().pid == 1000);

  TemporaryFolder::Write(script, "0.uuid=GPU-aaaa\n0.name=Board A\nprocesses=none\n");
  CHECK(!nvml.RunningProcesses(0));

  // Refusals of a device are errors, each under its name.
  TemporaryFolder::Write(script, "0.uuid=GPU-aaaa\n0.lost=GPU_IS_LOST\n");
  CHECK(CodeOf([&] { nvml.TotalEnergyMillijoules(0); }) == "NVML_ERROR_GPU_IS_LOST");
  TemporaryFolder::Write(script, "0.uuid=GPU-aaaa\n0.energy=NO_PERMISSION\n");
  CHECK(CodeOf([&] { nvml.TotalEnergyMillijoules(0); }) == "NVML_ERROR_NO_PERMISSION");
  TemporaryFolder::Write(script, "0.uuid=GPU-aaaa\n0.energy=UNKNOWN\n");
  CHECK(CodeOf([&] { nvml.TotalEnergyMillijoules(0); }) == "NVML_ERROR_UNKNOWN");
  CHECK(CodeOf([&] { nvml.Device(9); }) == "NVML_ERROR_INVALID_ARGUMENT");
}
