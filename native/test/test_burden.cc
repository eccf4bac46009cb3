#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "check.h"
#include "kisimd/direct_file.h"
#include "kisimd/held_memory.h"
#include "temporary_folder.h"

using namespace kisimd;

// Resident bytes of this process, by /proc/self/statm.
static long ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  CHECK(file != nullptr);
  long size = 0;
  long resident = 0;
  CHECK(std::fscanf(file, "%ld %ld", &size, &resident) == 2);
  std::fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

static void MemoryComesAndGoes() {
  constexpr long kMany = 64L << 20;
  constexpr long kSlack = 4L << 20;
  HeldMemory memory;
  CHECK(!memory.IsReserved());
  CHECK(memory.Reserve(static_cast<size_t>(kMany)) == 0);
  const long before = ResidentBytes();
  CHECK(memory.Resize(1) == 0);
  CHECK(memory.held() == static_cast<size_t>(sysconf(_SC_PAGESIZE)));
  CHECK(memory.Resize(static_cast<size_t>(kMany)) == 0);
  CHECK(memory.held() == static_cast<size_t>(kMany));
  CHECK(ResidentBytes() - before > kMany - kSlack);
  memory.Touch(0, memory.held());
  memory.Touch(memory.held() + 1, 1);
  memory.Touch(memory.held() - 1, SIZE_MAX);
  CHECK(memory.Resize(static_cast<size_t>(kMany / 2)) == 0);
  CHECK(ResidentBytes() - before < kMany / 2 + kSlack);
  CHECK(memory.Resize(SIZE_MAX / 2) == 0);
  CHECK(memory.held() == static_cast<size_t>(kMany));
  memory.Release();
  CHECK(ResidentBytes() - before < kSlack);
  CHECK(memory.Reserve(0) == EINVAL);
  CHECK(memory.Reserve(SIZE_MAX) == EINVAL);
}

static void TheFileHasNoName() {
  const TemporaryFolder folder;
  const std::string path = std::filesystem::path(folder.File("x")).parent_path();
  DirectFile file;
  const char* call = nullptr;
  const int error = file.Open(path, 8 * DirectFile::kMostBytes, call);
  if (error == EINVAL) {
    std::fprintf(stderr, "no direct transfers on %s: not tried\n", path.c_str());
    return;
  }
  CHECK(error == 0);
  CHECK(std::filesystem::is_empty(path));
  CHECK(file.Write(DirectFile::kMostBytes, DirectFile::kMostBytes) == 0);
  CHECK(file.Read(DirectFile::kMostBytes, DirectFile::kAlignment) == 0);
  CHECK(file.Read(DirectFile::kMostBytes, 17) == EINVAL);
  file.Close();
  CHECK(!file.IsOpen());
}

static void WhatCannotBeMadeSaysWhy() {
  const TemporaryFolder folder;
  DirectFile file;
  const char* call = nullptr;
  CHECK(file.Open(folder.File("absent"), 4096, call) == ENOENT);
  CHECK(std::string(call) == "open");
  struct statvfs space;
  CHECK(statvfs("/tmp", &space) == 0);
  const std::string path = std::filesystem::path(folder.File("x")).parent_path();
  const int error = file.Open(path, static_cast<uint64_t>(space.f_blocks) * space.f_frsize * 2, call);
  CHECK(error == ENOSPC || error == EFBIG || error == EINVAL);
  CHECK(!file.IsOpen());
  CHECK(std::filesystem::is_empty(path));
}

int main() {
  MemoryComesAndGoes();
  TheFileHasNoName();
  WhatCannotBeMadeSaysWhy();
}
