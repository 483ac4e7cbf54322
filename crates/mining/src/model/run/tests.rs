//! Each case: a process, the complete runs it allows up to a length, and whether every state can still end well.

use super::super::petri::PetriNet;
use super::super::reach::{explore, fire};
use super::*;
use crate::readers::bpmn;
use crate::source::{Progress, Source};
use std::collections::{BTreeSet, VecDeque};

fn model(process: &str) -> ProcessModel {
    let text = format!("<definitions><process id='p'>{process}</process></definitions>");
    bpmn::read(&Source::bytes(text.into_bytes()), &Progress::default()).unwrap()
}

fn flows(pairs: &str) -> String {
    let flow = |pair: &str| {
        let (a, b) = pair.split_once('>').unwrap();
        format!("<sequenceFlow id='{a}_{b}' sourceRef='{a}' targetRef='{b}'/>")
    };
    pairs.split(' ').map(flow).collect()
}

fn tasks(names: &str) -> String {
    names
        .chars()
        .map(|c| format!("<task id='{c}' name='{c}'/>"))
        .collect()
}

fn net(process: &str, pairs: &str) -> PetriNet {
    model(&format!("{process}{}", flows(pairs)))
        .to_petri()
        .unwrap()
}

/// Words of complete runs with at most `length` labels.
fn words(net: &PetriNet, length: usize) -> Vec<String> {
    let mut queue = VecDeque::from([(net.initial.clone(), String::new())]);
    let mut seen: BTreeSet<(Vec<u32>, String)> = queue.iter().cloned().collect();
    let mut words = BTreeSet::new();
    while let Some((marking, word)) = queue.pop_front() {
        if marking == net.r#final {
            words.insert(word.clone());
        }
        for t in 0..net.transitions.len() {
            let Some(next) = fire(net, t, &marking) else {
                continue;
            };
            let word = word.clone() + net.transitions[t].label.as_deref().unwrap_or("");
            if word.len() <= length && seen.insert((next.clone(), word.clone())) {
                queue.push_back((next, word));
            }
        }
    }
    words.into_iter().collect()
}

