//! Reads a log and prints how long it took and what it holds: `read_log LOG [THREADS]`. For profiling.

use mining::readers::xes::{XesOptions, read};
use mining::source::{Progress, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: read_log LOG [THREADS]")?;
    let threads = std::env::args()
        .nth(2)
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let begun = std::time::Instant::now();
    let source = Source::open(path.as_ref())?;
    let imported = read(
        &source,
        &XesOptions {
            threads,
            ..XesOptions::default()
        },
        &Progress::default(),
    )?;
    let log = imported.log;
    println!(
        "{:.3} s, {} cases, {} events, {} activities, columns {:.1} MiB, notes {:?}",
        begun.elapsed().as_secs_f64(),
        log.cases(),
        log.events(),
        log.activities.len(),
        log.bytes() as f64 / 1_048_576.0,
        imported.notes
    );
    for line in std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .filter(|l| l.starts_with("VmHWM"))
    {
        println!("{line}");
    }
    Ok(())
}
