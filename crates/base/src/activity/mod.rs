//! The one event record: everything that happens is appended here once, in the transaction that makes it happen.

use mining::Micros;
use store::{Tx, events};

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ProcessMade,
    ProcessImported,
    VersionMade,
    StepsEdited,
    ReferencePinned,
    ImprovementPlanned,
    ImprovementStarted,
    ImprovementPaused,
    ImprovementResumed,
    ImprovementExtended,
    ImprovementUnplugged,
    ImprovementDecided,
    ImprovementEdited,
    GoalSet,
    SettingChanged,
    PersonAdded,
    PersonChanged,
    SignedIn,
    SignInRefused,
    TokenMade,
    TokenRevoked,
    PasskeyAdded,
    PasskeyRemoved,
    TeamChanged,
    MessagePosted,
    MessageEdited,
    MessageDeleted,
    MessagePinned,
    MessageReacted,
    MessageAttached,
    QuestionAsked,
    QuestionAnswered,
    QuestionPutTo,
    AnswerAccepted,
    PlaybookWritten,
    ItemDone,
    ItemUndone,
    GuestInvited,
    CaseMoved,
    ConnectionMade,
    ConnectionChanged,
    ConnectionRemoved,
    CustomerSaid,
    CustomerMatched,
    CustomerMerged,
    CustomerErased,
    DeskClaimed,
    DeskGiven,
    DeskReplied,
    DeskReviewed,
    DeskSent,
    DeskFailed,
    DeskClosed,
    DeskHeld,
    DeskNoted,
    PersonErased,
    CaseErased,
    RetentionApplied,
    InstallationMoved,
    InstallationRestored,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::ProcessMade => "process.made",
            Kind::ProcessImported => "process.imported",
            Kind::VersionMade => "process.version_made",
            Kind::StepsEdited => "process.steps_edited",
            Kind::ReferencePinned => "process.reference_pinned",
            Kind::ImprovementPlanned => "improvement.planned",
            Kind::ImprovementStarted => "improvement.started",
            Kind::ImprovementPaused => "improvement.paused",
            Kind::ImprovementResumed => "improvement.resumed",
            Kind::ImprovementExtended => "improvement.extended",
            Kind::ImprovementUnplugged => "improvement.unplugged",
            Kind::ImprovementDecided => "improvement.decided",
            Kind::ImprovementEdited => "improvement.edited",
            Kind::GoalSet => "goal.set",
            Kind::SettingChanged => "setting.changed",
            Kind::PersonAdded => "person.added",
            Kind::PersonChanged => "person.changed",
            Kind::SignedIn => "person.signed_in",
            Kind::SignInRefused => "person.sign_in_refused",
            Kind::TokenMade => "token.made",
            Kind::TokenRevoked => "token.revoked",
            Kind::PasskeyAdded => "passkey.added",
            Kind::PasskeyRemoved => "passkey.removed",
            Kind::TeamChanged => "team.changed",
            Kind::MessagePosted => "message.posted",
            Kind::MessageEdited => "message.edited",
            Kind::MessageDeleted => "message.deleted",
            Kind::MessagePinned => "message.pinned",
            Kind::MessageReacted => "message.reacted",
            Kind::MessageAttached => "message.attached",
            Kind::QuestionAsked => "question.asked",
            Kind::QuestionAnswered => "question.answered",
            Kind::QuestionPutTo => "question.put_to",
            Kind::AnswerAccepted => "answer.accepted",
            Kind::PlaybookWritten => "playbook.written",
            Kind::ItemDone => "playbook.item_done",
            Kind::ItemUndone => "playbook.item_undone",
            Kind::GuestInvited => "case.guest_invited",
            Kind::CaseMoved => "case.moved",
            Kind::ConnectionMade => "connection.made",
            Kind::ConnectionChanged => "connection.changed",
            Kind::ConnectionRemoved => "connection.removed",
            Kind::CustomerSaid => "customer.said",
            Kind::CustomerMatched => "customer.matched",
            Kind::CustomerMerged => "customer.merged",
            Kind::CustomerErased => "customer.erased",
            Kind::DeskClaimed => "desk.claimed",
            Kind::DeskGiven => "desk.given",
            Kind::DeskReplied => "desk.replied",
            Kind::DeskReviewed => "desk.reviewed",
            Kind::DeskSent => "desk.sent",
            Kind::DeskFailed => "desk.failed",
            Kind::DeskClosed => "desk.closed",
            Kind::DeskHeld => "desk.held",
            Kind::DeskNoted => "desk.noted",
            Kind::PersonErased => "person.erased",
            Kind::CaseErased => "case.erased",
            Kind::RetentionApplied => "retention.applied",
            Kind::InstallationMoved => "installation.moved",
            Kind::InstallationRestored => "installation.restored",
        }
    }
}

/// Appends to the record.
pub async fn record(
    tx: &mut Tx,
    at: Micros,
    kind: Kind,
    actor: &str,
    process: &str,
    payload: &serde_json::Value,
) -> sqlx::Result<i64> {
    events::append(tx, at, kind.word(), actor, Some(process), None, payload).await
}

/// Appends what happened to one thing of a process.
pub async fn record_of(
    tx: &mut Tx,
    at: Micros,
    kind: Kind,
    actor: &str,
    (process, subject): (&str, &str),
    payload: &serde_json::Value,
) -> sqlx::Result<i64> {
    let (process, subject) = (Some(process), Some(subject));
    events::append(tx, at, kind.word(), actor, process, subject, payload).await
}

/// Appends what happened to the installation as a whole.
pub async fn record_installation(
    tx: &mut Tx,
    at: Micros,
    kind: Kind,
    actor: &str,
    payload: &serde_json::Value,
) -> sqlx::Result<i64> {
    events::append(tx, at, kind.word(), actor, None, None, payload).await
}
