//! Networks of colleagues that a company has beside this one, or had before: what was asked there, place by place, and which answers were
//! marked as good ones.

use crate::{Answer, Connector, Cursor, Micros, Page, Via};

/// Where people talk about one thing: a group, a space.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    /// The service's own id.
    pub id: String,
    /// As the service calls it, such as `group`.
    pub kind: String,
    pub name: String,
    pub members: u64,
    /// Whom it is open to, in the words of the service, where it says so.
    pub open_to: Option<String>,
    pub url: Option<String>,
}

/// Somebody who takes part there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Member {
    /// The service's own id; empty where it is not told who it was.
    pub id: String,
    pub name: String,
    /// Not told in every answer, and to everybody.
    pub email: Option<String>,
}

/// An answer that was marked.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The service's id of the answer.
    pub id: String,
    /// As the answer, not only as helpful.
    pub is_correct: bool,
}

/// Something that was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub id: String,
    /// The id of the place it stands in, where that is told.
    pub place: Option<String>,
    pub title: String,
    /// Plain text.
    pub text: String,
    pub author: Member,
    pub at: Option<Micros>,
    pub url: Option<String>,
    /// None: nobody marked an answer, or it is not there for everybody any more.
    pub marks: Vec<Mark>,
    /// Another one whenever the service says that something about it changed.
    pub version: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub id: String,
    /// Plain text.
    pub text: String,
    pub author: Member,
    pub at: Option<Micros>,
    pub url: Option<String>,
}

/// Such a network. Nothing is written there.
pub trait Network: Connector {
    /// The places that the account sees, also those only with these words; a page at a time.
    fn places<'a>(
        &'a self,
        via: &'a Via<'a>,
        words: &'a str,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Place>>;

    /// One of them; [`crate::Fault::Gone`] where it is not there any more.
    fn place<'a>(&'a self, via: &'a Via<'a>, id: &'a str) -> Answer<'a, Place>;

    /// What was asked in a place, oldest first, so that what is asked meanwhile comes at the end. What is taken away meanwhile may move
    /// others to a page that was read already: who did not see one asks for it.
    fn questions<'a>(
        &'a self,
        via: &'a Via<'a>,
        place: &'a str,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Question>>;

    /// One of them, as it is now.
    fn question<'a>(&'a self, via: &'a Via<'a>, id: &'a str) -> Answer<'a, Question>;

    /// An answer that was marked.
    fn reply<'a>(&'a self, via: &'a Via<'a>, id: &'a str) -> Answer<'a, Reply>;

    /// Who somebody is.
    fn member<'a>(&'a self, via: &'a Via<'a>, id: &'a str) -> Answer<'a, Member>;
}
