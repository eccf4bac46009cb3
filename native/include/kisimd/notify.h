#pragma once
#include <string_view>

namespace kisimd {

// Sends `state` ("READY=1", "WATCHDOG=1\nSTATUS=...") as one datagram to a socket of the kind that systemd names in
// NOTIFY_SOCKET (sd_notify(3)): an absolute path, or '@' and a name in the abstract namespace. 0 or an errno;
// EOPNOTSUPP for any other kind of address (systemd 256 knows vsock).
int SendNotification(std::string_view address, std::string_view state) noexcept;

}  // namespace kisimd
