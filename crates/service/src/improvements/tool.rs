//! What can be plugged into a step.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    Listen,
    Ask,
    Room,
    Desk,
    Playbook,
    Lesson,
    Share,
    /// One the company uses already, or its own: named and linked.
    Own,
}

/// All of them, in the order they are offered.
pub const CATALOGUE: [Tool; 8] = [
    Tool::Ask,
    Tool::Playbook,
    Tool::Room,
    Tool::Lesson,
    Tool::Listen,
    Tool::Desk,
    Tool::Share,
    Tool::Own,
];

impl Tool {
    /// As it is written in addresses, files and the API.
    pub fn word(self) -> &'static str {
        match self {
            Tool::Listen => "listen",
            Tool::Ask => "ask",
            Tool::Room => "room",
            Tool::Desk => "desk",
            Tool::Playbook => "playbook",
            Tool::Lesson => "lesson",
            Tool::Share => "share",
            Tool::Own => "own",
        }
    }

    pub fn parse(word: &str) -> Option<Tool> {
        CATALOGUE.into_iter().find(|t| t.word() == word)
    }

    pub fn name(self) -> &'static str {
        match self {
            Tool::Listen => "Listen",
            Tool::Ask => "Ask the network",
            Tool::Room => "Room",
            Tool::Desk => "Desk",
            Tool::Playbook => "Playbook",
            Tool::Lesson => "Lesson",
            Tool::Share => "Share",
            Tool::Own => "A tool of your own",
        }
    }

    /// What it does for the people at the step.
    pub fn what(self) -> &'static str {
        match self {
            Tool::Listen => "What customers say elsewhere is brought to the case it is about.",
            Tool::Ask => {
                "A question reaches the colleagues who know; their answers stay at the step."
            }
            Tool::Room => "Everybody who works on a case meets in one place, with its history.",
            Tool::Desk => "Any qualified colleague answers a customer, and never two of them.",
            Tool::Playbook => {
                "A checklist of what works at this step. It reminds, it never blocks."
            }
            Tool::Lesson => "Short practice for those who are new to this step.",
            Tool::Share => "What is worth telling is drafted, reviewed and published.",
            Tool::Own => {
                "Something you use already, such as a chat or a wiki. Name it and link it."
            }
        }
    }

    /// The symbol in the pages' sprite.
    pub fn icon(self) -> &'static str {
        match self {
            Tool::Own => "own",
            other => other.word(),
        }
    }
}
