//! Variants: cases with the same activities in the same order.

use crate::EventLog;

/// A stable 64-bit hash of activity names in order, so that addresses which name a variant stay valid after the
/// next import. Each name is hashed by FNV-1a, closed by a byte no UTF-8 text holds, and folded in with [`mix`].
pub fn variant_hash<'a>(activities: impl IntoIterator<Item = &'a str>) -> u64 {
    activities
        .into_iter()
        .fold(START, |hash, name| mix(hash, name_hash(name)))
}

/// As printed and as filters take it: 16 hex digits.
pub fn variant_id(hash: u64) -> String {
    format!("{hash:016x}")
}

pub(crate) const START: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

fn name_hash(name: &str) -> u64 {
    name.bytes()
        .chain([0xff])
        .fold(START, |hash, byte| (hash ^ byte as u64).wrapping_mul(PRIME))
}

/// Order-dependent and well spread: each name's own hash is folded in by the finaliser of SplitMix64 (Steele et al. 2014).
pub(crate) fn mix(hash: u64, name: u64) -> u64 {
    let z = (hash.rotate_left(23) ^ name).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The hash of each activity of a log, by code, to fold cases with [`mix`].
pub(crate) fn name_hashes(log: &EventLog) -> Vec<u64> {
    log.activities.iter().map(name_hash).collect()
}

pub(crate) fn case_hash(log: &EventLog, names: &[u64], case: usize) -> u64 {
    log.activity[log.case(case)]
        .iter()
        .fold(START, |hash, &a| mix(hash, names[a as usize]))
}
