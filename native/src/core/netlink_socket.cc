#include "kisimd/netlink_socket.h"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace kisimd {
namespace {
constexpr size_t kBatch = 32;
// Two taskstats of a future kernel in one message still fit.
constexpr size_t kDatagram = 4096;
// A storm that refills the queue as fast as it is emptied must not hold the tick for ever.
constexpr size_t kMaxBatches = 4096;
}  // namespace

int NetlinkSocket::Open(int protocol, uint32_t groups, int receiveBuffer) {
  fd_ = FileDescriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd_.valid()) return -errno;
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receiveBuffer, sizeof receiveBuffer) != 0 &&
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer) != 0) {
    const int error = errno;
    Close();
    return -error;
  }
  // Port 0: the kernel picks a free one, so that two scanners in one process do not meet.
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    Close();
    return -error;
  }
  buffer_.resize(kBatch * kDatagram);
  return 0;
}

int NetlinkSocket::Send(const void* data, size_t length) const {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const ssize_t sent = ::sendto(fd_.get(), data, length, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  return sent < 0 ? -errno : 0;
}

bool NetlinkSocket::WaitReadable(int milliseconds) const {
  pollfd entry{fd_.get(), POLLIN, 0};
  // POLLERR (a dropped message) counts: draining is what tells it.
  return ::poll(&entry, 1, milliseconds) > 0;
}

int NetlinkSocket::Drain(Handler handler, void* context) {
  mmsghdr messages[kBatch];
  iovec vectors[kBatch];
  sockaddr_nl senders[kBatch];
  int result = 0;
  for (size_t round = 0; round < kMaxBatches; round++) {
    for (size_t i = 0; i < kBatch; i++) {
      vectors[i] = {buffer_.data() + i * kDatagram, kDatagram};
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = &senders[i];
      messages[i].msg_hdr.msg_namelen = sizeof senders[i];
    }
    const int got = ::recvmmsg(fd_.get(), messages, kBatch, MSG_DONTWAIT, nullptr);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return result;
      if (errno != ENOBUFS) return -errno;
      result = -ENOBUFS;
      continue;
    }
    for (int i = 0; i < got; i++) {
      const auto& message = messages[i];
      if (senders[i].nl_pid != 0 || (message.msg_hdr.msg_flags & MSG_TRUNC) != 0) continue;
      handler(context, static_cast<const char*>(vectors[i].iov_base), message.msg_len);
    }
  }
  return result;
}

void NetlinkSocket::Close() { fd_.Close(); }

}  // namespace kisimd
