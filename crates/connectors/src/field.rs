//! What several connectors ask for in the same way.

use crate::Field;

/// Whether colleagues may type commands there: who they are is told by the service, so an owner has to want it.
pub const COMMANDS: Field = Field {
    name: "commands",
    label: "Commands",
    hint: "yes lets whoever the service knows by the e-mail address of a colleague type /tenon in her name. Leave it empty where people there can change their address without proving it.",
    is_secret: false,
    is_required: false,
};
