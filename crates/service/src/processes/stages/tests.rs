use super::*;

fn stages(all: &[(&str, &str)]) -> Vec<DefinedStage> {
    let all = all.iter().map(|(id, name)| DefinedStage {
        id: id.to_string(),
        name: name.to_string(),
        ends: (*id == "w").then(|| "won".into()),
    });
    all.collect()
}

const BEFORE: [(&str, &str); 4] = [("1", "New"), ("2", "Offer"), ("3", "Talk"), ("w", "Won")];

fn shown(steps: &Steps) -> Vec<String> {
    let all = steps.steps.iter();
    let mut all: Vec<String> = all
        .map(|s| format!("{}={}", s.name, s.activities.join("+")))
        .collect();
    all.push(format!("won={}", steps.won.join("+")));
    all
}

fn followed(now: &[(&str, &str)], known: &[&str]) -> Vec<String> {
    let before = stages(&BEFORE);
    let steps = steps_of(&before);
    let (new, _) = follow(&steps, &before, &stages(now), |a| known.contains(&a));
    shown(&new)
}

#[test]
fn steps_follow_an_edited_pipeline() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case; 7] = [
        (&BEFORE, &["New=New", "Offer=Offer", "Talk=Talk", "won=Won"]),
        // Renamed, and one added before it.
        (
            &[
                ("1", "New"),
                ("4", "Legal"),
                ("2", "Proposal"),
                ("3", "Talk"),
                ("w", "Won"),
            ],
            &[
                "New=New",
                "Legal=Legal",
                "Proposal=Proposal+Offer",
                "Talk=Talk",
                "won=Won",
            ],
        ),
        // An end that is renamed stays one.
        (
            &[("1", "New"), ("2", "Offer"), ("3", "Talk"), ("w", "Signed")],
            &["New=New", "Offer=Offer", "Talk=Talk", "won=Signed+Won"],
        ),
        // Two change their names.
        (
            &[("1", "Offer"), ("2", "New"), ("3", "Talk"), ("w", "Won")],
            &["Offer=Offer", "New=New", "Talk=Talk", "won=Won"],
        ),
        // Moved.
        (
            &[("3", "Talk"), ("1", "New"), ("2", "Offer"), ("w", "Won")],
            &["Talk=Talk", "New=New", "Offer=Offer", "won=Won"],
        ),
        // Taken away: cases went through one, and nobody through the other.
        (
            &[("1", "New"), ("w", "Won")],
            &["New=New", "Offer=Offer", "won=Won"],
        ),
        // A name is given to another stage.
        (
            &[("1", "New"), ("2", "Talk"), ("3", "Close"), ("w", "Won")],
            &["New=New", "Talk=Talk+Offer", "Close=Close", "won=Won"],
        ),
    ];
    for (now, then) in cases {
        assert_eq!(followed(now, &["New", "Offer"]), then, "{now:?}");
    }
}

#[test]
fn a_name_may_pass_from_one_step_to_another() {
    let before = stages(&BEFORE);
    let names = |now: &[(&str, &str)]| {
        let (_, names) = follow(&steps_of(&before), &before, &stages(now), |_| true);
        names
    };
    let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
    assert_eq!(
        names(&[("1", "New"), ("2", "Talk"), ("3", "Close"), ("w", "Won")]),
        [pair("Offer", "Talk"), pair("Talk", "Close")]
    );
    assert_eq!(
        names(&[("1", "New"), ("2", "Talk"), ("3", "Offer"), ("w", "Won")]),
        [pair("Offer", "Talk"), pair("Talk", "Offer")]
    );
}

#[test]
fn what_an_owner_named_grouped_and_ordered_stays() {
    let before = stages(&BEFORE);
    let step = |name: &str, all: &[&str]| Step {
        name: name.into(),
        activities: all.iter().map(|a| a.to_string()).collect(),
    };
    let steps = Steps {
        steps: vec![step("Closing", &["Talk", "Offer"]), step("New", &["New"])],
        won: vec!["Won".into()],
        ..Steps::default()
    };
    let now = stages(&[
        ("2", "Proposal"),
        ("1", "New"),
        ("3", "Talk"),
        ("5", "Legal"),
        ("w", "Won"),
    ]);
    let (then, names) = follow(&steps, &before, &now, |_| true);
    assert_eq!(names, [], "an owner's name stays");
    let wanted = [
        "Closing=Proposal+Talk+Offer",
        "Legal=Legal",
        "New=New",
        "won=Won",
    ];
    assert_eq!(shown(&then), wanted);
}

#[test]
fn what_changed_is_told_in_words() {
    let now = stages(&[
        ("3", "Talk"),
        ("1", "New"),
        ("2", "Proposal"),
        ("5", "Legal"),
        ("6", "Sign"),
    ]);
    let changes = StageChanges::between(&stages(&BEFORE), &now);
    let told = [
        "Stage renamed: Offer to Proposal.",
        "Stages added: Legal, Sign.",
        "Stage taken away: Won.",
        "Stage moved: Talk.",
    ];
    assert_eq!(changes.told(), told);
    let none = StageChanges::between(&now, &now);
    assert!(none.is_nothing() && none.told().is_empty());
}
