//! The one event record: everything that happens is appended here once.
