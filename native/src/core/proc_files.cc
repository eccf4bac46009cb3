#include "kisimd/proc_files.h"

#include <dirent.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

namespace kisimd {

ssize_t ReadWhole(int fd, char* buffer, size_t capacity) {
  size_t length = 0;
  while (length < capacity) {
    const ssize_t got = ::pread(fd, buffer + length, capacity - length, static_cast<off_t>(length));
    if (got < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    if (got == 0) break;
    length += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(length);
}

ssize_t ReadFileAt(int dirfd, const char* path, char* buffer, size_t capacity) {
  const FileDescriptor file(::openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.valid()) return -errno;
  return ReadWhole(file.get(), buffer, capacity);
}

namespace {

/** The layout that getdents64(2) documents; glibc has a wrapper only since 2.30. */
struct DirectoryEntryHead {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
};
constexpr size_t kNameOffset = 19;

/** The pid that a directory name stands for, 0 where it is no pid. */
int32_t PidOfName(const char* name, size_t limit) {
  int64_t pid = 0;
  size_t at = 0;
  for (; at < limit && name[at] != '\0'; at++) {
    if (name[at] < '0' || name[at] > '9') return 0;
    pid = pid * 10 + (name[at] - '0');
    if (pid > INT32_MAX) return 0;
  }
  return static_cast<int32_t>(pid);
}

}  // namespace

int PidLister::List(int procFd, std::vector<PidEntry>& entries) {
  entries.clear();
  if (::lseek(procFd, 0, SEEK_SET) < 0) return -errno;
  for (;;) {
    const long got = ::syscall(SYS_getdents64, procFd, buffer_.data(), buffer_.size());
    if (got < 0) return -errno;
    if (got == 0) return 0;
    const size_t end = static_cast<size_t>(got);
    for (size_t at = 0; at + kNameOffset < end;) {
      DirectoryEntryHead head{};
      std::memcpy(&head, buffer_.data() + at, kNameOffset);
      if (head.length <= kNameOffset || at + head.length > end) break;
      if (head.type == DT_DIR || head.type == DT_UNKNOWN) {
        const int32_t pid = PidOfName(buffer_.data() + at + kNameOffset, head.length - kNameOffset);
        if (pid > 0) entries.push_back({pid, head.inode});
      }
      at += head.length;
    }
  }
}

}  // namespace kisimd
