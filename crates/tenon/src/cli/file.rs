//! Settings in a file: lines of `NAME = value`, by the names they have in the environment.
//!
//! The command line comes before the environment, and the environment before the file.

use anyhow::{Context, bail};
use clap::Command;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variable that names the file.
pub const VARIABLE: &str = "TENON_CONFIG";

/// The file that is asked for: the last `--config` on the command line, or the environment.
pub fn asked(args: &[OsString], variable: Option<OsString>) -> Option<PathBuf> {
    let mut found = variable.filter(|v| !v.is_empty()).map(PathBuf::from);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        match text.strip_prefix("--config") {
            _ if text == "--" => break,
            Some("") => found = args.next().map(PathBuf::from).or(found),
            Some(rest) => found = rest.strip_prefix('=').map(PathBuf::from).or(found),
            None => {}
        }
    }
    found
}

/// The command with what a file says where nothing else is said.
pub fn with(command: Command, path: &Path) -> anyhow::Result<Command> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the settings in {}", path.display()))?;
    let said = read(&text).with_context(|| path.display().to_string())?;
    let mut known = Vec::new();
    let command = apply(command, &said, &mut known);
    for (name, (line, _)) in &said {
        if !known.contains(name) {
            bail!(
                "{}, line {line}: there is no setting {name}; `tenon serve --help` lists them",
                path.display()
            );
        }
    }
    Ok(command)
}

/// Names with their lines and values. A line is empty, a comment behind #, or `NAME = value`; quotes around a value are no part of it.
fn read(text: &str) -> anyhow::Result<BTreeMap<String, (usize, String)>> {
    let mut said = BTreeMap::new();
    for (i, line) in text.lines().enumerate() {
        let (line, number) = (line.trim(), i + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            bail!("line {number}: write NAME = value");
        };
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|&q| {
            let inside = value.strip_prefix(q)?.strip_suffix(q)?;
            Some(inside)
        });
        let value = quoted.unwrap_or(value).to_string();
        if said.insert(name.trim().into(), (number, value)).is_some() {
            bail!("line {number}: {} is set a second time", name.trim());
        }
    }
    Ok(said)
}

fn apply(
    mut command: Command,
    said: &BTreeMap<String, (usize, String)>,
    known: &mut Vec<String>,
) -> Command {
    let args: Vec<(String, String)> = command
        .get_arguments()
        .filter_map(|a| Some((a.get_id().to_string(), a.get_env()?.to_str()?.to_string())))
        .collect();
    for (id, variable) in args {
        known.push(variable.clone());
        if let Some((_, value)) = said.get(&variable) {
            // Kept for as long as the program runs, once.
            let value: &'static str = Box::leak(value.clone().into_boxed_str());
            // It may be a secret.
            command = command.mut_arg(id, |a| a.default_value(value).hide_default_value(true));
        }
    }
    let names: Vec<String> = command
        .get_subcommands()
        .map(|s| s.get_name().to_string())
        .collect();
    for name in names {
        command = command.mut_subcommand(name, |s| apply(s, said, known));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_named_on_the_command_line_or_in_the_environment() {
        let find = |args: &[&str], variable: Option<&str>| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            asked(&args, variable.map(OsString::from))
        };
        for (args, variable, expected) in [
            (&["tenon", "serve"][..], None, None),
            (&["tenon", "serve"], Some("/etc/t"), Some("/etc/t")),
            (
                &["tenon", "--config", "a", "serve"],
                Some("/etc/t"),
                Some("a"),
            ),
            (&["tenon", "serve", "--config=b"], None, Some("b")),
            (&["tenon", "--", "--config=b"], None, None),
        ] {
            assert_eq!(
                find(args, variable),
                expected.map(PathBuf::from),
                "{args:?}"
            );
        }
    }

    #[test]
    fn lines_are_names_and_values_each_once() {
        let said = read("# ours\n\nTENON_PORT = 80\nTENON_URL=\"https://t.example\"\n").unwrap();
        assert_eq!(said["TENON_PORT"], (3, "80".into()));
        assert_eq!(said["TENON_URL"], (4, "https://t.example".into()));
        for (text, told) in [("TENON_PORT", "line 1"), ("A=1\nA=2", "second time")] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
