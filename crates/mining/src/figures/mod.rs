//! Numbers about how a process runs, all of which add up over cases.
