//! What a mail says.

use base::format;
use connectors::mail::quoted::MARK;
use mining::Micros;

/// One thing a person is told of.
pub struct Told {
    pub kind: String,
    pub at: Micros,
    /// Who wrote what is shown.
    pub who: Option<String>,
    /// Markdown, and what it looks like.
    pub body: Option<String>,
    pub html: Option<String>,
    /// Where, in words, and its address.
    pub place: String,
    pub address: String,
    /// Whether another mail may have told of it before.
    pub in_doubt: bool,
}

impl Told {
    fn sentence(&self) -> String {
        let told = self.what_happened();
        match self.in_doubt {
            true => format!("{told} (perhaps told before)"),
            false => told,
        }
    }

    fn what_happened(&self) -> String {
        let who = self.who.as_deref().unwrap_or("Somebody");
        let place = &self.place;
        match self.kind.as_str() {
            "mention" => format!("{who} mentioned you in {place}"),
            "asked" => format!("{who} asks, and you may know: {place}"),
            "answered" => format!("{who} answered: {place}"),
            "accepted" => format!("Your answer was accepted: {place}"),
            "escalated" => format!("Still nobody answered {who}: {place}"),
            "invited" => format!("You were asked into {place}"),
            "desk_given" => format!("Handed over to you at the desk: {place}"),
            "desk_returned" => format!("Your reply came back with a note: {place}"),
            "desk_failed" => format!("Your reply could not be sent: {place}"),
            "desk_review" => format!("A reply waits to be read: {place}"),
            _ => format!("{who} wrote in {place}"),
        }
    }
}

pub struct Written<'a> {
    pub name: &'a str,
    pub zone: &'a str,
    pub site: &'a str,
    pub unsubscribe: &'a str,
    /// An answer to the mail goes into the conversation.
    pub can_answer: bool,
    pub told: &'a [Told],
}

/// All that is told in a line; `in_one` when it is of one conversation.
pub fn subject(told: &[Told], in_one: bool) -> String {
    let subject = match (told, in_one) {
        ([one], _) => one.sentence(),
        (all, true) => {
            let place = all.first().map_or("", |t| t.place.as_str());
            format!("{} in {place}", format::many(all.len(), "message"))
        }
        (all, false) => format!("{} while you were away", format::many(all.len(), "message")),
    };
    // A name may hold anything; a header holds one line.
    let line: String = subject
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format::short(&line, 150)
}

impl Written<'_> {
    pub fn subject(&self) -> String {
        subject(self.told, self.can_answer)
    }

    pub fn plain(&self) -> String {
        let mut out = String::new();
        if self.can_answer {
            out += &format!("{MARK}\n\n");
        }
        out += &format!("Hello {},\n", self.name);
        for told in self.told {
            out += &format!("\n{}, {}\n", told.sentence(), self.moment(told.at));
            if let Some(body) = &told.body {
                out += &format!("\n{}\n", body.trim_end());
            }
            out += &format!("\n{}\n", told.address);
        }
        out += "\n-- \n";
        if self.can_answer {
            out += "Answer this mail and your answer stands in the conversation.\n";
        }
        out += &format!("Which mails you get: {}/me\n", self.site);
        out += &format!("No more mails: {}\n", self.unsubscribe);
        out
    }

    pub fn html(&self) -> String {
        let e = crate::map::escape;
        let mut out = String::from(
            "<!doctype html><html><body style=\"font-family:sans-serif;max-width:40em\">",
        );
        if self.can_answer {
            out += &format!("<p style=\"color:#777\">{}</p>", e(MARK));
        }
        out += &format!("<p>Hello {},</p>", e(self.name));
        for told in self.told {
            let (sentence, at) = (e(&told.sentence()), e(&self.moment(told.at)));
            out += &format!("<p><b>{sentence}</b> <span style=\"color:#777\">{at}</span></p>");
            if let Some(html) = &told.html {
                out += &format!(
                    "<blockquote style=\"border-left:3px solid #ccc;margin:0;padding:0 1em\">{html}</blockquote>"
                );
            }
            out += &format!("<p><a href=\"{}\">Open in Tenon</a></p>", e(&told.address));
        }
        out += "<hr><p style=\"color:#777\">";
        if self.can_answer {
            out += "Answer this mail and your answer stands in the conversation. ";
        }
        out += &format!(
            "<a href=\"{}/me\">Which mails you get</a> · <a href=\"{}\">No more mails</a></p></body></html>",
            e(self.site),
            e(self.unsubscribe)
        );
        out
    }

    /// A moment on the person's own clock.
    fn moment(&self, at: Micros) -> String {
        let zone = jiff::tz::TimeZone::get(self.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let moment = jiff::Timestamp::from_microsecond(at).map(|t| t.to_zoned_datetime(zone));
        moment.map_or_else(
            |_| String::new(),
            |t| t.strftime("%-d %B, %H:%M").to_string(),
        )
    }
}
