//! Pages and fragments, one page a file.
