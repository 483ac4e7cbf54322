//! Mail as a channel: a real Dovecot, and a mail server that misbehaves when told.
