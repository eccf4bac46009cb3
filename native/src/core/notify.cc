#include "kisimd/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace kisimd {

int SendNotification(std::string_view address, std::string_view state) noexcept {
  if (address.empty() || (address[0] != '/' && address[0] != '@') || address.size() < 2) return EOPNOTSUPP;
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  // A path needs its closing NUL; an abstract name is counted, not closed.
  const bool abstract = address[0] == '@';
  if (address.size() + (abstract ? 0 : 1) > sizeof target.sun_path) return ENAMETOOLONG;
  std::memcpy(target.sun_path, address.data(), address.size());
  if (abstract) target.sun_path[0] = '\0';
  const size_t length = offsetof(sockaddr_un, sun_path) + address.size() + (abstract ? 0 : 1);

  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  iovec text{const_cast<char*>(state.data()), state.size()};
  msghdr message{};
  message.msg_name = &target;
  message.msg_namelen = static_cast<socklen_t>(length);
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  ssize_t sent;
  do {
    sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  const int error = sent < 0 ? errno : 0;
  close(fd);
  return error;
}

}  // namespace kisimd
