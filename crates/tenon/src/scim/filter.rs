//! What a directory looks for: `userName eq "maren@company.example"`. Nothing else is asked by those we know of.

use base::problem::Problem;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Asked {
    filter: Option<String>,
    /// The first is 1.
    pub start_index: Option<i64>,
    pub count: Option<i64>,
    excluded_attributes: Option<String>,
}

/// An attribute, in small letters, and the value it must have.
#[derive(Debug, PartialEq)]
pub struct Equals {
    pub attribute: String,
    pub value: String,
}

impl Asked {
    pub fn filter(&self) -> Result<Option<Equals>, Problem> {
        self.filter.as_deref().map(parse).transpose()
    }

    /// Long lists of members need not be sent.
    pub fn leaves_out(&self, attribute: &str) -> bool {
        let names = self.excluded_attributes.as_deref().unwrap_or_default();
        names
            .split(',')
            .any(|n| n.trim().eq_ignore_ascii_case(attribute))
    }
}

pub fn parse(text: &str) -> Result<Equals, Problem> {
    let wrong = || {
        Problem::new(
            400,
            "bad_filter",
            format!(
                "The filter {} is not understood.",
                base::format::short(text, 100)
            ),
            "Ask for equality of one attribute, such as userName eq \"maren@company.example\".",
        )
    };
    let (attribute, rest) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let (operator, value) = rest.trim_start().split_once(' ').ok_or_else(wrong)?;
    if !operator.eq_ignore_ascii_case("eq") {
        return Err(wrong());
    }
    // The value is written as in JSON.
    let value: String = serde_json::from_str(value.trim()).map_err(|_| wrong())?;
    Ok(Equals {
        attribute: attribute.to_lowercase(),
        value,
    })
}

/// The value in a path such as `members[value eq "per_1"]`.
pub fn in_path(path: &str) -> Option<Equals> {
    let (_, rest) = path.split_once('[')?;
    parse(rest.split_once(']')?.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_is_understood_and_the_rest_is_told() {
        let found = parse("userName  EQ \"a \\\"b\\\"\"").unwrap();
        assert_eq!(
            (found.attribute.as_str(), found.value.as_str()),
            ("username", "a \"b\"")
        );
        for wrong in [
            "",
            "userName",
            "userName co \"a\"",
            "userName eq a",
            "a eq \"b\" and c eq \"d\"",
        ] {
            assert_eq!(parse(wrong).unwrap_err().code, "bad_filter", "{wrong}");
        }
        let inner = in_path("members[value eq \"per_1\"]").unwrap();
        assert_eq!(inner.value, "per_1");
        assert_eq!(in_path("members"), None);
    }
}
