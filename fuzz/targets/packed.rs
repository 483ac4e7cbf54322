//! The same readers behind gzip: the bytes are packed, then spoiled in one place that the bytes name.
#![no_main]
use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;
use mining::readers::{csv, xes};
use mining::source::{Progress, Source};
use std::io::Write;

fuzz_target!(|data: &[u8]| {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(data).unwrap();
    let mut packed = packer.finish().unwrap();
    if let [a, b, ..] = data {
        let at = (usize::from(*a) * 256 + usize::from(*b)) % (packed.len() * 2);
        match (packed.get_mut(at), b % 3) {
            (Some(_), 0) => packed.truncate(at),
            (Some(byte), 1) => *byte ^= 1 << (a % 8),
            _ => {}
        }
    }
    let source = Source::bytes(packed);
    let options = xes::XesOptions {
        threads: 1,
        ..Default::default()
    };
    let _ = xes::read(&source, &options, &Progress::default());
    if let Ok(preview) = csv::preview(&source, &csv::Overrides::default()) {
        let _ = csv::read(&source, &preview.mapping, &Progress::default());
    }
});
