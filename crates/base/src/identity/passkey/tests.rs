//! Passkeys as honest and as hostile browsers show them, with an authenticator of our own.

use super::cbor::Value as Cbor;
use super::key::Key;
use super::*;
use crate::clock::SetClock;
use crate::identity::keep::Standing;
use crate::identity::{NewPerson, Role, Scope, Scopes};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use std::sync::Arc;
use store::testing::on_both;
use store::{Db, events};

const RSA: [&str; 3] = [
    "vmD2yDWzXExfkHj0byhMbgqRxHPIWJSfm8e88gKFppUkF4TnsibvH7Qz49fJMM8ziir137u6-GH0MtaZ-wScuhbX5e6I41WZsSQSglUSyidaZBVpPA9ExiQFFCY7Q4jTj14tEytNlYAqqMWELvtDyjgu0MCKXg-DN5eBmfc7LvcNW2WZblhfRJ1XqZZBKOSkVuumKWWXn_z23OyL3lVsAghcumGIvTPdt-TIYJ1a8-7rGeWKgVVJnJYyzkbch0HtRtbbdDcDht86odZZR3aTTLrnXluZnXXqdPQD3tLjb4e0KssovxigS5QUvHcy7y2LRXxiUhhCLWftixnY6OYMpQ",
    "AQAB",
    "u75UsKthoIzk12b9CG56vq6UyUO5o4HcMtJUkFvf6JD2jzA5ngiJJrLe9EwdCXx8CZlz3_uzzJ2l-4OLSDp47_5TdN0v8wSw6JCrkb3usow8ZJxrbh4byzA1ZJ0jezV4bP1mf06W33meUAqxo0Ru9WGe3x1ArnDlStkI6HPzauKZoQqhinFj6NP9wvrLCd6lhZv7HFCa3T8hMbyhh_ta64oRMxlyt_OB4fMKjq0FGiGvYKFkSh5-RK0mfWY-buazb6HR61TnGym3awrnIID6AuXnbrOpSQz5d726awxBfgUVoVtWkVbWzSy_2rgWUiiS60dRxkq2N8VcZ82UVBJcAQ",
];
const START: Micros = 1_772_445_600_000_000;
const USUAL: u8 = 0x05;

fn rp() -> Rp {
    Rp {
        id: "tenon.example".into(),
        origin: "https://tenon.example".into(),
    }
}

/// What an authenticator and its browser say; each test changes what it is about.
#[derive(Clone)]
struct Says {
    kind: &'static str,
    origin: &'static str,
    cross: bool,
    rp: &'static str,
    flags: u8,
    counter: u32,
}

fn showing() -> Says {
    Says {
        kind: "webauthn.get",
        origin: "https://tenon.example",
        cross: false,
        rp: "tenon.example",
        flags: USUAL,
        counter: 0,
    }
}

fn making() -> Says {
    Says {
        kind: "webauthn.create",
        ..showing()
    }
}

impl Says {
    fn client(&self, options: &Value) -> String {
        let client = json!({
            "type": self.kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": self.cross,
        });
        client.to_string()
    }

    fn data(&self) -> Vec<u8> {
        let rp = Sha256::digest(self.rp.as_bytes());
        [&rp[..], &[self.flags], &self.counter.to_be_bytes()].concat()
    }
}

struct Device {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    user: String,
}

impl Device {
    fn new(user: &str) -> Device {
        let (alg, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(alg, key.as_ref(), &random).unwrap();
        Device {
            id: key.public_key().as_ref()[1..33].to_vec(),
            key,
            user: user.into(),
        }
    }

    fn cose(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = (&point[1..33], &point[33..]);
        let head = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32];
        [&head[..], x, &[0x22, 0x58, 32], y].concat()
    }

    fn attestation(&self, says: &Says) -> Vec<u8> {
        let says = Says {
            flags: says.flags | 0x40,
            ..says.clone()
        };
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let data = [&says.data(), &[0; 16][..], &length, &self.id, &self.cose()].concat();
        let head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58";
        [&head[..], &[u8::try_from(data.len()).unwrap()], &data].concat()
    }

