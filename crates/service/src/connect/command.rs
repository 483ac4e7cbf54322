//! Commands that colleagues type where they are: `/tenon ask`, `/tenon case`. Each is done with the rights of whoever the service
//! knows by the e-mail address of a colleague, and only where an owner wants that.

use super::Connect;
use super::matching::Stand;
use base::identity::{Actor, Scope, Scopes, Via};
use base::policy::may;
use base::problem::Problem;
use connectors::channel::{Command, Delivery};
use connectors::{Channel, Settings};
use store::connections::ConnectionRow;

const HELP: &str = "Write /tenon ask STEP: QUESTION to ask those who know at a step, or /tenon case NAME to see where a case stands.";

/// What was typed.
enum Typed<'a> {
    Ask(&'a str),
    Case(&'a str),
    Help,
}

fn typed(text: &str) -> Typed<'_> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match (word.to_lowercase().as_str(), rest.trim()) {
        ("ask", rest) if !rest.is_empty() => Typed::Ask(rest),
        ("case", rest) if !rest.is_empty() => Typed::Case(rest),
        _ => Typed::Help,
    }
}

impl Connect {
    /// Does what a delivery asks for, if it is a command: the answer, with its content type.
    pub(super) async fn commanded(
        &self,
        row: &ConnectionRow,
        (channel, settings): (&'static dyn Channel, &Settings),
        delivery: &Delivery<'_>,
    ) -> Option<Result<(&'static str, String), Problem>> {
        let command = channel.command(settings, delivery, self.clock().now())?;
        let command = match command {
            Ok(command) => command,
            Err(fault) => {
                let said = base::format::short(&fault.to_string(), 200);
                let remedy = "Check the token or the secret of the command.";
                return Some(Err(Problem::new(403, "not_genuine", said, remedy)));
            }
        };
        // Whoever typed it reads what went wrong as well as what was done.
        let told = match self.done_as(row, (channel, settings), &command).await {
            Ok(told) => told,
            Err(problem) => format!("{} {}", problem.what, problem.remedy),
        };
        Some(Ok(channel.answered(&told)))
    }

    async fn done_as(
        &self,
        row: &ConnectionRow,
        (channel, settings): (&dyn Channel, &Settings),
        command: &Command,
    ) -> Result<String, Problem> {
        if !settings.get("commands").trim().eq_ignore_ascii_case("yes") {
            return Err(Problem::new(
                403,
                "commands_off",
                "Commands are not switched on for this connection.",
                "An owner switches them on where it is connected, under Key.",
            ));
        }
        let typed = typed(&command.text);
        if matches!(typed, Typed::Help) {
            return Ok(HELP.into());
        }
        let email = channel.email_of(&self.via(settings), &command.user).await;
        let email = email.map_err(|fault| super::told(&channel.about(), &fault))?;
        let email = email.map(|e| e.trim().to_lowercase());
        let directory = self.work().identity().directory().await?;
        let person = directory
            .active()
            .find(|p| Some(&p.email) == email.as_ref());
        let via = Via::Token(format!("a command on {}", row.name));
        let scopes = Scopes::of(&[Scope::Read, Scope::Write]);
        let actor = person.and_then(|p| Actor::of(p, via, scopes));
        let actor = actor.ok_or_else(|| {
            Problem::new(
                403,
                "nobody",
                "Nobody here has your e-mail address.",
                "Ask an owner to add you, or to correct the address.",
            )
        })?;
        match typed {
            Typed::Ask(text) => self.asked(row, &actor, text, &command.key).await,
            Typed::Case(name) => self.case_told(row, &actor, name).await,
            Typed::Help => Ok(HELP.into()),
        }
    }

    /// Asks at the step that stands before the first colon.
    async fn asked(
        &self,
        row: &ConnectionRow,
        actor: &Actor,
        text: &str,
        key: &str,
    ) -> Result<String, Problem> {
        let process = row.process.as_deref().ok_or_else(no_process)?;
        let loaded = self.library().load(process).await?;
        let names = loaded.steps.steps.iter().map(|s| s.name.as_str());
        let (step, question) = text.split_once(':').unwrap_or(("", text));
        let step = names
            .clone()
            .find(|n| n.eq_ignore_ascii_case(step.trim()))
            .ok_or_else(|| {
                let names: Vec<&str> = names.collect();
                Problem::bad_request(
                    "It does not say at which step you ask.",
                    format!(
                        "Write /tenon ask STEP: QUESTION, with one of: {}.",
                        names.join(", ")
                    ),
                )
            })?;
        let client = Some(key).filter(|k| !k.is_empty());
        let slug = &loaded.row.slug;
        let id = self
            .work()
            .ask(actor, slug, step, None, question.trim(), client)
            .await?;
        let address = self.inner.site.url();
        Ok(format!(
            "Asked at {step}. Those who may know are told; answers come here: {address}/q/{id}"
        ))
    }

    /// Where a case stands: of the channel's process, else of any that has one of that name.
    async fn case_told(
        &self,
        row: &ConnectionRow,
        actor: &Actor,
        name: &str,
    ) -> Result<String, Problem> {
        let all = self.library().list().await?;
        let mut processes: Vec<&str> = row.process.as_deref().into_iter().collect();
        processes.extend(all.iter().map(|p| p.id.as_str()));
        for process in processes {
            let matcher = self.matcher(process).await?;
            if !matcher.has(name)
                || may::see_case(self.db(), actor, process, name)
                    .await
                    .is_err()
            {
                continue;
            }
            let slug = all.iter().find(|p| p.id == process);
            let slug = slug.map_or("", |p| p.slug.as_str());
            let address = format!(
                "{}/p/{slug}/case/{}",
                self.inner.site.url(),
                base::format::urlencode(name)
            );
            let Some(Stand { step, last, at }) = matcher.stand(name, self.clock().now()) else {
                break;
            };
            let step = step.map_or("It is in no step".into(), |s| format!("It is in {s}"));
            return Ok(format!(
                "{name}. {step}; last: {last}, {} UTC. {address}",
                base::format::date_time(at)
            ));
        }
        Err(Problem::new(
            404,
            "no_case",
            format!("There is no case \"{}\".", base::format::short(name, 80)),
            "Write its name as it stands in the process.",
        ))
    }
}

fn no_process() -> Problem {
    Problem::new(
        409,
        "no_process",
        "This connection has no process.",
        "An owner connects it again with the process whose steps are asked at.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_its_first_word_and_the_rest() {
        let shown = |text| match typed(text) {
            Typed::Ask(rest) => format!("ask|{rest}"),
            Typed::Case(rest) => format!("case|{rest}"),
            Typed::Help => "help".into(),
        };
        for (text, expected) in [
            ("ask Propose: how?", "ask|Propose: how?"),
            ("  CASE   D-1042 ", "case|D-1042"),
            ("ask", "help"),
            ("case ", "help"),
            ("", "help"),
            ("drop tables", "help"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