/// Every state can end, and ends with nothing left over (van der Aalst 1998).
fn sound(net: &PetriNet) -> bool {
    let reached = explore(net, &net.initial, 10_000, |_| false);
    reached.complete
        && reached.markings.iter().all(|m| {
            explore(net, m, 10_000, |_| false)
                .markings
                .contains(&net.r#final)
                && (!m.contains(&net.r#final[0]) || *m == net.r#final)
        })
}

const ENDS: &str = "<startEvent id='s'/><endEvent id='z'/>";

#[test]
fn gateways_mean_what_the_standard_says() {
    let gate = |kind: &str, names: &str| {
        let gates: String = ["g", "h"]
            .map(|id| format!("<{kind}Gateway id='{id}'/>"))
            .concat();
        format!("{ENDS}{gates}{}", tasks(names))
    };
    let two = "s>g g>a g>b a>h b>h h>z";
    let xor = net(&gate("exclusive", "ab"), two);
    assert_eq!(words(&xor, 4), ["a", "b"]);
    assert_eq!(
        (xor.places, xor.transitions.len()),
        (2, 2),
        "no silent steps are left"
    );
    let and = net(&gate("parallel", "ab"), two);
    assert_eq!(words(&and, 4), ["ab", "ba"]);
    let or = net(&gate("inclusive", "ab"), two);
    assert_eq!(words(&or, 4), ["a", "ab", "b", "ba"]);
    for net in [xor, and, or] {
        assert!(sound(&net));
    }
}

#[test]
fn seven_inclusive_branches_are_built_one_by_one() {
    let process = format!(
        "{ENDS}<inclusiveGateway id='x'/><inclusiveGateway id='y'/>{}",
        tasks("abcdefg")
    );
    let pairs: String = "abcdefg".chars().map(|c| format!("x>{c} {c}>y ")).collect();
    let net = net(&process, &format!("s>x {pairs}y>z"));
    assert_eq!(words(&net, 2).len(), 7 + 7 * 6);
    assert!(sound(&net));
}

#[test]
fn flows_without_gateways_split_in_parallel_and_meet_as_alternatives() {
    let split = net(&format!("{ENDS}{}", tasks("abc")), "s>a a>b a>c b>z c>z");
    assert_eq!(
        words(&split, 5),
        ["abc", "acb"],
        "both tokens reach the end event"
    );
    let meet = net(
        &format!("{ENDS}<exclusiveGateway id='g'/>{}", tasks("abc")),
        "s>g g>a g>b a>c b>c c>z",
    );
    assert_eq!(words(&meet, 5), ["ac", "bc"]);
    let implicit = model(&format!("{}{}", tasks("ab"), flows("a>b")))
        .to_petri()
        .unwrap();
    assert_eq!(words(&implicit, 5), ["ab"], "no events at all");
}

#[test]
fn several_starts_are_alternatives_and_terminate_stops_the_rest() {
    let starts = net(
        &format!("{ENDS}<startEvent id='t'/>{}", tasks("abc")),
        "s>a t>b a>c b>c c>z",
    );
    assert_eq!(words(&starts, 4), ["ac", "bc"]);
    let stop = "<endEvent id='y'><terminateEventDefinition/></endEvent><parallelGateway id='g'/>";
    let terminate = net(
        &format!("{ENDS}{stop}{}", tasks("abc")),
        "s>g g>a g>b b>c a>y c>z",
    );
    assert_eq!(words(&terminate, 4), ["a", "ab", "abc", "ba", "bac", "bca"]);
}

#[test]
fn boundary_events_are_alternatives_or_run_beside() {
    let with = |cancel: bool| {
        let guard = format!("<boundaryEvent id='e' attachedToRef='a' cancelActivity='{cancel}'/>");
        net(
            &format!("{ENDS}{guard}{}", tasks("abc")),
            "s>a a>b b>z e>c c>z",
        )
    };
    assert_eq!(words(&with(true), 4), ["ab", "c"]);
    assert_eq!(words(&with(false), 4), ["ab", "abc", "acb", "cab"]);
}

#[test]
fn sub_processes_are_run_and_can_be_interrupted_from_any_state() {
    let inside = format!(
        "<subProcess id='u'><startEvent id='v'/><endEvent id='w'/>{}{}</subProcess>",
        tasks("ab"),
        flows("v>a a>b b>w")
    );
    assert_eq!(
        words(
            &net(&format!("{ENDS}{inside}{}", tasks("c")), "s>u u>c c>z"),
            5
        ),
        ["abc"]
    );
    let guard = "<boundaryEvent id='e' attachedToRef='u'/>";
    let guarded = net(
        &format!("{ENDS}{inside}{guard}{}", tasks("cd")),
        "s>u u>c c>z e>d d>z",
    );
    assert_eq!(words(&guarded, 5), ["abc", "abd", "ad", "d"]);
    let collapsed = net(&format!("{ENDS}<subProcess id='u' name='u'/>"), "s>u u>z");
    assert_eq!(words(&collapsed, 5), ["u"]);
    let ad_hoc = net(
        &format!(
            "{ENDS}<adHocSubProcess id='u'>{}</adHocSubProcess>",
            tasks("ab")
        ),
        "s>u u>z",
    );
    assert_eq!(words(&ad_hoc, 2), ["", "a", "aa", "ab", "b", "ba", "bb"]);
}

#[test]
fn event_sub_processes_interrupt_or_run_beside() {
    let with = |interrupting: bool| {
        let inside = format!(
            "<startEvent id='v' isInterrupting='{interrupting}'/>{}{}",
            tasks("c"),
            flows("v>c")
        );
        net(
            &format!(
                "{ENDS}<subProcess id='u' triggeredByEvent='true'>{inside}</subProcess>{}",
                tasks("ab")
            ),
            "s>a a>b b>z",
        )
    };
    assert_eq!(words(&with(true), 4), ["ab", "abc", "ac", "c"]);
    assert_eq!(words(&with(false), 4), ["ab", "abc", "acb", "cab"]);
}

#[test]
fn loops_markers_and_links_are_followed() {
    let looped = net(
        &format!(
            "{ENDS}<exclusiveGateway id='g'/><exclusiveGateway id='h'/>{}",
            tasks("a")
        ),
        "s>g g>a a>h h>g h>z",
    );
    assert_eq!(words(&looped, 3), ["a", "aa", "aaa"]);
    let marked = net(
        &format!("{ENDS}<task id='a' name='a'><standardLoopCharacteristics/></task>"),
        "s>a a>z",
    );
    assert_eq!(words(&marked, 3), ["a", "aa", "aaa"]);
    let link = |tag: &str, id: &str| {
        format!(
            "<intermediate{tag}Event id='{id}' name='L'><linkEventDefinition/></intermediate{tag}Event>"
        )
    };
    let linked = net(
        &format!(
            "{ENDS}{}{}{}",
            link("Throw", "t"),
            link("Catch", "c"),
            tasks("ab")
        ),
        "s>a a>t c>b b>z",
    );
    assert_eq!(words(&linked, 3), ["ab"]);
}

#[test]
fn conditions_on_flows_of_an_activity_choose_a_subset() {
    let flow = |id: &str| {
        format!(
            "<sequenceFlow id='f{id}' sourceRef='a' targetRef='{id}'><conditionExpression/></sequenceFlow>"
        )
    };
    let net = net(
        &format!("{ENDS}{}{}{}", tasks("abc"), flow("b"), flow("c")),
        "s>a b>z",
    );
    assert_eq!(words(&net, 3), ["ab", "abc", "ac", "acb"]);
}

#[test]
fn a_join_that_waits_for_ever_is_an_error() {
    let process = format!(
        "{ENDS}<exclusiveGateway id='g'/><parallelGateway id='h'/>{}",
        tasks("ab")
    );
    let error = model(&format!("{process}{}", flows("s>g g>a g>b a>h b>h h>z")))
        .to_petri()
        .unwrap_err();
    assert_eq!(error, ConversionError::NeverEnds("p".into()));
    assert_eq!(
        ProcessModel::default().to_petri().unwrap_err(),
        ConversionError::NoSteps
    );
}

#[test]
fn reference_files_become_nets_and_block_structured_ones_are_sound() {
    use crate::readers::bpmn::tests::shared;
    for name in [
        "receipt",
        "a32f0n00",
        "miwg-A.1.0",
        "miwg-A.2.0",
        "miwg-A.2.1",
        "miwg-A.3.0",
        "miwg-A.4.0",
        "miwg-B.1.0",
        "miwg-C.1.0",
    ] {
        let Some(path) = shared(&format!("models/{name}.bpmn")) else {
            return;
        };
        let model = bpmn::read(&Source::open(&path).unwrap(), &Progress::default()).unwrap();
        let net = model.to_petri().unwrap();
        let states = explore(&net, &net.initial, 3_000, |_| false);
        println!(
            "{name}: {} places, {} transitions, {} states, complete {}",
            net.places,
            net.transitions.len(),
            states.markings.len(),
            states.complete
        );
        // The others end in one place or in several at once: the early end is then a dead end of the net, never a run.
        if ["receipt", "a32f0n00", "miwg-A.1.0", "miwg-A.2.0"].contains(&name) {
            assert!(sound(&net), "{name}");
        }
    }
}
