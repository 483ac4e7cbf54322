//! Column files: a damaged one is an error, and what is read is written alike.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mining::log::codec;

fuzz_target!(|data: &[u8]| {
    if let Ok(log) = codec::read(data) {
        let mut written = Vec::new();
        codec::write(&log, &mut written).unwrap();
        assert_eq!(codec::read(&written).unwrap(), log);
    }
});
