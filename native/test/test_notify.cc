#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "check.h"
#include "kisimd/notify.h"
#include "temporary_folder.h"

using namespace kisimd;

static int Listen(const std::string& address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, address.data(), address.size());
  const bool abstract = address[0] == '@';
  if (abstract) name.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  CHECK(fd >= 0);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() + (abstract ? 0 : 1));
  CHECK(bind(fd, reinterpret_cast<sockaddr*>(&name), length) == 0);
  return fd;
}

static std::string Receive(int fd) {
  char text[256];
  const ssize_t length = recv(fd, text, sizeof text, 0);
  CHECK(length >= 0);
  return std::string(text, static_cast<size_t>(length));
}

int main() {
  const TemporaryFolder folder;
  const std::string path = folder.File("notify");
  const std::string abstract = "@kisimd-test-" + std::to_string(getpid());
  for (const std::string& address : {path, abstract}) {
    const int fd = Listen(address);
    CHECK(SendNotification(address, "READY=1\nSTATUS=metering") == 0);
    CHECK(SendNotification(address, "WATCHDOG=1") == 0);
    CHECK(Receive(fd) == "READY=1\nSTATUS=metering");  // datagrams: never joined
    CHECK(Receive(fd) == "WATCHDOG=1");
    close(fd);
  }
  CHECK(SendNotification(path, "READY=1") == ECONNREFUSED);  // the socket's file is there, nobody listens
  CHECK(SendNotification(folder.File("absent"), "READY=1") == ENOENT);
  CHECK(SendNotification("", "READY=1") == EOPNOTSUPP);
  CHECK(SendNotification("@", "READY=1") == EOPNOTSUPP);
  CHECK(SendNotification("vsock:2:1234", "READY=1") == EOPNOTSUPP);
  CHECK(SendNotification("/" + std::string(200, 'x'), "READY=1") == ENAMETOOLONG);
}
