//! Who may do what, in one place. Deny by default.
