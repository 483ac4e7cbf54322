//! Process trees as text, in the notation of the literature: `->('a', X('b', tau), +('c', 'd'), *('e', tau))`.

use super::ProcessTree;
use std::fmt;
use std::str::FromStr;

impl fmt::Display for ProcessTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operator, parts) = match self {
            ProcessTree::Activity(name) => {
                return write!(f, "'{}'", name.replace('\\', "\\\\").replace('\'', "\\'"));
            }
            ProcessTree::Silent => return f.write_str("tau"),
            ProcessTree::Sequence(parts) => ("->", parts),
            ProcessTree::Choice(parts) => ("X", parts),
            ProcessTree::Parallel(parts) => ("+", parts),
            ProcessTree::Loop(parts) => ("*", parts),
        };
        write!(f, "{operator}(")?;
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            part.fmt(f)?;
        }
        f.write_str(")")
    }
}

/// What stood where a tree should have gone on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Expected {expected} at character {at} of the process tree.")]
pub struct TreeSyntaxError {
    pub expected: &'static str,
    /// Counted in characters from 0.
    pub at: usize,
}

impl FromStr for ProcessTree {
    type Err = TreeSyntaxError;

    fn from_str(text: &str) -> Result<Self, TreeSyntaxError> {
        let mut parser = Parser {
            chars: text.chars().collect(),
            at: 0,
            depth: 0,
        };
        let tree = parser.tree()?;
        parser.skip_space();
        if parser.at < parser.chars.len() {
            return Err(parser.error("the end"));
        }
        Ok(tree)
    }
}

/// Deeper than any model a person reads; keeps hostile text from exhausting the stack.
const DEEPEST: usize = 200;

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn error(&self, expected: &'static str) -> TreeSyntaxError {
        TreeSyntaxError {
            expected,
            at: self.at,
        }
    }

    fn skip_space(&mut self) {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        let matches = token
            .chars()
            .enumerate()
            .all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
        if matches {
            self.at += token.chars().count();
        }
        matches
    }

    fn tree(&mut self) -> Result<ProcessTree, TreeSyntaxError> {
        self.skip_space();
        if self.chars.get(self.at) == Some(&'\'') {
            return self.name().map(ProcessTree::Activity);
        }
        if self.eat("tau") {
            return Ok(ProcessTree::Silent);
        }
        type Wrap = fn(Vec<ProcessTree>) -> ProcessTree;
        let operators: [(&str, Wrap); 4] = [
            ("->", ProcessTree::Sequence),
            ("X", ProcessTree::Choice),
            ("+", ProcessTree::Parallel),
            ("*", ProcessTree::Loop),
        ];
        for (token, wrap) in operators {
            if self.eat(token) {
                return self.parts().map(wrap);
            }
        }
        Err(self.error("an activity in quotes, tau, ->, X, + or *"))
    }

    fn parts(&mut self) -> Result<Vec<ProcessTree>, TreeSyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("fewer than 200 levels"));
        }
        self.skip_space();
        if !self.eat("(") {
            return Err(self.error("an opening bracket"));
        }
        let mut parts = vec![self.tree()?];
        loop {
            self.skip_space();
            if self.eat(")") {
                self.depth -= 1;
                return Ok(parts);
            }
            if !self.eat(",") {
                return Err(self.error("a comma or a closing bracket"));
            }
            parts.push(self.tree()?);
        }
    }

    fn name(&mut self) -> Result<String, TreeSyntaxError> {
        let mut name = String::new();
        self.at += 1;
        loop {
            match self.chars.get(self.at) {
                None => return Err(self.error("a closing quote")),
                Some('\'') => {
                    self.at += 1;
                    return Ok(name);
                }
                Some('\\') => {
                    self.at += 1;
                    name.extend(self.chars.get(self.at));
                }
                Some(&c) => name.push(c),
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_reads_back_as_written() {
        let text = r"->('it\'s', X('b', tau), +('c', 'd \\ e'), *('f', tau, 'g'))";
        assert_eq!(text.parse::<ProcessTree>().unwrap().to_string(), text);
    }

    #[test]
    fn a_broken_tree_says_where() {
        let error = "->('a', ".parse::<ProcessTree>().unwrap_err();
        assert_eq!(error.at, 8);
        assert_eq!(
            "->('a' 'b')".parse::<ProcessTree>().unwrap_err().expected,
            "a comma or a closing bracket"
        );
        assert!("+(".repeat(100_000).parse::<ProcessTree>().is_err());
    }
}
