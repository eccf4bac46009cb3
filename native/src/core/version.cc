namespace kisimd {}
