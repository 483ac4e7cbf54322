//! How the desk is run: what is promised, whose replies are read first, who knows what, and answers to use again.

use super::{Desk, Promise, SETTING};
use base::activity::{self, Kind};
use base::identity::{Actor, Role};
use base::problem::Problem;
use serde_json::json;
use store::desk::{self, CannedRow, DeskPersonRow};
use store::settings;

/// A list longer than this is nobody's knowledge.
const MOST_TOPICS: usize = 40;

/// What somebody knows, word by word, as it is compared.
pub fn topics(written: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for topic in written.split([',', ';', '\n']) {
        let topic = topic.split_whitespace().collect::<Vec<_>>().join(" ");
        let topic = topic.to_lowercase();
        if topic.chars().count() >= 3 && !all.contains(&topic) {
            all.push(topic);
        }
    }
    all.truncate(MOST_TOPICS);
    all
}

/// The first topic that a text is about: it stands in it as words of its own, or as their beginning ("meter" in "meters").
fn about<'a>(topics: &'a [String], text: &str) -> Option<&'a str> {
    let text = text.to_lowercase();
    let found = topics.iter().find(|topic| {
        text.match_indices(topic.as_str()).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            before.is_none_or(|c| !c.is_alphanumeric())
        })
    });
    found.map(String::as_str)
}

impl Desk {
    pub async fn set_promise(&self, actor: &Actor, promise: &Promise) -> Result<(), Problem> {
        if !actor.is_at_least(Role::Manager) {
            return Err(Problem::new(
                403,
                "not_yours",
                "Managers say what is promised.",
                "Ask one.",
            ));
        }
        if !(1..=10_080).contains(&promise.minutes) {
            return Err(Problem::bad_request(
                "That is no time to promise.",
                "Choose 1 to 10,080 minutes.",
            ));
        }
        if let Some(hours) = &promise.hours {
            let wrong = |e: mining::figures::CalendarError| {
                Problem::bad_request(e.to_string(), "Correct it under Opening hours.")
            };
            if hours
                .since(self.now(), mining::time::MINUTE)
                .map_err(wrong)?
                .is_none()
            {
                return Err(Problem::bad_request(
                    "With these hours the desk is never open.",
                    "Tick at least one day, or leave the hours out.",
                ));
            }
        }
        let text = serde_json::to_string(promise).map_err(anyhow::Error::from)?;
        let mut tx = self.connect().db().begin().await?;
        settings::put(&mut tx, SETTING, &text).await?;
        let payload = json!({ "name": SETTING, "minutes": promise.minutes });
        activity::record_installation(
            &mut tx,
            self.now(),
            Kind::SettingChanged,
            actor.id(),
            &payload,
        )
        .await?;
        self.connect().done(tx).await
    }

    /// Whose replies a colleague reads first (a manager says), and what she knows (she says).
    pub async fn set_person(&self, actor: &Actor, row: &DeskPersonRow) -> Result<(), Problem> {
        Self::admit(actor)?;
        let before = self
            .people()
            .await?
            .into_iter()
            .find(|p| p.person == row.person);
        let was_reviewed = before.is_some_and(|p| p.is_reviewed != 0);
        let may = actor.is_at_least(Role::Manager)
            || (row.person == actor.id() && was_reviewed == (row.is_reviewed != 0));
        if !may {
            return Err(Problem::new(
                403,
                "not_yours",
                "Managers say whose replies are read first.",
                "Ask one.",
            ));
        }
        let mut tx = self.connect().db().begin().await?;
        desk::put_desk_person(
            &mut tx,
            &DeskPersonRow {
                topics: base::format::short(&row.topics, 500),
                ..row.clone()
            },
        )
        .await?;
        let payload = json!({ "name": "desk person", "person": row.person, "reviewed": row.is_reviewed != 0 });
        activity::record_installation(
            &mut tx,
            self.now(),
            Kind::SettingChanged,
            actor.id(),
            &payload,
        )
        .await?;
        self.connect().done(tx).await
    }

    pub async fn put_canned(
        &self,
        actor: &Actor,
        id: Option<&str>,
        title: &str,
        body: &str,
    ) -> Result<(), Problem> {
        Self::admit(actor)?;
        let (title, body) = (base::format::short(title, 100), body.trim());
        if title.is_empty()
            || body.is_empty()
            || body.chars().count() > 5_000
            || body.contains('\0')
        {
            return Err(Problem::bad_request(
                "It has no title, or no text that can be kept.",
                "Give it both; the text up to 5,000 characters.",
            ));
        }
        let row = CannedRow {
            id: id.map_or_else(|| self.connect().id("can"), String::from),
            title,
            body: body.into(),
            at: self.now(),
            by_person: actor.id().into(),
        };
        let mut tx = self.connect().db().begin().await?;
        desk::put_canned(&mut tx, &row).await?;
        self.connect().done(tx).await
    }

    pub async fn remove_canned(&self, actor: &Actor, id: &str) -> Result<(), Problem> {
        Self::admit(actor)?;
        let mut tx = self.connect().db().begin().await?;
        desk::remove_canned(&mut tx, id).await?;
        self.connect().done(tx).await
    }

    /// Who registered for what a text is about: the person's id and the topic, by id.
    pub async fn who_knows(&self, text: &str) -> Result<Vec<(String, String)>, Problem> {
        let people = self.people().await?;
        let found = people.into_iter().filter_map(|p| {
            let topics = topics(&p.topics);
            let topic = about(&topics, text)?.to_string();
            Some((p.person, topic))
        });
        Ok(found.collect())
    }

    /// The topics of one person.
    pub async fn topics_of(&self, person: &str) -> Result<Vec<String>, Problem> {
        let all = self.people().await?;
        let hers = all.into_iter().find(|p| p.person == person);
        Ok(hers.map_or_else(Vec::new, |p| topics(&p.topics)))
    }

    /// The text of an answer to use in a reply: one that was kept, or the accepted one of a question.
    pub async fn answer_to_use(&self, actor: &Actor, id: &str) -> Result<Option<String>, Problem> {
        if let Some(kept) = self.canned().await?.into_iter().find(|c| c.id == id) {
            return Ok(Some(kept.body));
        }
        self.work().accepted(actor, id).await
    }

    /// What a thread is about that somebody registered for.
    pub fn topic_of<'a>(topics: &'a [String], thread: &super::Waiting) -> Option<&'a str> {
        about(topics, &thread.words).or_else(|| about(topics, &thread.thread.title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_words_of_their_own_or_how_words_begin() {
        let all = topics("Calibration, flow meter;  WASH\nok, calibration");
        assert_eq!(all, ["calibration", "flow meter", "wash"]);
        for (text, topic) in [
            ("Who does CALIBRATION of our device?", Some("calibration")),
            ("two flow meters stopped", Some("flow meter")),
            ("a recalibration", None),
            ("a flow of meters", None),
            ("", None),
        ] {
            assert_eq!(about(&all, text), topic, "{text}");
        }
    }
}
