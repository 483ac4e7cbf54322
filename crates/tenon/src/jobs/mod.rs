//! Work that outlives a request, such as imports, with progress.
