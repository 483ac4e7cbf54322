//! Process trees: block-structured models that are sound by construction (Leemans, Fahland, van der Aalst 2013).

mod text;
mod to_bpmn;
mod to_petri;

pub use text::TreeSyntaxError;

/// `Loop` has the do part first and the redo parts after it: do, then any number of (one redo part, do).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProcessTree {
    Activity(String),
    Silent,
    Sequence(Vec<ProcessTree>),
    Choice(Vec<ProcessTree>),
    Parallel(Vec<ProcessTree>),
    Loop(Vec<ProcessTree>),
}

impl ProcessTree {
    pub fn activity(name: impl Into<String>) -> Self {
        ProcessTree::Activity(name.into())
    }

    /// The activities of the tree, each once, left to right.
    pub fn activities(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect(&mut names);
        names
    }

    fn collect<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            ProcessTree::Activity(name) => {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
            ProcessTree::Silent => {}
            ProcessTree::Sequence(parts)
            | ProcessTree::Choice(parts)
            | ProcessTree::Parallel(parts)
            | ProcessTree::Loop(parts) => parts.iter().for_each(|part| part.collect(names)),
        }
    }

    /// The same language in fewer nodes: nested sequences, choices and parallels flattened, silent steps that change
    /// nothing dropped, `*(X(a, tau), tau)` written as `*(tau, a)`.
    pub fn simplify(self) -> Self {
        match self {
            ProcessTree::Sequence(parts) => {
                let mut flat = Vec::new();
                for part in parts.into_iter().map(Self::simplify) {
                    match part {
                        ProcessTree::Sequence(inner) => flat.extend(inner),
                        ProcessTree::Silent => {}
                        other => flat.push(other),
                    }
                }
                unwrap_single(flat, ProcessTree::Sequence)
            }
            ProcessTree::Parallel(parts) => {
                let mut flat = Vec::new();
                for part in parts.into_iter().map(Self::simplify) {
                    match part {
                        ProcessTree::Parallel(inner) => flat.extend(inner),
                        ProcessTree::Silent => {}
                        other => flat.push(other),
                    }
                }
                unwrap_single(flat, ProcessTree::Parallel)
            }
            ProcessTree::Choice(parts) => simplify_choice(parts),
            ProcessTree::Loop(parts) => simplify_loop(parts),
            leaf => leaf,
        }
    }

    /// Whether the tree can complete without showing any activity.
    pub fn can_be_empty(&self) -> bool {
        match self {
            ProcessTree::Activity(_) => false,
            ProcessTree::Silent => true,
            ProcessTree::Sequence(parts) | ProcessTree::Parallel(parts) => {
                parts.iter().all(Self::can_be_empty)
            }
            ProcessTree::Choice(parts) => parts.iter().any(Self::can_be_empty),
            ProcessTree::Loop(parts) => parts.first().is_none_or(Self::can_be_empty),
        }
    }
}

fn unwrap_single(
    mut parts: Vec<ProcessTree>,
    wrap: fn(Vec<ProcessTree>) -> ProcessTree,
) -> ProcessTree {
    match parts.len() {
        0 => ProcessTree::Silent,
        1 => parts.remove(0),
        _ => wrap(parts),
    }
}

fn simplify_choice(parts: Vec<ProcessTree>) -> ProcessTree {
    let mut flat: Vec<ProcessTree> = Vec::new();
    for part in parts.into_iter().map(ProcessTree::simplify) {
        let inner = match part {
            ProcessTree::Choice(inner) => inner,
            other => vec![other],
        };
        for one in inner {
            if !flat.contains(&one) {
                flat.push(one);
            }
        }
    }
    // A way around is only worth drawing where no other way is empty already.
    let others_empty = flat
        .iter()
        .any(|part| *part != ProcessTree::Silent && part.can_be_empty());
    if others_empty {
        flat.retain(|part| *part != ProcessTree::Silent);
    }
    any_number(&flat).unwrap_or_else(|| unwrap_single(flat, ProcessTree::Choice))
}

/// A way around something done at least once is that something done any number of times.
fn any_number(ways: &[ProcessTree]) -> Option<ProcessTree> {
    let [ProcessTree::Loop(parts), ProcessTree::Silent] = ways else {
        return None;
    };
    let [body, ProcessTree::Silent] = parts.as_slice() else {
        return None;
    };
    Some(ProcessTree::Loop(vec![ProcessTree::Silent, body.clone()]))
}

fn simplify_loop(parts: Vec<ProcessTree>) -> ProcessTree {
    let mut parts: Vec<ProcessTree> = parts.into_iter().map(ProcessTree::simplify).collect();
    if parts.len() < 2 {
        return unwrap_single(parts, ProcessTree::Loop);
    }
    if parts[1..].iter().any(|part| *part != ProcessTree::Silent) {
        return ProcessTree::Loop(parts);
    }
    match &parts[0] {
        ProcessTree::Choice(ways) if ways.contains(&ProcessTree::Silent) => {
            let visible = ways.iter().filter(|way| **way != ProcessTree::Silent);
            ProcessTree::Loop(
                std::iter::once(&ProcessTree::Silent)
                    .chain(visible)
                    .cloned()
                    .collect(),
            )
        }
        _ => {
            parts.truncate(2);
            ProcessTree::Loop(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simple(text: &str) -> String {
        text.parse::<ProcessTree>().unwrap().simplify().to_string()
    }

    #[test]
    fn simplifying_keeps_what_matters() {
        for (before, after) in [
            ("->('a', ->('b', 'c'), tau)", "->('a', 'b', 'c')"),
            ("X('a', X('b', 'a'), tau)", "X('a', 'b', tau)"),
            ("X('a', tau, *(tau, 'b'))", "X('a', *(tau, 'b'))"),
            ("+('a', +(tau, 'b'))", "+('a', 'b')"),
            ("*(X('a', tau), tau)", "*(tau, 'a')"),
            ("X(*('a', tau), tau)", "*(tau, 'a')"),
            ("X(*('a', 'b'), tau)", "X(*('a', 'b'), tau)"),
            ("->(X('a'))", "'a'"),
            ("->(tau, tau)", "tau"),
        ] {
            assert_eq!(simple(before), after, "{before}");
        }
    }
}
