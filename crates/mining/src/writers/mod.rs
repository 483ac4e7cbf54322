//! Logs and models back into files others can read.
