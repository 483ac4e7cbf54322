//! Lists that are read item by item: one that is not understood does not take the others with it.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::value::RawValue;

/// An item of a list with its own text.
#[derive(Debug, Clone)]
pub struct Item<T> {
    pub raw: String,
    /// `None`: it is not of this shape.
    pub read: Option<T>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Raw text is skipped without going deep, so depth is only a matter of the one item.
        let raw = Box::<RawValue>::deserialize(from)?;
        Ok(Item {
            read: serde_json::from_str(raw.get()).ok(),
            raw: String::from(Box::<str>::from(raw)),
        })
    }
}

/// A moment as services write it, such as `2026-08-01T13:51:39.138Z`.
pub fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<crate::Micros, D::Error> {
    let text = String::deserialize(from)?;
    let at: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
    Ok(at.as_microsecond())
}

/// A field that may be missing, null or of another type than it should be: nothing of that is a reason to lose the rest.
pub fn or_default<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: DeserializeOwned + Default,
    D: Deserializer<'de>,
{
    let item = Item::<T>::deserialize(from)?;
    Ok(item.read.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_is_not_understood_leaves_the_others() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        let text = format!(r#"[1, "x", {deep}, {{"a" : 1}}, 2]"#);
        let items: Vec<Item<u8>> = serde_json::from_str(&text).unwrap();
        let read: Vec<_> = items.iter().map(|i| i.read).collect();
        assert_eq!(read, [Some(1), None, None, None, Some(2)]);
        assert_eq!(items[3].raw, r#"{"a" : 1}"#);
    }

    #[test]
    fn a_field_of_another_type_is_as_if_left_out() {
        #[derive(serde::Deserialize)]
        struct Shape {
            #[serde(default, deserialize_with = "or_default")]
            a: String,
        }
        let read = |text| serde_json::from_str::<Shape>(text).unwrap().a;
        assert_eq!(read(r#"{"a":"x"}"#), "x");
        for text in ["{}", r#"{"a":null}"#, r#"{"a":{"b":[1]}}"#] {
            assert_eq!(read(text), "");
        }
    }
}
