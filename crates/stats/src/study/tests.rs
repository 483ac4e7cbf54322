use super::*;

fn short(name: &str, replications: usize) -> Table {
    let effort = Effort {
        replications,
        threads: NonZeroUsize::MIN,
        seed: 1,
    };
    let mut table = Table::new(&effort);
    let scenario = scenarios().into_iter().find(|s| s.name == name).unwrap();
    let findings = replicate(&scenario, replications, &effort);
    table.add(&scenario, &findings);
    table
}

#[test]
fn without_effect_few_false_alarms_however_often_one_looks() {
    let table = short(scenarios::name::NONE_6, 60);
    let figure = |figure: &str| table.get(scenarios::name::NONE_6, figure).unwrap().mean;
    // Of 60 at 5%, more than 8 happen once in 200.
    assert!(figure("stands out, weekly") <= 8.0 / 60.0);
    assert!(figure("before and after, weekly") > 0.5);
    assert!(figure("holds the truth, weekly") >= 52.0 / 60.0);
}

#[test]
fn two_threads_give_the_same_table() {
    let effort = |threads: usize| Effort {
        replications: 6,
        threads: NonZeroUsize::new(threads).unwrap(),
        seed: 3,
    };
    let scenario = &scenarios()[0];
    assert_eq!(
        replicate(scenario, 6, &effort(1)),
        replicate(scenario, 6, &effort(2))
    );
}

#[test]
fn a_lesson_at_the_same_time_is_always_seen_when_it_is_told() {
    let name = "a lesson (15% sooner) in the same teams at the same time, told";
    let table = short(name, 3);
    assert_eq!(table.get(name, "no verdict").unwrap().mean, 1.0);
    assert_eq!(table.get(name, "overlap check fails").unwrap().mean, 1.0);
    assert!(table.markdown().contains("| overlap check fails | 1.0000"));
}
