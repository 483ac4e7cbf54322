//! Models proposed from logs.
