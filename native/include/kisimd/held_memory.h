#pragma once
#include <cstddef>

namespace kisimd {

// Memory that is held for its own sake: address space is reserved once, and as many of its pages as asked for are kept
// in RAM by being written to. Pages that are no longer wanted go back to the kernel at once.
class HeldMemory {
 public:
  HeldMemory() = default;
  ~HeldMemory() { Release(); }
  HeldMemory(const HeldMemory&) = delete;
  HeldMemory& operator=(const HeldMemory&) = delete;

  // 0 or the errno of mmap(2): ENOMEM where the system does not overcommit so much.
  int Reserve(size_t capacity) noexcept;
  bool IsReserved() const noexcept { return base_ != nullptr; }
  size_t capacity() const noexcept { return capacity_; }
  size_t held() const noexcept { return held_; }
  // Takes or gives back pages at the end until `bytes`, rounded up to pages and at most the capacity, are held.
  // 0 or the errno of madvise(2).
  int Resize(size_t bytes) noexcept;
  // Writes to every held page of a part, so that it is neither swapped out nor found to be idle.
  void Touch(size_t offset, size_t length) noexcept;
  void Release() noexcept;

 private:
  unsigned char* base_ = nullptr;
  size_t capacity_ = 0;
  size_t held_ = 0;
};

}  // namespace kisimd
