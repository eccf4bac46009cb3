#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kisimd {

/** Owns a file descriptor. */
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~FileDescriptor() { Close(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

/** Reads a file from offset 0 through an open descriptor. Bytes read, or minus the system error. */
ssize_t ReadWhole(int fd, char* buffer, size_t capacity);

/** Opens, reads and closes `path` below the directory `dirfd`. Bytes read, or minus the system error. */
ssize_t ReadFileAt(int dirfd, const char* path, char* buffer, size_t capacity);

/** One numbered directory of a /proc tree. */
struct PidEntry {
  int32_t pid;
  /**
   * Inode number. procfs takes a new one whenever the entry of a pid is made anew (fs/proc/base.c,
   * proc_pid_make_inode), so that the same number twice means the same process; a new one proves nothing.
   */
  uint64_t inode;
};

/** Lists the processes of a /proc tree with large getdents64 reads. */
class PidLister {
 public:
  PidLister() : buffer_(256 * 1024) {}
  /** Replaces `entries`. 0, or minus the system error. */
  int List(int procFd, std::vector<PidEntry>& entries);

 private:
  std::vector<char> buffer_;
};

}  // namespace kisimd