    fn made(&self, options: &Value, says: &Says) -> NewPasskey {
        NewPasskey {
            name: "Laptop".into(),
            client: URL_SAFE_NO_PAD.encode(says.client(options)),
            attestation: URL_SAFE_NO_PAD.encode(self.attestation(says)),
        }
    }

    fn shown(&self, options: &Value, says: &Says) -> Shown {
        let (client, data) = (says.client(options), says.data());
        let signed = [&data[..], &Sha256::digest(client.as_bytes())].concat();
        let sign = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        Shown {
            id: URL_SAFE_NO_PAD.encode(&self.id),
            client: URL_SAFE_NO_PAD.encode(client),
            data: URL_SAFE_NO_PAD.encode(data),
            signature: URL_SAFE_NO_PAD.encode(sign.as_ref()),
            user: URL_SAFE_NO_PAD.encode(&self.user),
        }
    }
}

struct House {
    identity: Identity,
    clock: Arc<SetClock>,
    maren: Actor,
}

impl House {
    async fn open(db: Db) -> House {
        let clock = Arc::new(SetClock::at(START));
        let identity = Identity::new(db, clock.clone());
        let maren = actor(&identity, "Maren").await;
        House {
            identity,
            clock,
            maren,
        }
    }

    /// Maren with a passkey of hers.
    async fn with_passkey(db: Db) -> (House, Device) {
        let house = House::open(db).await;
        let device = Device::new(house.maren.id());
        house.add(&device, &making()).await.unwrap();
        (house, device)
    }

    async fn add(&self, device: &Device, says: &Says) -> Result<(), Problem> {
        let (all, rp) = (&self.identity, rp());
        let options = all.begin_passkey(&self.maren, &rp).await.unwrap();
        let made = device.made(&options, says);
        all.add_passkey(&self.maren, &rp, &made).await
    }

    async fn begin(&self) -> Value {
        self.identity.begin_sign_in(&rp(), "a").await.unwrap()
    }

    async fn show(&self, shown: &Shown) -> Result<Secret, Problem> {
        let from = ("a browser", "a");
        self.identity.sign_in_by_passkey(&rp(), shown, from).await
    }

    async fn sign_in(&self, device: &Device, says: &Says) -> Result<Secret, Problem> {
        let options = self.begin().await;
        self.show(&device.shown(&options, says)).await
    }

    /// What the record says of the last refusal.
    async fn why(&self) -> Value {
        let sought = events::Sought {
            kind: Some("person.sign_in_refused".into()),
            ..Default::default()
        };
        let found = events::sought(self.identity.db(), &sought, 1).await;
        serde_json::from_str(&found.unwrap()[0].payload).unwrap()
    }
}

async fn actor(identity: &Identity, name: &str) -> Actor {
    let new = NewPerson {
        name: name.into(),
        email: format!("{}@halden.example", name.to_lowercase()),
        role: Role::Member,
        password: None,
    };
    let row = identity.add(new, "t").await.unwrap();
    let link = identity.link(Some(&row.id)).await.unwrap().text();
    let session = identity.enter(&link, None, "").await.unwrap().text();
    identity.who(&session).await.unwrap().unwrap()
}

#[test]
fn a_passkey_that_was_added_signs_in_until_it_is_taken_away() {
    on_both(|db| async move {
        let (house, device) = House::with_passkey(db).await;
        let (all, maren) = (&house.identity, &house.maren);
        let kept = all.passkeys(maren.id()).await.unwrap();
        assert_eq!((kept[0].name.as_str(), kept[0].used), ("Laptop", None));
        let session = house.sign_in(&device, &showing()).await.unwrap().text();
        let who = all.who(&session).await.unwrap().unwrap();
        assert_eq!(who.id(), maren.id());
        house.sign_in(&device, &showing()).await.unwrap();
        let used = all.passkeys(maren.id()).await.unwrap()[0].used;
        assert_eq!(used, Some(START));
        let other = actor(all, "Olu").await;
        let not_hers = all.remove_passkey(&other, &kept[0].id).await;
        assert_eq!(not_hers.unwrap_err().status, 404);
        all.remove_passkey(maren, &kept[0].id).await.unwrap();
        let refused = house.sign_in(&device, &showing()).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (401, "passkey"));
        assert_eq!(
            house.why().await,
            json!({ "by": "passkey", "why": "not known here" })
        );
    });
}

