//! The table, in Markdown.

use std::io::{self, Write};

use crate::measure::{Row, Took};

/// Begins the table; the sides are names and settings.
pub(crate) fn head(sides: &[(&str, String)], out: &mut impl Write) -> io::Result<()> {
    let names: Vec<&str> = sides.iter().map(|(name, _)| *name).collect();
    writeln!(out, "| config | operation | AWS calls | {} |", names.join(" | "))?;
    writeln!(out, "|---|---|---|{}", "---|".repeat(names.len()))
}

/// Prints what was measured with one history.
pub(crate) fn rows(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    for row in rows {
        match row {
            Row::Times { history, op, took } => {
                let calls =
                    took.first().and_then(Took::calls).map_or(String::new(), |calls| format!("{calls:.2}"));
                let first = took.first().and_then(|took| took.percentile(50));
                let cells: Vec<String> =
                    took.iter().enumerate().map(|(at, took)| times(at, took, first)).collect();
                writeln!(out, "| {history} | {op} | {calls} | {} |", cells.join(" | "))?;
            }
            Row::Stored { history, bytes } => {
                let first = bytes.first().copied().flatten();
                let cell = |(at, bytes): (usize, &Option<f64>)| match bytes {
                    None => "–".to_owned(),
                    Some(bytes) => format!("{bytes:.0}{}", ratio(at, first, *bytes)),
                };
                let cells: Vec<String> = bytes.iter().enumerate().map(cell).collect();
                writeln!(out, "| {history} | bytes kept per version | | {} |", cells.join(" | "))?;
            }
        }
    }
    Ok(())
}

/// Ends the table: under which circumstances.
pub(crate) fn notes(sides: &[(&str, String)], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nMilliseconds: median / 99th percentile; × is Waymark's median or bytes, of theirs.\n")?;
    for (name, settings) in sides {
        writeln!(out, "- {name}: {settings}")?;
    }
    writeln!(out, "- {}", machine())
}

fn times(at: usize, took: &Took, first: Option<f64>) -> String {
    let (Some(middle), Some(high)) = (took.percentile(50), took.percentile(99)) else {
        return "–".to_owned();
    };
    format!("{middle:.2} / {high:.2}{}", ratio(at, first, middle))
}

fn ratio(at: usize, first: Option<f64>, other: f64) -> String {
    match first {
        Some(first) if at > 0 && other > 0.0 => format!(" (×{:.2})", first / other),
        _ => String::new(),
    }
}

/// The processor, how many there are, and how busy they were.
fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = processors.lines().filter(|line| line.starts_with("processor")).count();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!("machine: {cores} cores of {}; load at the end {load}", model.unwrap_or("an unknown processor"))
}
