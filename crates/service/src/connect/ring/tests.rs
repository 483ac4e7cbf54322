use super::super::tests::ground;
use super::*;
use base::clock::SetClock;
use base64::Engine;
use connectors::{
    About, Account, Answer, Change, Connector, Cursor, Page, Pipeline, Settings, Source, Verified,
    Via,
};
use mining::time::MINUTE;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::Db;
use store::testing::on_both;

/// HubSpot's signatures, and a count of how often it is asked.
#[derive(Default)]
struct Deals(AtomicU32);

impl Connector for Deals {
    fn about(&self) -> About {
        About {
            name: "hubspot",
            title: "HubSpot",
            guide: "Open it.",
            rights: &["read"],
            fields: &[],
            verified: Verified::Live,
            verified_by: "this test",
        }
    }

    fn account<'a>(&'a self, _: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async { Ok(Account::default()) })
    }
}

impl Source for Deals {
    fn pipelines<'a>(&'a self, _: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        let sales = Pipeline {
            id: "sales".into(),
            name: "Sales".into(),
            stages: Vec::new(),
        };
        Box::pin(async { Ok(vec![sales]) })
    }

    fn poll<'a>(
        &'a self,
        _: &'a Via<'a>,
        _: &'a Pipeline,
        _: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let page = Page {
            items: Vec::new(),
            cursor: Cursor {
                version: 1,
                state: json!(1),
            },
            has_more: false,
            wait_until: None,
        };
        Box::pin(async { Ok(page) })
    }

    fn bell(&self) -> Option<Bell> {
        connectors::hubspot::HubSpot::new().bell()
    }
}

struct House {
    connect: Connect,
    clock: Arc<SetClock>,
    deals: &'static Deals,
    ines: Actor,
    id: String,
    address: String,
}

impl House {
    async fn open(db: Db) -> House {
        let deals: &'static Deals = Box::leak(Box::default());
        let (connect, clock, [ines, _]) = ground(db, "").await;
        let (work, site) = (connect.work().clone(), connect.inner.site.clone());
        let seal = super::super::seal::Seal::of(&"a1".repeat(32)).unwrap();
        let outbound = connect.inner.postman.0.clone();
        let connect = Connect::with(work, site, outbound, seal, Vec::new(), vec![deals]);
        let none = Settings::default();
        let (id, _) = connect
            .add_source(&ines, "hubspot", "", &none, "sales")
            .await
            .unwrap();
        let refused = connect.new_hook(&ines, &id).await.unwrap_err();
        assert_eq!(refused.code, "field_missing");
        let key = Settings::of([("client_secret", "of the app")]);
        connect.rekey(&ines, &id, &key).await.unwrap();
        let address = connect.new_hook(&ines, &id).await.unwrap();
        let house = House {
            connect,
            clock,
            deals,
            ines,
            id,
            address,
        };
        house.pass().await;
        house
    }

    async fn pass(&self) {
        while self.connect.pass().await.unwrap() {}
    }

    fn asked(&self) -> u32 {
        self.deals.0.load(Ordering::Relaxed)
    }

    /// What HubSpot sends at a moment, signed by a secret.
    async fn send(&self, secret: &str, at: Micros) -> Result<(&'static str, String), Problem> {
        let body = br#"[{"subscriptionType": "deal.propertyChange", "objectId": 1}]"#;
        let stamp = (at / 1_000).to_string();
        let signed = [
            b"POST",
            self.address.as_bytes(),
            body.as_slice(),
            stamp.as_bytes(),
        ];
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
        let tag = ring::hmac::sign(&key, &signed.concat());
        let tag = base64::prelude::BASE64_STANDARD.encode(tag);
        let headers = [
            ("x-hubspot-request-timestamp".to_string(), stamp),
            ("x-hubspot-signature-v3".to_string(), tag),
        ];
        let delivery = Delivery {
            method: "POST",
            url: &self.address,
            headers: &headers,
            body,
        };
        let (_, secret) = self.address.rsplit_once('/').unwrap();
        self.connect.delivered(secret, &delivery, "192.0.2.1").await
    }
}

#[test]
fn a_genuine_delivery_leads_to_one_look_and_nothing_else_does() {
    on_both(async |db| {
        let house = House::open(db).await;
        let now = || house.connect.clock().now();
        let first = house.asked();
        house.clock.set(now() + 10 * SECOND);
        house.pass().await;
        assert_eq!(house.asked(), first, "it is not due yet");
        house.send("of the app", now()).await.unwrap();
        house.pass().await;
        assert_eq!(house.asked(), first + 1);
        // The same again, and a hundred others: the next look comes five seconds after that one.
        let sent = now();
        for _ in 0..100 {
            house.send("of the app", sent).await.unwrap();
        }
        house.pass().await;
        assert_eq!(house.asked(), first + 1);
        house.clock.set(now() + APART);
        house.pass().await;
        assert_eq!(house.asked(), first + 2);
        // Forged, too old, and from ahead of the time.
        house.clock.set(now() + 10 * SECOND);
        for (secret, at) in [
            ("another", now()),
            ("", now()),
            ("of the app", now() - 6 * MINUTE),
            ("of the app", now() + 6 * MINUTE),
        ] {
            let refused = house.send(secret, at).await.unwrap_err();
            assert_eq!(
                (refused.status, refused.code.as_str()),
                (403, "not_genuine")
            );
        }
        house.pass().await;
        assert_eq!(house.asked(), first + 2);
        // A flood of what is not genuine is not looked at for the rest of the minute.
        let mut last = 403;
        for _ in 0..200 {
            last = house.send("another", now()).await.unwrap_err().status;
        }
        assert_eq!(last, 429);
        house.pass().await;
        assert_eq!(house.asked(), first + 2);
    });
}

#[test]
fn an_address_that_was_replaced_or_taken_away_opens_nothing() {
    on_both(async |db| {
        let mut house = House::open(db).await;
        let ines = house.ines.clone();
        let now = house.connect.clock().now();
        let new = house.connect.new_hook(&ines, &house.id).await.unwrap();
        let gone = house.send("of the app", now).await.unwrap_err();
        assert_eq!(gone.status, 404);
        house.address = new;
        house.send("of the app", now).await.unwrap();
        house.connect.drop_hook(&ines, &house.id).await.unwrap();
        let gone = house.send("of the app", now).await.unwrap_err();
        assert_eq!(gone.status, 404);
    });
}
