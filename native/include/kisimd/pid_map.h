#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kisimd {

/**
 * Map from a process id (> 0) to a number >= 0. Open addressing with linear probing and backward-shift deletion,
 * so that it neither allocates nor slows down while its size stays within what it has already held.
 */
class PidMap {
 public:
  PidMap() : keys_(64, 0), values_(64, 0) {}

  /** The value of a pid, -1 where it has none. */
  int32_t Find(int32_t pid) const {
    for (size_t at = Home(pid);; at = Next(at)) {
      if (keys_[at] == pid) return values_[at];
      if (keys_[at] == 0) return -1;
    }
  }

  void Set(int32_t pid, int32_t value) {
    if ((size_ + 1) * 2 > keys_.size()) Grow();
    size_t at = Home(pid);
    while (keys_[at] != 0 && keys_[at] != pid) at = Next(at);
    if (keys_[at] == 0) size_++;
    keys_[at] = pid;
    values_[at] = value;
  }

  void Erase(int32_t pid) {
    size_t hole = Home(pid);
    while (keys_[hole] != pid) {
      if (keys_[hole] == 0) return;
      hole = Next(hole);
    }
    size_--;
    for (size_t at = Next(hole); keys_[at] != 0; at = Next(at)) {
      // An entry may fill the hole only if its home does not lie between the two.
      const size_t distance = (at - Home(keys_[at])) & Mask();
      if (distance >= ((at - hole) & Mask())) {
        keys_[hole] = keys_[at];
        values_[hole] = values_[at];
        hole = at;
      }
    }
    keys_[hole] = 0;
  }

  void Clear() {
    if (size_ == 0) return;
    for (auto& key : keys_) key = 0;
    size_ = 0;
  }

  size_t size() const { return size_; }

 private:
  size_t Mask() const { return keys_.size() - 1; }
  size_t Next(size_t at) const { return (at + 1) & Mask(); }
  // Fibonacci hashing: neighbouring pids are the rule, and must not form one long run.
  size_t Home(int32_t pid) const { return ((static_cast<uint32_t>(pid) * 2654435769u) >> 7) & Mask(); }

  void Grow() {
    std::vector<int32_t> keys(keys_.size() * 2, 0);
    std::vector<int32_t> values(keys_.size() * 2, 0);
    keys.swap(keys_);
    values.swap(values_);
    size_ = 0;
    for (size_t at = 0; at < keys.size(); at++) {
      if (keys[at] != 0) Set(keys[at], values[at]);
    }
  }

  std::vector<int32_t> keys_;
  std::vector<int32_t> values_;
  size_t size_ = 0;
};

}  // namespace kisimd
