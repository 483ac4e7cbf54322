//! Tables: guessing and reading answer, for any encoding, delimiter and shape.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mining::readers::csv::{Overrides, preview, read};
use mining::source::{Progress, Source};

fuzz_target!(|data: &[u8]| {
    let source = Source::bytes(data);
    if let Ok(preview) = preview(&source, &Overrides::default()) {
        let _ = read(&source, &preview.mapping, &Progress::default());
        // What a person confirms unchanged means the same.
        if let Ok(again) = mining::readers::csv::preview(&source, &preview.mapping.as_said()) {
            assert_eq!(again.mapping.case, preview.mapping.case);
        }
    }
});