#[test]
fn what_is_not_genuine_or_not_for_us_is_refused_and_recorded() {
    on_both(|db| async move {
        let (house, device) = House::with_passkey(db).await;
        let mut says = Vec::new();
        let mut with = |why: Refused, change: &dyn Fn(&mut Says)| {
            let mut one = showing();
            change(&mut one);
            says.push((one, why));
        };
        with(Refused::Type, &|s| s.kind = "webauthn.create");
        with(Refused::Origin, &|s| s.origin = "https://evil.example");
        with(Refused::Origin, &|s| {
            s.origin = "https://tenon.example:8443"
        });
        with(Refused::Origin, &|s| s.origin = "http://tenon.example");
        with(Refused::Origin, &|s| s.cross = true);
        with(Refused::Rp, &|s| s.rp = "evil.example");
        with(Refused::Absent, &|s| s.flags = 0x04);
        with(Refused::Unverified, &|s| s.flags = 0x01);
        with(Refused::Form, &|s| s.flags = USUAL | 0x80);
        for (says, why) in says {
            let refused = house.sign_in(&device, &says).await.unwrap_err();
            assert_eq!(refused.status, 401);
            assert_eq!(house.why().await["why"], why.to_string());
            house.sign_in(&device, &showing()).await.unwrap();
        }
    });
}

#[test]
fn an_altered_answer_is_refused() {
    on_both(|db| async move {
        let (house, device) = House::with_passkey(db).await;
        let stranger = Device {
            id: device.id.clone(),
            ..Device::new(house.maren.id())
        };
        let flip = |text: &str, at: usize| {
            let mut bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
            bytes[at] ^= 1;
            URL_SAFE_NO_PAD.encode(bytes)
        };
        type Change<'a> = &'a dyn Fn(&mut Shown);
        let changes: [(Change, Refused); 6] = [
            (
                &|s| s.signature = flip(&s.signature, 20),
                Refused::Signature,
            ),
            (&|s| s.signature.clear(), Refused::Signature),
            // The counter.
            (&|s| s.data = flip(&s.data, 36), Refused::Signature),
            (
                &|s| s.user = URL_SAFE_NO_PAD.encode("per_1"),
                Refused::Person,
            ),
            (&|s| s.user.clear(), Refused::Person),
            (&|s| s.data = "?".into(), Refused::Form),
        ];
        for (change, why) in changes {
            let mut shown = device.shown(&house.begin().await, &showing());
            change(&mut shown);
            assert_eq!(house.show(&shown).await.unwrap_err().status, 401);
            assert_eq!(house.why().await["why"], why.to_string());
        }
        house.sign_in(&stranger, &showing()).await.unwrap_err();
        assert_eq!(house.why().await["why"], Refused::Signature.to_string());
    });
}

