//! Process models: reading, writing with and without the drawing, and turning into a net answer.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mining::readers::bpmn;
use mining::source::{Progress, Source};

fuzz_target!(|data: &[u8]| {
    if let Ok(model) = bpmn::read(&Source::bytes(data), &Progress::default()) {
        let mut written = Vec::new();
        mining::writers::bpmn::write(&model, &mut written).unwrap();
        bpmn::read(&Source::bytes(written), &Progress::default()).unwrap();
        let mut undrawn = model.clone();
        undrawn.drawing = None;
        mining::writers::bpmn::write(&undrawn, &mut Vec::new()).unwrap();
        let _ = (model.to_petri(), model.summary());
    }
});
