//! Rooms of cases and questions at steps: their messages, who follows, who has read and who is told.

mod conversations;
mod drafts;
mod follows;
mod guests;
mod messages;
mod posts;
mod questions;
mod told;
mod updates;

pub use conversations::*;
pub use drafts::*;
pub use follows::*;
pub use guests::*;
pub use messages::*;
pub use posts::*;
pub use questions::*;
pub use told::*;
pub use updates::*;
