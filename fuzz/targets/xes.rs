//! XES: it answers, in one thread and in several alike, and what was read is written and read again.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mining::readers::Imported;
use mining::readers::xes::{XesOptions, read};
use mining::source::{Progress, Source};

/// An absent number equals no other, so logs are compared as they are kept.
fn bytes(imported: &Imported) -> Vec<u8> {
    let mut out = Vec::new();
    mining::log::codec::write(&imported.log, &mut out).unwrap();
    out
}

fuzz_target!(|data: &[u8]| {
    let source = Source::bytes(data);
    let with = |threads, pair_lifecycle| {
        let options = XesOptions {
            classifier: None,
            pair_lifecycle,
            threads,
        };
        read(&source, &options, &Progress::default())
    };
    let one = with(1, data.len() % 2 == 0);
    if data.len() % 8 < 2 {
        let two = with(2, data.len() % 2 == 0);
        assert_eq!(one.as_ref().ok().map(bytes), two.as_ref().ok().map(bytes));
    }
    if let Ok(imported) = one {
        let mut written = Vec::new();
        mining::writers::xes::write(&imported.log, None, &mut written).unwrap();
        let again = read(&Source::bytes(written), &XesOptions::default(), &Progress::default());
        assert_eq!(again.unwrap().log.events(), imported.log.events());
    }
});
