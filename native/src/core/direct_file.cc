#include "kisimd/direct_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

namespace kisimd {
namespace {

// A file that never has a name, or, where the file system cannot have such, one whose name is gone at once.
int OpenNameless(const std::string& folder, const char*& call) noexcept {
  call = "open";
  const int fd = open(folder.c_str(), O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);
  // Kernels and file systems that know no O_TMPFILE take the call for an open of the folder for writing: EISDIR.
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return fd;
  call = "mkostemp";
  try {
    std::string path = folder + "/kisimd-block-XXXXXX";
    const int named = mkostemp(path.data(), O_DIRECT | O_CLOEXEC);
    if (named >= 0) unlink(path.c_str());
    return named;
  } catch (const std::exception&) {
    errno = ENOMEM;
    return -1;
  }
}

}  // namespace

int DirectFile::Open(const std::string& folder, uint64_t bytes, const char*& call) noexcept {
  Close();
  void* buffer = nullptr;
  call = "posix_memalign";
  if (const int error = posix_memalign(&buffer, kAlignment, kMostBytes); error != 0) return error;
  // Every eight bytes differ (xorshift64), so that no disk or file system below makes less of them.
  uint64_t state = 0x9e3779b97f4a7c15u;
  auto* words = static_cast<uint64_t*>(buffer);
  for (size_t i = 0; i < kMostBytes / sizeof(uint64_t); ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    words[i] = state;
  }
  const int fd = OpenNameless(folder, call);
  int error = fd < 0 ? errno : 0;
  if (error == 0) {
    call = "posix_fallocate";
    error = posix_fallocate(fd, 0, static_cast<off_t>(bytes));
  }
  if (error != 0) {
    if (fd >= 0) close(fd);
    free(buffer);
    return error;
  }
  fd_ = fd;
  bytes_ = bytes;
  buffer_ = buffer;
  return 0;
}

int DirectFile::Write(uint64_t offset, size_t length) const noexcept {
  size_t done = 0;
  while (done < length) {
    const ssize_t count =
        pwrite(fd_, static_cast<char*>(buffer_) + done, length - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return EIO;
    done += static_cast<size_t>(count);
  }
  return 0;
}

int DirectFile::Read(uint64_t offset, size_t length) const noexcept {
  size_t done = 0;
  while (done < length) {
    const ssize_t count =
        pread(fd_, static_cast<char*>(buffer_) + done, length - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return EIO;
    done += static_cast<size_t>(count);
  }
  return 0;
}

void DirectFile::Close() noexcept {
  if (fd_ >= 0) close(fd_);
  free(buffer_);
  fd_ = -1;
  bytes_ = 0;
  buffer_ = nullptr;
}

}  // namespace kisimd
