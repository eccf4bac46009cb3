#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace kisimd {

// A file without a name, so that it is gone with the process however that ends, read and written past the page cache
// (O_DIRECT): what is asked of it reaches the disk.
class DirectFile {
 public:
  // Most bytes of one transfer, and what offsets and lengths are multiples of.
  static constexpr size_t kMostBytes = 1 << 20;
  static constexpr size_t kAlignment = 4096;

  DirectFile() = default;
  ~DirectFile() { Close(); }
  DirectFile(const DirectFile&) = delete;
  DirectFile& operator=(const DirectFile&) = delete;

  // Makes the file with all its space. 0 or an errno, and the call that failed: ENOSPC, EDQUOT, EACCES, EROFS, EINVAL
  // (a file system without direct transfers), ENOMEM...
  int Open(const std::string& folder, uint64_t bytes, const char*& call) noexcept;
  bool IsOpen() const noexcept { return fd_ >= 0; }
  uint64_t bytes() const noexcept { return bytes_; }
  // Transfers the whole part, which must lie within the file. 0 or an errno.
  int Write(uint64_t offset, size_t length) const noexcept;
  int Read(uint64_t offset, size_t length) const noexcept;
  void Close() noexcept;

 private:
  int fd_ = -1;
  uint64_t bytes_ = 0;
  void* buffer_ = nullptr;
};

}  // namespace kisimd
