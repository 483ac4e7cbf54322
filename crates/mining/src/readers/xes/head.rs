//! What a log says about itself before its first trace: global attributes and classifiers.

use super::columns::Kind;
use super::scan::{Attributes, Scanner, Tag, value};
use crate::error::ReadError;

/// Declared once for all traces or all events.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub trace_defaults: Vec<(Kind, String, String)>,
    pub event_defaults: Vec<(Kind, String, String)>,
    pub classifiers: Vec<Classifier>,
}

/// How the log says activities are told apart.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Classifier {
    pub name: String,
    pub keys: Vec<String>,
}

impl Head {
    pub fn read(text: &[u8]) -> Result<Head, ReadError> {
        let mut head = Head::default();
        let mut scan = Scanner::new(text, 0);
        let mut scope: Option<bool> = None;
        let mut depth = 0usize;
        while let Some((at, tag)) = scan.next()? {
            match tag {
                Tag::Open {
                    name,
                    attributes,
                    empty,
                } => {
                    let get = |wanted: &[u8]| -> Result<String, ReadError> {
                        for pair in Attributes::new(attributes) {
                            let (key, raw) = pair.map_err(|()| {
                                scan.broken(at, "A tag has an attribute without a quoted value.")
                            })?;
                            if key == wanted {
                                return value(raw).map(|v| v.into_owned()).map_err(|e| {
                                    scan.broken(at, format!("The entity {e} is not known."))
                                });
                            }
                        }
                        Ok(String::new())
                    };
                    match (name, scope, depth) {
                        (b"global", _, 1) => scope = (!empty).then_some(get(b"scope")? == "event"),
                        (b"classifier", None, 1) => {
                            head.classifiers.push(Classifier {
                                name: get(b"name")?,
                                keys: split_keys(&get(b"keys")?),
                            });
                        }
                        (name, Some(event), 2) => {
                            if let Some(kind) = Kind::of(name) {
                                let default = (kind, get(b"key")?, get(b"value")?);
                                if event {
                                    &mut head.event_defaults
                                } else {
                                    &mut head.trace_defaults
                                }
                                .push(default);
                            }
                        }
                        _ => {}
                    }
                    depth += usize::from(!empty);
                }
                Tag::Close { name } => {
                    depth = depth.saturating_sub(1);
                    if name == b"global" {
                        scope = None;
                    }
                }
            }
        }
        Ok(head)
    }
}

/// Keys are parted by blanks; a key with blanks stands in single quotes.
fn split_keys(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        keys.push(key.to_string());
        rest = after.trim_start();
    }
    keys
}