#[test]
fn a_challenge_works_once_for_five_minutes_and_for_what_it_was_made_for() {
    on_both(|db| async move {
        let (house, device) = House::with_passkey(db).await;
        let (all, maren, rp) = (&house.identity, &house.maren, rp());
        let unknown = Refused::Challenge.to_string();
        let first = device.shown(&house.begin().await, &showing());
        house.show(&first).await.unwrap();
        house.show(&first).await.unwrap_err();
        assert_eq!(house.why().await["why"], unknown, "replayed");

        let mut wrong = device.shown(&house.begin().await, &showing());
        let right = wrong.signature.clone();
        wrong.signature.clear();
        house.show(&wrong).await.unwrap_err();
        wrong.signature = right;
        house.show(&wrong).await.unwrap_err();
        assert_eq!(house.why().await["why"], unknown, "used by a wrong answer");

        let late = device.shown(&house.begin().await, &showing());
        house.clock.set(START + PATIENCE);
        house.show(&late).await.unwrap_err();
        assert_eq!(house.why().await["why"], unknown, "too late");

        let adding = all.begin_passkey(maren, &rp).await.unwrap();
        house
            .show(&device.shown(&adding, &showing()))
            .await
            .unwrap_err();
        assert_eq!(house.why().await["why"], unknown, "made for adding");

        let mine = Device::new(maren.id());
        let signing = mine.made(&house.begin().await, &making());
        let refused = all.add_passkey(maren, &rp, &signing).await.unwrap_err();
        assert!(refused.what.contains("5 minutes"), "{refused}");
        let olu = actor(all, "Olu").await;
        let hers = all.begin_passkey(&olu, &rp).await.unwrap();
        let hers = mine.made(&hers, &making());
        let refused = all.add_passkey(maren, &rp, &hers).await.unwrap_err();
        assert_eq!(refused.status, 400, "of somebody else");
        let link = all.link(None).await.unwrap().text();
        let challenge = json!({ "challenge": URL_SAFE_NO_PAD.encode(&link) });
        house
            .show(&device.shown(&challenge, &showing()))
            .await
            .unwrap_err();
        assert_eq!(house.why().await["why"], unknown, "a link is no challenge");
    });
}

#[test]
fn a_counter_that_does_not_go_up_is_refused_and_says_whose_it_is() {
    on_both(|db| async move {
        let (house, device) = House::with_passkey(db).await;
        let count = |counter| Says {
            counter,
            ..showing()
        };
        house.sign_in(&device, &count(7)).await.unwrap();
        for back in [7, 6, 0] {
            house.sign_in(&device, &count(back)).await.unwrap_err();
            let kept = &house.identity.passkeys(house.maren.id()).await.unwrap()[0];
            assert_eq!(
                house.why().await,
                json!({
                    "by": "passkey",
                    "why": "counter went back",
                    "passkey": kept.id,
                    "person": house.maren.id(),
                })
            );
        }
        house.sign_in(&device, &count(8)).await.unwrap();
    });
}

#[test]
fn who_is_suspended_is_not_let_in_and_is_not_told_so() {
    on_both(|db| async move {
        let (house, device) = House::with_passkey(db).await;
        let (all, id) = (&house.identity, house.maren.id());
        let active = |active| Standing {
            role: None,
            active: Some(active),
        };
        all.stand(id, active(false), "t").await.unwrap();
        let refused = house.sign_in(&device, &showing()).await.unwrap_err();
        assert_eq!(refused, super::refused(Refused::Unknown));
        assert_eq!(house.why().await["why"], "suspended");
        all.stand(id, active(true), "t").await.unwrap();
        house.sign_in(&device, &showing()).await.unwrap();
    });
}

#[test]
fn a_passkey_is_added_only_by_its_person_in_a_browser_for_us_and_verified() {
    on_both(|db| async move {
        let (house, device) = House::with_passkey(db).await;
        let (all, maren, rp) = (&house.identity, &house.maren, rp());
        for change in [
            |s: &mut Says| s.kind = "webauthn.get",
            |s: &mut Says| s.origin = "https://evil.example",
            |s: &mut Says| s.rp = "evil.example",
            |s: &mut Says| s.flags = 0x01,
            |s: &mut Says| s.flags = 0x04,
        ] {
            let mut says = making();
            change(&mut says);
            let refused = house.add(&Device::new(maren.id()), &says).await;
            assert_eq!(refused.unwrap_err().status, 400);
        }
        let again = house.add(&device, &making()).await.unwrap_err();
        assert_eq!((again.status, again.code.as_str()), (409, "taken"));
        let options = all.begin_passkey(maren, &rp).await.unwrap();
        let known = &options["excludeCredentials"][0]["id"];
        assert_eq!(known, &json!(URL_SAFE_NO_PAD.encode(&device.id)));
        let scopes = Scopes::of(&[Scope::Read, Scope::Write]);
        let made = all.make_token(maren.id(), "t", scopes, None, "t").await;
        let program = all.who(&made.unwrap().1).await.unwrap().unwrap();
        let refused = all.begin_passkey(&program, &rp).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (403, "session"));
        assert_eq!(all.passkeys(maren.id()).await.unwrap().len(), 1);
    });
}

