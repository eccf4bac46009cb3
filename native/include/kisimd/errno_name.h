#pragma once

namespace kisimd {
// The name of a system error ("EACCES"), which JavaScript gets as an error's `code`. Names that the readers of
// counters never meet come as "EUNKNOWN"; the message of the error still holds strerror's text.
const char* ErrnoName(int error) noexcept;
}  // namespace kisimd
