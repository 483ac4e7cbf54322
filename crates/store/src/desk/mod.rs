//! What customers say, who they are, and what they are answered.

mod contact_merges;
mod contacts;
mod conversations;
mod merges;
mod replies;
mod said;
mod threads;

pub use contact_merges::*;
pub use contacts::*;
pub use conversations::*;
pub use merges::*;
pub use replies::*;
pub use said::*;
pub use threads::*;
