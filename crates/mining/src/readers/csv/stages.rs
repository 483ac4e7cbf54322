//! Snapshots: which date columns are stages, and what the stages are called.

/// Date columns of a snapshot that are stages. When some say that a stage was entered, only those; else all but the
/// ones that speak of plans, records and other things that are no stage.
pub(super) fn stages(names: &[String], dates: &[usize]) -> Vec<usize> {
    let of = |keep: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let kept = dates.iter().copied();
        kept.filter(|&i| keep(&names[i].to_lowercase())).collect()
    };
    let entered = of(&|name| ENTERED.iter().any(|p| name.starts_with(p)));
    match entered.len() {
        0 | 1 => of(&|name| !is_no_stage(name)),
        _ => entered,
    }
}

const ENTERED: &[&str] = &[
    "hs_v2_date_entered_",
    "hs_date_entered_",
    "date entered ",
    "entered ",
    "became an ",
    "became a ",
];

fn is_no_stage(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "expected",
        "estimated",
        "forecast",
        "planned",
        "target",
        "due",
        "modified",
        "updated",
        "last",
        "latest",
        "next",
        "birth",
        "birthday",
        "exited",
        "valid",
        "erwartet",
        "erwartetes",
        "geplant",
        "geplantes",
        "geändert",
        "letzte",
        "letztes",
        "nächste",
        "nächstes",
    ];
    let plain = name.replace(['_', '-'], " ");
    let is_close = matches!(plain.trim(), "close date" | "closedate" | "closing date");
    is_close || plain.split_whitespace().any(|w| WORDS.contains(&w))
}

/// `Date entered "Proposal (Sales Pipeline)"` is the stage Proposal.
pub(super) fn stage_name(column: &str) -> String {
    let lower = column.to_lowercase();
    let others = ["datum ", "date of ", "date "];
    let Some(rest) = ENTERED
        .iter()
        .chain(&others)
        .find(|p| lower.starts_with(*p))
        .and_then(|p| column.get(p.len()..))
    else {
        return without_date(column);
    };
    let rest = rest.trim().trim_matches('"');
    let rest = match rest.rfind(" (") {
        Some(at) if rest.ends_with(')') => &rest[..at],
        _ => rest,
    };
    without_date(rest.trim_matches('"').trim())
}

fn without_date(name: &str) -> String {
    let lower = name.to_lowercase();
    let suffixes = [" date", " datum", " at", "_date", "_at"];
    let cut = suffixes
        .iter()
        .find(|s| lower.ends_with(*s))
        .and_then(|s| name.get(..name.len() - s.len()));
    cut.filter(|c| !c.trim().is_empty())
        .unwrap_or(name)
        .trim()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_plans_and_records_are_no_stages() {
        let names = |list: &[&str]| -> Vec<String> {
            let names: Vec<String> = list.iter().map(|n| n.to_string()).collect();
            let dates: Vec<usize> = (0..names.len()).collect();
            let stages = stages(&names, &dates).into_iter();
            stages.map(|i| stage_name(&names[i])).collect()
        };
        let hubspot = [
            "Create Date",
            "Close Date",
            "Date entered \"Proposal (Sales)\"",
            "Date exited \"Proposal (Sales)\"",
            "Date entered \"Closed Won (Sales)\"",
            "Last Modified Date",
        ];
        assert_eq!(names(&hubspot), ["Proposal", "Closed Won"]);
        let plain = [
            "Created Date",
            "Qualified Date",
            "proposal_at",
            "Expected Close Date",
            "Close Date",
            "Closed at",
        ];
        assert_eq!(
            names(&plain),
            ["Created", "Qualified", "proposal", "Closed"]
        );
        assert_eq!(stage_name("Became a Lead Date"), "Lead");
    }
}
