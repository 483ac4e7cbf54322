//! Reading CBOR (RFC 8949), as much of it as authenticators write: CTAP2 allows no length that is not said beforehand, no
//! tags, and no key twice. What is sent here was made by strangers, so nothing is believed of it: depth is bounded, and
//! nothing is set aside for a length before what it counts was seen.

/// Deeper than this nothing is nested: CTAP2 allows four levels, attestations of some makers a little more.
const DEEPEST: usize = 8;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(i64),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// True, false, nothing, or a number with a fraction: none of these is asked for.
    Other,
}

/// It is not what an authenticator writes.
#[derive(Debug, PartialEq)]
pub struct Malformed;

impl Value {
    pub fn get(&self, key: &Value) -> Option<&Value> {
        match self {
            Value::Map(pairs) => pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// What a map holds under a text.
    pub fn at(&self, key: &str) -> Option<&Value> {
        self.get(&Value::Text(key.into()))
    }

    /// What a map holds under a number, if that is a number.
    pub fn number(&self, key: i64) -> Option<i64> {
        match self.get(&Value::Number(key))? {
            Value::Number(n) => Some(*n),
            _ => None,
        }
    }

    /// What a map holds under a number, if that is bytes.
    pub fn bytes(&self, key: i64) -> Option<&[u8]> {
        self.get(&Value::Number(key))?.as_bytes()
    }

    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// One value, and what stands behind it.
pub fn read(bytes: &[u8]) -> Result<(Value, &[u8]), Malformed> {
    let mut reader = Reader(bytes);
    let value = reader.value(0)?;
    Ok((value, reader.0))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The kind of the next value, and the number in its head.
    fn head(&mut self) -> Result<(u8, u64), Malformed> {
        let first = self.take(1)?[0];
        let length = match first & 31 {
            small @ 0..=23 => return Ok((first >> 5, u64::from(small))),
            n @ 24..=27 => 1 << (n - 24),
            _ => return Err(Malformed),
        };
        let number = self.take(length)?.iter();
        Ok((first >> 5, number.fold(0, |n, b| n << 8 | u64::from(*b))))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Malformed> {
        if depth > DEEPEST {
            return Err(Malformed);
        }
        let (kind, n) = self.head()?;
        Ok(match kind {
            0 => Value::Number(i64::try_from(n).map_err(|_| Malformed)?),
            1 => Value::Number(-1 - i64::try_from(n).map_err(|_| Malformed)?),
            2 => Value::Bytes(self.take(n)?.to_vec()),
            3 => {
                let text = std::str::from_utf8(self.take(n)?);
                Value::Text(text.map_err(|_| Malformed)?.into())
            }
            4 => {
                let mut all = Vec::new();
                for _ in 0..n {
                    all.push(self.value(depth + 1)?);
                }
                Value::List(all)
            }
            5 => {
                let mut pairs: Vec<(Value, Value)> = Vec::new();
                for _ in 0..n {
                    let key = self.value(depth + 1)?;
                    if pairs.len() >= 64 || pairs.iter().any(|(k, _)| *k == key) {
                        return Err(Malformed);
                    }
                    pairs.push((key, self.value(depth + 1)?));
                }
                Value::Map(pairs)
            }
            7 => Value::Other,
            _ => return Err(Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_authenticators_write_is_read() {
        let text = |t: &str| Value::Text(t.into());
        for (bytes, expected) in [
            (&[0x00][..], Value::Number(0)),
            (&[0x18, 0x64], Value::Number(100)),
            (&[0x39, 0x01, 0x00], Value::Number(-257)),
            (&[0x42, 1, 2], Value::Bytes(vec![1, 2])),
            (&[0x64, 0xf0, 0x9f, 0x94, 0x91], text("🔑")),
            (
                &[0x82, 0x01, 0x61, 0x61],
                Value::List(vec![Value::Number(1), text("a")]),
            ),
            (
                &[0xa1, 0x26, 0xf5],
                Value::Map(vec![(Value::Number(-7), Value::Other)]),
            ),
            (&[0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], Value::Other),
        ] {
            assert_eq!(read(bytes), Ok((expected, &[][..])), "{bytes:?}");
        }
        assert_eq!(read(&[0x01, 0x02]), Ok((Value::Number(1), &[2][..])));
    }

    #[test]
    fn what_is_hostile_is_refused() {
        for bytes in [
            &[][..],
            // More is said to follow than there is.
            &[0x18],
            &[0x42, 1],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[
                0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x01,
            ],
            // No length, a tag, a number too large, a head that is reserved.
            &[0x5f, 0x41, 1, 0xff],
            &[0xbf, 0xff],
            &[0xc0, 0x00],
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x1c],
            // No text, and a key twice.
            &[0x61, 0xff],
            &[0xa2, 0x01, 0x01, 0x01, 0x02],
            &[0x81; 4000],
        ] {
            assert_eq!(read(bytes), Err(Malformed), "{bytes:?}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        for length in 0..2000 {
            let bytes: Vec<u8> = (0..length % 40).map(|_| next()).collect();
            let _ = read(&bytes);
        }
    }
}
