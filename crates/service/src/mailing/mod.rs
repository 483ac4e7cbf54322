//! The protocols of mail: mailboxes are read by IMAP, mails are handed over by SMTP. Used by what leaves Tenon and comes back to it
//! (`delivery`), and by the mailbox customers write to (`connect`).

pub mod imap;
pub mod place;
pub mod smtp;