#[test]
fn guessing_is_slowed_down_by_passkey_and_beginning_by_place() {
    on_both(|db| async move {
        let (house, device) = House::with_passkey(db).await;
        for _ in 0..10 {
            let guessed = device.shown(&json!({ "challenge": "YQ" }), &showing());
            assert_eq!(house.show(&guessed).await.unwrap_err().status, 401);
        }
        let refused = house.sign_in(&device, &showing()).await.unwrap_err();
        assert_eq!(refused.status, 429);
        for _ in 1..100 {
            house.begin().await;
        }
        let begun = house.identity.begin_sign_in(&rp(), "a").await;
        assert_eq!(begun.unwrap_err().status, 429);
        let own = rp();
        let adding = || house.identity.begin_passkey(&house.maren, &own);
        for _ in 0..100 {
            drop(adding().await);
        }
        assert_eq!(adding().await.unwrap_err().status, 429);
        house.identity.begin_sign_in(&rp(), "b").await.unwrap();
    });
}

#[test]
fn each_kind_of_key_checks_its_own_signatures_and_no_others() {
    let number = Cbor::Number;
    let map = |pairs: Vec<(i64, Cbor)>| {
        let pairs = pairs.into_iter().map(|(k, v)| (Cbor::Number(k), v));
        Cbor::Map(pairs.collect())
    };
    let [n, e, sign] = RSA.map(|t| URL_SAFE_NO_PAD.decode(t).unwrap());
    let rsa = |alg| {
        let (n, e) = (Cbor::Bytes(n.clone()), Cbor::Bytes(e.clone()));
        map(vec![(1, number(3)), (3, number(alg)), (-1, n), (-2, e)])
    };
    let key = Key::of(&rsa(-257)).unwrap();
    assert!(key.signed(b"a text", &sign) && !key.signed(b"another", &sign));
    assert_eq!(
        Key::of(&rsa(-7)),
        None,
        "the kind and the signature disagree"
    );

    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let ed = |x: &[u8]| {
        let x = Cbor::Bytes(x.to_vec());
        map(vec![
            (1, number(1)),
            (3, number(-8)),
            (-1, number(6)),
            (-2, x),
        ])
    };
    let key = Key::of(&ed(pair.public_key().as_ref())).unwrap();
    let sign = pair.sign(b"a text");
    assert!(key.signed(b"a text", sign.as_ref()) && !key.signed(b"b", sign.as_ref()));
    assert_eq!(Key::of(&ed(&[1; 31])), None);
    assert_eq!(Key::of(&number(1)), None);
}

#[test]
fn an_attestation_that_is_cut_short_or_goes_on_is_refused() {
    let device = Device::new("per_1");
    let whole = device.attestation(&making());
    assert_eq!(said::made(&whole, &rp()).unwrap().0.id, device.id);
    for length in 0..whole.len() {
        let cut = said::made(&whole[..length], &rp());
        assert_eq!(cut, Err(Refused::Form), "{length}");
    }
    let longer = [&whole[..], &[0]].concat();
    assert_eq!(said::made(&longer, &rp()), Err(Refused::Form));
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0xff;
        // Nothing panics, and what is taken has a key that is understood.
        let _ = said::made(&changed, &rp());
    }
}
