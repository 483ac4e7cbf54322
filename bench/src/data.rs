//! Files to time with: receipt's cases, repeated under new names.

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{BufWriter, Read, Write, copy};
use std::path::{Path, PathBuf};

const NAME: &str = "key=\"concept:name\" value=\"";

/// The log repeated so many times, generated when it is not there yet.
pub fn repeated(log: &Path, folder: &Path, times: u32) -> Result<PathBuf> {
    let path = folder.join(format!("receipt-{times}.xes"));
    if path.exists() {
        return Ok(path);
    }
    let mut text = String::new();
    let file = File::open(log)
        .with_context(|| format!("{} is needed; set TENON_SHARED", log.display()))?;
    MultiGzDecoder::new(file).read_to_string(&mut text)?;
    let first = text.find("<trace>").context("no traces")?;
    let end = text.rfind("</trace>").context("no traces")? + "</trace>".len();
    let part = path.with_extension("part");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&part)?);
    out.write_all(&text.as_bytes()[..first])?;
    for round in 0..times {
        for trace in text[first..end].split_inclusive("</trace>") {
            // The name of the case is the trace's own and stands before its first event.
            let (head, tail) = trace.split_at(trace.find("<event>").unwrap_or(trace.len()));
            let (before, name) =
                head.split_at(head.find(NAME).context("a trace without a name")? + NAME.len());
            write!(out, "{before}{round}-{name}{tail}")?;
        }
    }
    out.write_all(&text.as_bytes()[end..])?;
    out.into_inner().map_err(|e| e.into_error())?.sync_all()?;
    std::fs::rename(part, &path)?;
    Ok(path)
}

/// The same file packed, as `gzip` does unless told otherwise.
pub fn packed(path: &Path) -> Result<PathBuf> {
    let packed = path.with_extension("xes.gz");
    if packed.exists() {
        return Ok(packed);
    }
    let part = packed.with_extension("part");
    let mut out = GzEncoder::new(BufWriter::new(File::create(&part)?), Compression::new(6));
    copy(&mut File::open(path)?, &mut out)?;
    out.finish()?.flush()?;
    std::fs::rename(part, &packed)?;
    Ok(packed)
}

/// Stays in one step and a roll-out, as `tenon prove` reads them: log-normal days; four teams in five start, in thirty
/// waves from week 30 on, and are then 5% faster. The same files every time.
pub fn stays(folder: &Path, cases: u64, teams: u64, weeks: u64) -> Result<(PathBuf, PathBuf)> {
    let (stays, rollout) = (
        folder.join(format!("stays-{cases}-{teams}-{weeks}.csv")),
        folder.join(format!("teams-{teams}.csv")),
    );
    if stays.exists() && rollout.exists() {
        return Ok((stays, rollout));
    }
    let start = |team: u64| (!team.is_multiple_of(5)).then_some(30 + team % 30 * 2);
    let mut out = BufWriter::new(File::create(&rollout)?);
    writeln!(out, "team,rollout_week,rollout_date")?;
    for team in 0..teams {
        let week = start(team).map(|w| w.to_string()).unwrap_or_default();
        writeln!(out, "T{team},{week},")?;
    }
    out.flush()?;
    let part = stays.with_extension("part");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&part)?);
    writeln!(out, "case,team,enter_step,leave_step,outcome")?;
    let mut state = 1u64;
    for case in 0..cases {
        let team = below(&mut state, teams);
        let minute = below(&mut state, weeks * 7 * 24 * 60);
        // The sum of twelve uniform numbers is as good as normal here.
        let normal = (0..12).map(|_| unit(&mut state)).sum::<f64>() - 6.0;
        let treated = start(team).is_some_and(|w| minute / (7 * 24 * 60) >= w);
        let days = (2.0 + 0.8 * normal).exp() * if treated { 0.95 } else { 1.0 };
        let left = minute + (days * 24.0 * 60.0) as u64;
        let outcome = if unit(&mut state) < 0.6 {
            "next"
        } else {
            "lost"
        };
        writeln!(
            out,
            "C{case},T{team},{},{},{outcome}",
            moment(minute),
            moment(left)
        )?;
    }
    out.into_inner().map_err(|e| e.into_error())?.sync_all()?;
    std::fs::rename(part, &stays)?;
    Ok((stays, rollout))
}

/// SplitMix64 (Steele, Lea and Flood 2014).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn below(state: &mut u64, end: u64) -> u64 {
    draw(state) % end
}

fn unit(state: &mut u64) -> f64 {
    (draw(state) >> 11) as f64 / (1u64 << 53) as f64
}

/// So many minutes after Monday, 2 January 2023, as text in UTC (days to date after Hinnant).
fn moment(minutes: u64) -> String {
    let z = minutes / 1440 + 19_359 + 719_468;
    let era = z / 146_097;
    let day = z % 146_097;
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (d, m) = (
        of_year - (153 * month + 2) / 5 + 1,
        if month < 10 { month + 3 } else { month - 9 },
    );
    let y = year + era * 400 + u64::from(m <= 2);
    let (h, minute) = (minutes / 60 % 24, minutes % 60);
    format!("{y}-{m:02}-{d:02}T{h:02}:{minute:02}:00")
}
