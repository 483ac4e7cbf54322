//! Hand-made charts: small, themed by classes, with what they show in words.

use base::format;
use mining::figures::StepTime;
use std::fmt::Write;

/// Histogram of time in step with its median and the time one in ten takes longer than.
pub fn time_in_step(time: &StepTime) -> String {
    if time.histogram.is_empty() {
        return String::new();
    }
    let (width, height) = (286.0, 66.0);
    let most = time
        .histogram
        .iter()
        .map(|b| b.count)
        .max()
        .unwrap_or(1)
        .max(1) as f64;
    let last = time
        .histogram
        .last()
        .map_or(1.0, |b| b.to_days)
        .max(f64::MIN_POSITIVE);
    let bin = width / time.histogram.len() as f64;
    // The last bin takes all that is longer, so its right edge is where the axis ends.
    let end = time.histogram.last().map_or(1.0, |b| b.from_days)
        / (time.histogram.len() as f64 - 1.0).max(1.0)
        * time.histogram.len() as f64;
    let end = if end > 0.0 { end } else { last };
    let x = |days: f64| (days / end * width).min(width);
    let mut label = "Time in step".to_string();
    if let Some(median) = time.median_days {
        let _ = write!(label, ": median {}", format::days(median));
    }
    if let Some(p90) = time.p90_days {
        let _ = write!(
            label,
            ", one case in ten takes longer than {}",
            format::days(p90)
        );
    }
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 -14 286 112\" role=\"img\" aria-label=\"{label}\"><g>"
    );
    for (i, b) in time.histogram.iter().enumerate() {
        let h = b.count as f64 / most * height;
        let slow = if b.slow { " is-slow" } else { "" };
        let _ = write!(
            svg,
            "<rect class=\"bar{slow}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{h:.1}\"/>",
            i as f64 * bin,
            76.0 - h,
            (bin - 1.5).max(0.5)
        );
    }
    svg.push_str("</g><path class=\"axis\" d=\"M0 76.5h286\"/>");
    if let Some(median) = time.median_days {
        let at = x(median);
        let (anchor, dx) = if at > 170.0 {
            ("end", -5.0)
        } else {
            ("start", 5.0)
        };
        let _ = write!(
            svg,
            "<path class=\"mark-line\" d=\"M{at:.1} 76V0\"/><text class=\"mark-text\" x=\"{:.1}\" y=\"-3\" text-anchor=\"{anchor}\">median {}</text>",
            at + dx,
            format::days(median)
        );
    }
    if let Some(p90) = time.p90_days {
        let at = x(p90);
        let (anchor, dx) = if at > 150.0 {
            ("end", -5.0)
        } else {
            ("start", 5.0)
        };
        let more = if p90 > end { "more than " } else { "" };
        let _ = write!(
            svg,
            "<path class=\"mark-line soft\" d=\"M{at:.1} 76V34\"/><text x=\"{:.1}\" y=\"30\" text-anchor=\"{anchor}\">1 in 10 over {more}{}</text>",
            at + dx,
            format::days(p90)
        );
    }
    let _ = write!(
        svg,
        "<g class=\"ticks\"><text x=\"0\" y=\"92\">0</text><text x=\"143\" y=\"92\" text-anchor=\"middle\">{}</text>\
         <text x=\"286\" y=\"92\" text-anchor=\"end\">{}+</text></g></svg>",
        format::days(end / 2.0),
        format::days(end)
    );
    svg
}
