//! Tables as Markdown has them.

/// Prints a table; rows are as long as `head`.
pub fn print(title: &str, head: &[&str], rows: &[Vec<String>]) {
    println!("### {title}\n");
    println!("| {} |", head.join(" | "));
    println!("|{}", " --- |".repeat(head.len()));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    println!();
}

/// A number with as many digits as tell something.
pub fn short(number: f64) -> String {
    match number.abs() {
        _ if number.is_nan() => "–".into(),
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        n if n >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

/// Whether a goal was reached.
pub fn verdict(reached: bool) -> String {
    if reached {
        "reached".into()
    } else {
        "**missed**".into()
    }
}
