//! What is pushed is encrypted for the browser (RFC 8291, with the coding `aes128gcm` of RFC 8188): the push service that
//! carries it sees how long it is, and nothing else.

use crate::delivery::sign::mac;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{self, ECDH_P256, EphemeralPrivateKey};
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};

/// All is one record; the longest that push services take.
const RECORD: u32 = 4096;
/// What is sealed is filled up to this length, so that its length tells nothing; what is longer is refused.
const LENGTH: usize = 2048;

/// Whom something is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Browser {
    /// A point of P-256, not compressed.
    pub public: Vec<u8>,
    pub auth: Vec<u8>,
}

impl Browser {
    /// `None` when these are no keys of a browser.
    pub fn of(public: Vec<u8>, auth: Vec<u8>) -> Option<Browser> {
        let is_point = public.len() == 65 && public[0] == 4;
        (is_point && auth.len() == 16).then_some(Browser { public, auth })
    }
}

/// Seals a text with a key and a salt that are made for it and forgotten.
///
/// Fails when the text is longer than 2047 bytes, or the browser's key is no point of its curve.
pub fn seal(text: &[u8], browser: &Browser) -> Result<Vec<u8>, Unspecified> {
    if text.len() >= LENGTH {
        return Err(Unspecified);
    }
    let random = SystemRandom::new();
    let mut salt = [0; 16];
    random.fill(&mut salt)?;
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let public = ours.compute_public_key()?;
    let theirs = agreement::UnparsedPublicKey::new(&ECDH_P256, &browser.public);
    let mut filled = [text, &[2]].concat();
    filled.resize(LENGTH, 0);
    agreement::agree_ephemeral(ours, &theirs, |shared| {
        record(filled, shared, public.as_ref(), &salt, browser)
    })?
}

/// The one record: salt, its longest length, our key, and what is sealed. `filled` has its delimiter.
fn record(
    mut filled: Vec<u8>,
    shared: &[u8],
    public: &[u8],
    salt: &[u8; 16],
    browser: &Browser,
) -> Result<Vec<u8>, Unspecified> {
    let info = [b"WebPush: info\0", &browser.public[..], public].concat();
    let both = derived(&browser.auth, shared, &info);
    let key = derived(salt, &both, b"Content-Encoding: aes128gcm\0");
    let nonce = derived(salt, &both, b"Content-Encoding: nonce\0");
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16])?);
    let nonce = Nonce::try_assume_unique_for_key(&nonce[..12])?;
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut filled)?;
    let length = [u8::try_from(public.len()).map_err(|_| Unspecified)?];
    Ok([salt, &RECORD.to_be_bytes()[..], &length, public, &filled].concat())
}

/// HKDF-SHA256 (RFC 5869) of up to 32 bytes.
fn derived(salt: &[u8], from: &[u8], info: &[u8]) -> [u8; 32] {
    mac(&mac(salt, from), &[info, &[1]].concat())
}

#[cfg(test)]
pub(in crate::delivery) mod tests {
    pub use super::Browser;
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    pub use ring::agreement::EphemeralPrivateKey as Private;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    #[test]
    fn the_example_of_the_standard_comes_out() {
        // RFC 8291, section 5 and appendix A.
        let browser = Browser::of(
            bytes(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            ),
            bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        );
        let public = bytes(
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
        );
        let shared = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let filled = b"When I grow up, I want to be a watermelon\x02".to_vec();
        let sealed = record(filled, &shared, &public, &salt, &browser.unwrap()).unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(sealed),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    /// Opens what was sealed, as a browser does.
    pub fn opened(sealed: &[u8], browser: &Browser, key: EphemeralPrivateKey) -> Vec<u8> {
        let (salt, public, text) = (&sealed[..16], &sealed[21..86], &sealed[86..]);
        assert_eq!(sealed[16..21], [0, 0, 16, 0, 65]);
        let theirs = agreement::UnparsedPublicKey::new(&ECDH_P256, public);
        agreement::agree_ephemeral(key, &theirs, |shared| {
            let info = [b"WebPush: info\0", &browser.public[..], public].concat();
            let both = derived(&browser.auth, shared, &info);
            let key = derived(salt, &both, b"Content-Encoding: aes128gcm\0");
            let nonce = derived(salt, &both, b"Content-Encoding: nonce\0");
            let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).unwrap());
            let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).unwrap();
            let mut text = text.to_vec();
            let open = key.open_in_place(nonce, Aad::empty(), &mut text).unwrap();
            let end = open.iter().rposition(|b| *b != 0).unwrap();
            assert_eq!(open[end], 2);
            open[..end].to_vec()
        })
        .unwrap()
    }

    pub fn browser() -> (Browser, EphemeralPrivateKey) {
        let key = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        let public = key.compute_public_key().unwrap().as_ref().to_vec();
        (Browser::of(public, vec![7; 16]).unwrap(), key)
    }

    #[test]
    fn what_is_sealed_is_opened_by_its_browser_and_its_length_tells_nothing() {
        let (browser, key) = browser();
        let short = seal(b"a", &browser).unwrap();
        assert_eq!(opened(&short, &browser, key), b"a");
        assert_eq!(short.len(), seal(&[b'b'; 1000], &browser).unwrap().len());
        assert!(short.len() <= RECORD as usize);
        assert!(seal(&[b'b'; LENGTH], &browser).is_err());
        let no_point = Browser::of([&[4][..], &[1; 64]].concat(), vec![7; 16]);
        assert!(seal(b"a", &no_point.unwrap()).is_err());
        assert_eq!(Browser::of(vec![2; 33], vec![7; 16]), None);
        assert_eq!(Browser::of(vec![4; 65], vec![7; 15]), None);
    }
}
