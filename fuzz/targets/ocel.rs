//! Object-centric logs, JSON and XML: reading and flattening on each type answer.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mining::readers::ocel;
use mining::source::{Progress, Source};

fuzz_target!(|data: &[u8]| {
    if let Ok(log) = ocel::read(&Source::bytes(data), &Progress::default()) {
        for kind in log.preview().types.iter().take(4) {
            drop(log.flatten(&kind.name));
        }
    }
});
