//! A deterministic simulator of a company, for trying things out and for tests.
