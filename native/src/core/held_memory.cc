#include "kisimd/held_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace kisimd {
namespace {

size_t PageBytes() noexcept { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

size_t WholePages(size_t bytes) noexcept {
  const size_t page = PageBytes();
  return (bytes + page - 1) / page * page;
}

}  // namespace

int HeldMemory::Reserve(size_t capacity) noexcept {
  const size_t bytes = WholePages(capacity);
  if (bytes == 0 || bytes < capacity) return EINVAL;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return errno;
  // Of huge pages a touch would take 2 MiB at a time. A kernel without them refuses the advice, and needs none.
  if (madvise(memory, bytes, MADV_NOHUGEPAGE) != 0 && errno != EINVAL) {
    const int error = errno;
    munmap(memory, bytes);
    return error;
  }
  Release();
  base_ = static_cast<unsigned char*>(memory);
  capacity_ = bytes;
  return 0;
}

int HeldMemory::Resize(size_t bytes) noexcept {
  const size_t wanted = std::min(WholePages(bytes), capacity_);
  if (wanted < held_) {
    if (madvise(base_ + wanted, held_ - wanted, MADV_DONTNEED) != 0) return errno;
    held_ = wanted;
    return 0;
  }
  const size_t before = held_;
  held_ = wanted;
  Touch(before, wanted - before);
  return 0;
}

void HeldMemory::Touch(size_t offset, size_t length) noexcept {
  const size_t page = PageBytes();
  const size_t begin = std::min(offset, held_) / page * page;
  const size_t end = length > held_ - std::min(offset, held_) ? held_ : offset + length;
  for (size_t at = begin; at < end; at += page) {
    // Pages that differ cannot be merged into one by ksmd or zswap; nor does the compiler leave the writes out.
    const uint64_t mark = (static_cast<uint64_t>(at) + 1) * 0x9e3779b97f4a7c15u;
    std::memcpy(base_ + at, &mark, sizeof mark);
    asm volatile("" : : "r"(base_ + at) : "memory");
  }
}

void HeldMemory::Release() noexcept {
  if (base_ != nullptr) munmap(base_, capacity_);
  base_ = nullptr;
  capacity_ = 0;
  held_ = 0;
}

}  // namespace kisimd
