use super::*;
use std::path::PathBuf;

fn parse(text: &str) -> Result<ProcessModel, ReadError> {
    read(
        &Source::bytes(text.as_bytes().to_vec()),
        &Progress::default(),
    )
}

pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var("TENON_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_string());
    let path = PathBuf::from(root).join("data").join(name);
    if !path.exists() {
        println!("skipped: shared data absent");
    }
    path.exists().then_some(path)
}

fn counts(name: &str) -> Option<(usize, usize, usize, usize, usize, usize, usize)> {
    let model = read(&Source::open(&shared(name)?).unwrap(), &Progress::default()).unwrap();
    assert_eq!(model.notes, []);
    let drawing = model.drawing.unwrap();
    Some((
        model.nodes.len(),
        model.flows.len(),
        model.message_flows.len(),
        model.lanes.len(),
        model.pools.len(),
        drawing.shapes.len(),
        drawing.edges.len(),
    ))
}

#[test]
fn reference_files_have_the_elements_that_grep_counts() {
    let Some(receipt) = counts("models/receipt.bpmn") else {
        return;
    };
    assert_eq!(receipt, (103, 142, 0, 0, 0, 103, 142));
    assert_eq!(
        counts("models/a32f0n00.bpmn").unwrap(),
        (54, 64, 0, 0, 0, 54, 64)
    );
    assert_eq!(
        counts("models/miwg-A.1.0.bpmn").unwrap(),
        (5, 4, 0, 0, 0, 5, 4)
    );
    assert_eq!(
        counts("models/miwg-A.2.0.bpmn").unwrap(),
        (8, 9, 0, 0, 0, 8, 9)
    );
    assert_eq!(
        counts("models/miwg-A.2.1.bpmn").unwrap(),
        (8, 11, 0, 0, 0, 8, 11)
    );
    assert_eq!(
        counts("models/miwg-A.3.0.bpmn").unwrap(),
        (10, 8, 0, 0, 0, 10, 8)
    );
    assert_eq!(
        counts("models/miwg-A.4.0.bpmn").unwrap(),
        (17, 13, 2, 2, 1, 20, 15)
    );
    assert_eq!(
        counts("models/miwg-B.1.0.bpmn").unwrap(),
        (29, 26, 2, 2, 2, 34, 29)
    );
    assert_eq!(
        counts("models/miwg-C.1.0.bpmn").unwrap(),
        (21, 20, 5, 4, 2, 27, 25)
    );
}

#[test]
fn bad_files_say_what_is_wrong_and_where() {
    let deep = format!("<definitions>{}", "<process>".repeat(300));
    let cases = [
        ("", "empty_file", None),
        ("case;activity", "wrong_format", Some(1)),
        ("<log/>", "wrong_format", Some(1)),
        ("<definitions>\n<process>", "truncated", Some(2)),
        ("<definitions>\n<process id=\"", "truncated", Some(2)),
        (
            "<definitions>\n<process></definitions>",
            "broken_xml",
            Some(2),
        ),
        (
            "<!DOCTYPE a [<!ENTITY b \"c\">]>\n<definitions/>",
            "dtd_refused",
            Some(1),
        ),
        ("<definitions/>", "empty_model", Some(1)),
        (
            "<definitions>\n<sequenceFlow id='f' sourceRef='a' targetRef='b'/></definitions>",
            "empty_model",
            Some(2),
        ),
        (&deep, "too_deep", Some(1)),
    ];
    for (text, code, line) in cases {
        let error = parse(text).unwrap_err();
        assert_eq!((error.code, error.place.line), (code, line), "{text:.60}");
    }
}

#[test]
fn events_hosts_defaults_and_lanes_are_linked() {
    let model = parse(
        "<b:definitions xmlns:b='x'><b:process id='p'>
        <b:laneSet><b:lane id='l' name='L'><b:flowNodeRef> t </b:flowNodeRef><b:childLaneSet><b:lane id='m'/></b:childLaneSet></b:lane></b:laneSet>
        <b:boundaryEvent id='e' attachedToRef='t' cancelActivity='false'><b:timerEventDefinition/></b:boundaryEvent>
        <b:userTask id='t' name='Do &amp; go' default='f'><b:standardLoopCharacteristics/></b:userTask>
        <b:subProcess id='s' triggeredByEvent='true'><b:startEvent id='i' isInterrupting='false'><b:messageEventDefinition/></b:startEvent></b:subProcess>
        <b:endEvent id='z'/><b:sequenceFlow id='f' sourceRef='t' targetRef='z'/><b:sequenceFlow id='g' sourceRef='t' targetRef='gone'/>
        <b:monster><b:task id='hidden'/></b:monster></b:process></b:definitions>",
    )
    .unwrap();
    assert_eq!(
        model.nodes[0].kind,
        NodeKind::Boundary {
            trigger: Trigger::Timer,
            interrupting: false,
            host: 1
        }
    );
    assert_eq!(
        (model.nodes[1].name.as_str(), model.nodes[1].repeats),
        ("Do & go", true)
    );
    assert_eq!(
        model.nodes[3].kind,
        NodeKind::EventStart {
            trigger: Trigger::Message,
            interrupting: false
        }
    );
    assert_eq!(model.nodes[3].parent, Some(2));
    assert!(model.flows[0].is_default);
    assert_eq!(
        (model.lanes[0].nodes.clone(), model.lanes[1].parent),
        (vec![1], Some(0))
    );
    assert_eq!(model.notes[0].code, "dangling_reference");
    assert_eq!(
        model.ignored,
        [Ignored {
            element: "monster".into(),
            count: 1,
            line: 7
        }]
    );
}

#[test]
fn encodings_are_taken_from_the_mark_or_the_declaration() {
    let text = "<?xml version=\"1.0\" encoding=\"LABEL\"?><definitions><process id='p'><task id='t' name='Größe'/></process></definitions>";
    let utf16: Vec<u8> = "\u{feff}"
        .chars()
        .chain(text.replace("LABEL", "UTF-16").chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let latin1: Vec<u8> = text
        .replace("LABEL", "ISO-8859-1")
        .chars()
        .map(|c| c as u8)
        .collect();
    let bom = format!("\u{feff}{}", text.replace("LABEL", "UTF-8")).into_bytes();
    for bytes in [utf16, latin1, bom] {
        let model = read(&Source::bytes(bytes), &Progress::default()).unwrap();
        assert_eq!(model.activities(), ["Größe"]);
    }
    let wrong: Vec<u8> = text
        .replace("LABEL", "UTF-8")
        .chars()
        .map(|c| c as u8)
        .collect();
    let error = read(&Source::bytes(wrong), &Progress::default()).unwrap_err();
    assert_eq!((error.code, error.place.line), ("bad_encoding", Some(1)));
}
