//! What depends on the thing asked for: which cases, which messages.

use crate::identity::{Actor, Role};
use crate::problem::Problem;
use store::{Db, work};

/// A case is seen by everybody but guests, who see those they were asked into.
pub async fn see_case(db: &Db, actor: &Actor, process: &str, case: &str) -> Result<(), Problem> {
    if actor.role() > Role::Guest || work::is_guest_of(db, actor.id(), process, case).await? {
        return Ok(());
    }
    // Whether there is such a case is nothing a stranger learns.
    Err(Problem::not_found("case"))
}

/// A message is changed by who wrote it.
pub fn edit_message(actor: &Actor, author: &str) -> Result<(), Problem> {
    if actor.id() == author {
        return Ok(());
    }
    Err(not_yours("Only who wrote a message can change it."))
}

/// A message is taken away by who wrote it, and by those who keep the process.
pub fn delete_message(actor: &Actor, author: &str) -> Result<(), Problem> {
    if actor.id() == author || actor.is_at_least(Role::Manager) {
        return Ok(());
    }
    Err(not_yours(
        "Only who wrote a message, or a manager, can delete it.",
    ))
}

/// An answer is accepted by who asked, and by those who keep the process.
pub fn accept_answer(actor: &Actor, asker: &str) -> Result<(), Problem> {
    if actor.id() == asker || actor.is_at_least(Role::Manager) {
        return Ok(());
    }
    Err(not_yours(
        "Only who asked, or a manager, can accept an answer.",
    ))
}

fn not_yours(what: &str) -> Problem {
    Problem::new(403, "not_yours", what, "Ask them, or a manager.")
}
