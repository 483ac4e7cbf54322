//! What customers say, who they are, and what they are answered.

mod contacts;
mod conversations;
mod merges;
mod replies;
mod said;
mod threads;

pub use contacts::*;
pub use conversations::*;
pub use merges::*;
pub use replies::*;
pub use said::*;
pub use threads::*;
