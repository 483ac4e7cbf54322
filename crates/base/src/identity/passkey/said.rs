//! What browser and authenticator say when a passkey is made or shown, and whether it is genuine and for us
//! (Web Authentication level 2, sections 5.8.1, 6.1, 7.1 and 7.2).

use super::cbor::{self, Value};
use super::key::Key;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// As what browsers know this server.
#[derive(Debug, Clone, PartialEq)]
pub struct Rp {
    /// The name of its host, such as `tenon.example.com`.
    pub id: String,
    /// Scheme, host and port, as browsers write them.
    pub origin: String,
}

/// What was to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    Make,
    Show,
}

/// Why a passkey is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("malformed")]
    Form,
    #[error("made for something else")]
    Type,
    #[error("challenge unknown, used or over")]
    Challenge,
    #[error("from another site's page")]
    Origin,
    #[error("for another site")]
    Rp,
    #[error("nobody was there")]
    Absent,
    #[error("nobody was verified")]
    Unverified,
    #[error("kind of key not understood")]
    Key,
    #[error("not known here")]
    Unknown,
    #[error("of somebody else")]
    Person,
    #[error("signature wrong")]
    Signature,
    #[error("counter went back")]
    Counter,
    #[error("suspended")]
    Suspended,
}

/// What the browser says (client data).
#[derive(Debug, Deserialize)]
pub struct Client {
    r#type: String,
    /// Base64url of the text we made.
    pub challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    is_cross_origin: bool,
}

impl Client {
    pub fn read(json: &[u8]) -> Result<Client, Refused> {
        serde_json::from_slice(json).map_err(|_| Refused::Form)
    }

    /// Whether our own page asked, and for this.
    pub fn check(&self, ceremony: Ceremony, rp: &Rp) -> Result<(), Refused> {
        let expected = match ceremony {
            Ceremony::Make => "webauthn.create",
            Ceremony::Show => "webauthn.get",
        };
        if self.r#type != expected {
            return Err(Refused::Type);
        }
        // Nor from a frame of ours in another site's page: no page of ours that asks may stand in one.
        if self.origin != rp.origin || self.is_cross_origin {
            return Err(Refused::Origin);
        }
        Ok(())
    }
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// What the authenticator says.
#[derive(Debug, PartialEq)]
pub struct Data {
    rp: [u8; 32],
    flags: u8,
    pub counter: u32,
    /// When a passkey was made: it.
    pub made: Option<Made>,
}

/// A passkey just made.
#[derive(Debug, PartialEq)]
pub struct Made {
    pub id: Vec<u8>,
    /// Its public key as COSE has it.
    pub key: Vec<u8>,
}

impl Data {
    pub fn read(bytes: &[u8]) -> Result<Data, Refused> {
        let (rp, rest) = split::<32>(bytes)?;
        let ([flags], rest) = split::<1>(rest)?;
        let (counter, mut rest) = split::<4>(rest)?;
        let mut made = None;
        if flags & HAS_CREDENTIAL != 0 {
            // The model of the authenticator: nothing is asked about that.
            let (_, after) = split::<16>(rest)?;
            let (length, after) = split::<2>(after)?;
            let length = usize::from(u16::from_be_bytes(length));
            let (id, after) = after.split_at_checked(length).ok_or(Refused::Form)?;
            if !(1..=1023).contains(&id.len()) {
                return Err(Refused::Form);
            }
            let behind = map(after)?;
            made = Some(Made {
                id: id.to_vec(),
                key: after[..after.len() - behind.len()].to_vec(),
            });
            rest = behind;
        }
        if flags & HAS_EXTENSIONS != 0 {
            rest = map(rest)?;
        }
        if !rest.is_empty() {
            return Err(Refused::Form);
        }
        Ok(Data {
            rp,
            flags,
            counter: u32::from_be_bytes(counter),
            made,
        })
    }

    /// Whether it is for us, and somebody was there and showed who she is.
    pub fn check(&self, rp: &Rp) -> Result<(), Refused> {
        let expected: [u8; 32] = Sha256::digest(rp.id.as_bytes()).into();
        if self.rp != expected {
            return Err(Refused::Rp);
        }
        if self.flags & PRESENT == 0 {
            return Err(Refused::Absent);
        }
        if self.flags & VERIFIED == 0 {
            return Err(Refused::Unverified);
        }
        Ok(())
    }

    /// Authenticators that count, count up. One that shows what was shown before is a copy, or was copied.
    pub fn counts_up(&self, kept: u32) -> bool {
        self.counter > kept || (self.counter == 0 && kept == 0)
    }
}

/// The first bytes, and what stands behind them.
fn split<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), Refused> {
    let (first, rest) = bytes.split_first_chunk::<N>().ok_or(Refused::Form)?;
    Ok((*first, rest))
}

/// What stands behind a map.
fn map(bytes: &[u8]) -> Result<&[u8], Refused> {
    match cbor::read(bytes) {
        Ok((Value::Map(_), behind)) => Ok(behind),
        _ => Err(Refused::Form),
    }
}

/// A passkey that was just made, and what it counts from. What its maker attests of it is not asked for, and not looked at.
pub fn made(attestation: &[u8], rp: &Rp) -> Result<(Made, u32), Refused> {
    let Ok((object, [])) = cbor::read(attestation) else {
        return Err(Refused::Form);
    };
    let data = object.at("authData").and_then(Value::as_bytes);
    let data = Data::read(data.ok_or(Refused::Form)?)?;
    data.check(rp)?;
    let made = data.made.ok_or(Refused::Form)?;
    Key::of_cose(&made.key).ok_or(Refused::Key)?;
    Ok((made, data.counter))
}

/// What the authenticator says when a passkey is shown, if it signed it together with what the browser says.
pub fn shown(
    (data, client, sign): (&[u8], &[u8], &[u8]),
    key: &[u8],
    rp: &Rp,
) -> Result<Data, Refused> {
    let told = Data::read(data)?;
    told.check(rp)?;
    let key = Key::of_cose(key).ok_or(Refused::Key)?;
    let signed = [data, Sha256::digest(client).as_slice()].concat();
    match key.signed(&signed, sign) {
        true => Ok(told),
        false => Err(Refused::Signature),
    }
}
