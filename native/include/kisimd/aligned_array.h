#pragma once
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace kisimd {

// Zeroed memory for vectors, 64-byte aligned, that may be shared with a JavaScript array: it is freed when the last of
// its holders is gone, in whatever thread that happens.
template <class T>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(size_t count) : count_(count) {
    // At least one line, in whole lines as aligned_alloc wants them.
    const size_t bytes = (count * sizeof(T) + 64) / 64 * 64;
    void* memory = std::aligned_alloc(64, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, 0, bytes);
    holder_ = std::shared_ptr<T>(static_cast<T*>(memory), [](T* held) { std::free(held); });
  }
  T* data() const { return holder_.get(); }
  size_t size() const { return count_; }
  T& operator[](size_t index) const { return holder_.get()[index]; }
  void Fill(T value) const {
    for (size_t i = 0; i < count_; ++i) data()[i] = value;
  }
  const std::shared_ptr<T>& holder() const { return holder_; }
  // Grows, losing the content, so that at least `count` entries fit; does nothing where they do.
  void Reserve(size_t count) {
    if (count > count_) *this = AlignedArray(count);
  }

 private:
  std::shared_ptr<T> holder_;
  size_t count_ = 0;
};

}  // namespace kisimd
