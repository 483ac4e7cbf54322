//! Repeats the traces of an XES log under new case names: `repeat_log LOG.xes[.gz] TIMES OUT.xes`. For benches.

use std::io::{BufWriter, Read, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, from, times, to] = args.as_slice() else {
        return Err("usage: repeat_log LOG TIMES OUT".into());
    };
    let mut text = String::new();
    let file = std::fs::File::open(from)?;
    if from.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text)?;
    } else {
        std::io::BufReader::new(file).read_to_string(&mut text)?;
    }
    let first = text.find("<trace>").ok_or("no traces")?;
    let end = text.rfind("</trace>").ok_or("no traces")? + "</trace>".len();
    let traces: Vec<&str> = text[first..end].split_inclusive("</trace>").collect();
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(to)?);
    out.write_all(&text.as_bytes()[..first])?;
    for round in 0..times.parse::<u32>()? {
        for trace in &traces {
            // The case name is the trace's own concept:name, which stands before its first event.
            let events = trace.find("<event>").unwrap_or(trace.len());
            let (head, tail) = trace.split_at(events);
            match head.find("key=\"concept:name\" value=\"") {
                Some(at) => {
                    let at = at + "key=\"concept:name\" value=\"".len();
                    write!(out, "{}{round}-{}{tail}", &head[..at], &head[at..])?;
                }
                None => out.write_all(trace.as_bytes())?,
            }
        }
    }
    out.write_all(&text.as_bytes()[end..])?;
    out.flush()?;
    Ok(())
}
