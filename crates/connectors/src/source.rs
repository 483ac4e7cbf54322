//! Systems of record: where the process lives. They are read; the one thing that may be written is a note with a link, where an
//! owner wants it.

use crate::channel::Delivery;
use crate::{Answer, Connector, Cursor, Fault, Micros, Page, Settings, Via};

#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The source's own id of it.
    pub id: String,
    pub name: String,
    /// Where a case ends well, or ends otherwise.
    pub is_won: bool,
    pub is_lost: bool,
}

/// A way of working that the source knows: what becomes a process here.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    pub id: String,
    pub name: String,
    /// In the order they are gone through. Comparing them with those of the last time tells that the pipeline was edited.
    pub stages: Vec<Stage>,
}

/// How it is known when a case came to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// The source keeps it and tells it.
    Native,
    /// The source tells only how things are: the change was seen between two looks, and its time is that of the last change of the record.
    Snapshot,
}

/// A case came to a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The same however often it is told.
    pub id: String,
    /// What the source calls the case, and what people call it.
    pub case: String,
    pub case_name: String,
    /// Where the source shows the case.
    pub case_url: Option<String>,
    pub stage: String,
    pub at: Micros,
    /// Who moved it: an e-mail address where the source tells one, otherwise a name.
    pub by: Option<String>,
    pub history: History,
    /// Of the case as it is now: account, amount, owner, source.
    pub attributes: Vec<(String, String)>,
}

/// A link to a case here, to be written at the deal it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Stands in what is written, so that it is found again: letters, digits and `-`, the same for a case however often it is tried.
    pub key: String,
    pub title: String,
    pub url: String,
    /// A sentence, plain.
    pub text: String,
}

impl Note {
    /// All of it, for services that take plain text.
    pub fn plain(&self) -> String {
        let Note {
            key,
            title,
            url,
            text,
        } = self;
        format!("{title}: {url}\n{text} ({key})")
    }

    /// All of it, for services that take HTML.
    pub fn html(&self) -> String {
        let of = crate::text::to_html;
        let (title, url) = (of(&self.title), of(&self.url));
        let (text, key) = (of(&self.text), of(&self.key));
        format!("<p><a href=\"{url}\">{title}</a></p><p>{text} ({key})</p>")
    }
}

/// What is written there, and what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writes {
    /// As people see it there: `a note on the deal`.
    pub what: &'static str,
    /// The right it needs beside those of reading, in the words of the service.
    pub right: &'static str,
}

/// A delivery to an address of ours that says: look now. Nothing else of it is believed.
#[derive(Clone, Copy)]
pub struct Bell {
    /// How the service is told the address, in a sentence.
    pub guide: &'static str,
    /// The setting by which its signature is checked; `None`: it signs nothing, and the address that nobody can guess is the secret.
    pub signed_by: Option<&'static str>,
    pub genuine: fn(&Settings, &Delivery, Micros) -> Result<(), Fault>,
    /// What the service wants to be answered: content type and text.
    pub answer: (&'static str, &'static str),
}

impl Bell {
    /// Of a service that signs nothing.
    pub const fn unsigned(guide: &'static str) -> Bell {
        Bell {
            guide,
            signed_by: None,
            genuine: |_, _, _| Ok(()),
            answer: ("text/plain", ""),
        }
    }
}

pub trait Source: Connector {
    fn pipelines<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>>;

    /// How many cases there are, where the source tells cheaply: for the bar of the first sync.
    fn count<'a>(&'a self, via: &'a Via<'a>, pipeline: &'a Pipeline) -> Answer<'a, Option<u64>> {
        let _ = (via, pipeline);
        Box::pin(async { Ok(None) })
    }

    /// What follows the cursor, in whatever order the source can be read to its end; without one, all of the history. A page is some hundred
    /// cases at most, so that a sync can stop and go on anywhere.
    fn poll<'a>(
        &'a self,
        via: &'a Via<'a>,
        pipeline: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>>;

    /// How often it is looked at, where somebody chose; otherwise every minute.
    fn every(&self, settings: &Settings) -> Option<Micros> {
        let _ = settings;
        None
    }

    /// The stages are those that cases came to: none is ever taken away or moved because it is told no more.
    fn has_seen_stages(&self) -> bool {
        false
    }

    /// Of a table whose columns are to be chosen: its beginning, or all of it.
    fn sample<'a>(&'a self, via: &'a Via<'a>) -> Answer<'a, Option<Vec<u8>>> {
        let _ = via;
        Box::pin(async { Ok(None) })
    }

    /// How the service can say that there is something to look at; `None`: it cannot.
    fn bell(&self) -> Option<Bell> {
        None
    }

    /// What writing a note at a deal is here; `None`: it cannot.
    fn writes_back(&self) -> Option<Writes> {
        None
    }

    /// Writes a note at a deal and tells what the service calls it. Looks first whether one with its key is there, at every try: so an
    /// answer that was lost writes nothing twice.
    fn write_back<'a>(
        &'a self,
        via: &'a Via<'a>,
        case: &'a str,
        note: &'a Note,
    ) -> Answer<'a, String> {
        let _ = (via, case, note);
        let why = "nothing is written to this system";
        Box::pin(async move { Err(Fault::Refused(why.into())) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_the_link_and_its_key_and_brings_no_markup_of_others() {
        let note = Note {
            key: "tenon-3f9c".into(),
            title: "Case <b>7</b> & \"more\"".into(),
            url: "https://tenon.example/p/deals/case/a?b=\"'&c".into(),
            text: "Said there.".into(),
        };
        let html = "<p><a href=\"https://tenon.example/p/deals/case/a?b=&quot;&#39;&amp;c\">Case &lt;b&gt;7&lt;/b&gt; &amp; &quot;more&quot;</a></p><p>Said there. (tenon-3f9c)</p>";
        assert_eq!(note.html(), html);
        let plain = "Case <b>7</b> & \"more\": https://tenon.example/p/deals/case/a?b=\"'&c\nSaid there. (tenon-3f9c)";
        assert_eq!(note.plain(), plain);
    }
}
