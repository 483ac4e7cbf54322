//! Push: what reaches a browser, and what does not.

use super::*;
use crate::delivery::push::{NewDevice, sealing};
use crate::work::talk::Followed;
use base::identity::Identity;
use base::identity::keep::Standing;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use store::testing::on_both;

/// Olu with a browser of hers, and the push service it has.
struct Told {
    house: House,
    service: Receiver,
    olu: Actor,
}

async fn in_a_browser(identity: &Identity, actor: &Actor) -> Actor {
    let link = identity.link(Some(actor.id())).await.unwrap().text();
    let session = identity.enter(&link, None, "").await.unwrap().text();
    identity.who(&session).await.unwrap().unwrap()
}

impl Told {
    async fn open(db: Db) -> Told {
        let service = Receiver::open().await;
        let config = Config {
            push_hosts: "127.0.0.1".into(),
            ..Config::default()
        };
        let house = House::open(db, config).await;
        let olu = in_a_browser(house.work.identity(), &house.olu).await;
        Told {
            house,
            service,
            olu,
        }
    }

    fn device(&self, browser: &sealing::Browser) -> NewDevice {
        NewDevice {
            address: format!("http://127.0.0.1:{}/for/olu", self.service.port),
            public: URL_SAFE_NO_PAD.encode(&browser.public),
            auth: URL_SAFE_NO_PAD.encode(&browser.auth),
        }
    }

    /// Switches the browser on, anew each time; what is pushed next can be opened once.
    async fn on(&self) -> (sealing::Browser, sealing::Private) {
        let (browser, key) = sealing::browser();
        let new = self.device(&browser);
        let added = self.house.delivery.add_device(&self.olu, &new, "Firefox/9");
        added.await.unwrap();
        (browser, key)
    }

    async fn came(&self, seconds: i64) -> usize {
        self.house.after(seconds).await;
        self.service.take_bytes().len()
    }

    async fn devices(&self) -> usize {
        let all = self.house.delivery.devices(self.olu.id()).await;
        all.unwrap().len()
    }
}

#[test]
fn a_mention_is_pushed_once_sealed_for_the_browser_and_signed_for_its_service() {
    on_both(|db| async move {
        let told = Told::open(db).await;
        told.house.say(&told.house.maren, "@olu before").await;
        let (browser, key) = told.on().await;
        let id = told.house.say(&told.house.maren, "@olu look <b>").await;
        assert_eq!(told.came(1).await, 0, "who looks has read it first");
        told.house.after(5).await;
        let got = told.service.take_bytes();
        assert_eq!(got.len(), 1);
        let (head, body) = halves(&got[0]).unwrap();
        assert!(head.starts_with("POST /for/olu HTTP/1.1"), "{head}");
        let notice = sealing::opened(body, &browser, key);
        let notice: Value = serde_json::from_slice(&notice).unwrap();
        let expected = json!({
            "title": "Maren mentioned you in Kestrel, deals",
            "link": format!("/p/deals/case/Kestrel#m{id}"),
        });
        assert_eq!(notice, expected);
        for (name, value) in [
            ("content-encoding", "aes128gcm"),
            ("ttl", "86400"),
            ("urgency", "normal"),
        ] {
            assert_eq!(header(&head, name).as_deref(), Some(value));
        }
        let key = told.house.delivery.push_key().await.unwrap();
        let signed = header(&head, "authorization").unwrap();
        assert!(signed.starts_with("vapid t=") && signed.ends_with(&format!(", k={key}")));
        assert_eq!(told.came(3600).await, 0, "nothing is pushed twice");
        let used = told.house.delivery.devices(told.olu.id()).await.unwrap()[0].used;
        assert!(used.is_some());
    });
}

#[test]
fn notices_of_a_conversation_have_one_topic_and_others_have_others() {
    on_both(|db| async move {
        let told = Told::open(db).await;
        told.on().await;
        let topic = async || {
            told.house.after(6).await;
            let got = told.service.take_bytes();
            assert_eq!(got.len(), 1);
            header(&halves(&got[0]).unwrap().0, "topic").unwrap()
        };
        let (work, maren) = (&told.house.work, &told.house.maren);
        told.house.say(maren, "@olu look").await;
        let first = topic().await;
        assert_eq!(first.len(), 32);
        told.house.say(maren, "@olu look again").await;
        assert_eq!(topic().await, first);
        let asked = work.ask(maren, "deals", "offer", None, "@olu how much?", None);
        asked.await.unwrap();
        assert_ne!(topic().await, first);
    });
}

#[test]
fn what_was_read_or_is_muted_is_not_pushed_nor_anything_to_who_is_suspended_or_signed_out() {
    on_both(|db| async move {
        let told = Told::open(db).await;
        let (house, olu) = (&told.house, &told.olu);
        told.on().await;
        let room = house.work.room(olu, "deals", "Kestrel").await.unwrap();
        let say = || house.say(&house.maren, "@olu look");

        let id = say().await;
        house.work.mark_read(olu, &room.id, id).await.unwrap();
        assert_eq!(told.came(6).await, 0, "read meanwhile");

        house.say(&house.maren, "no name in it").await;
        assert_eq!(told.came(6).await, 0, "does not mean her");

        for (kind, target) in [
            (Followed::Conversation, room.id.as_str()),
            (Followed::Process, room.process.as_str()),
            (Followed::Person, house.maren.id()),
        ] {
            let mute = house.work.follow(olu, (kind, target), Some("mute"), None);
            mute.await.unwrap();
            say().await;
            assert_eq!(told.came(6).await, 0, "muted {target}");
            let heard = house.work.follow(olu, (kind, target), None, None);
            heard.await.unwrap();
            say().await;
            assert_eq!(told.came(6).await, 1, "heard again {target}");
        }

        let active = |active| Standing {
            role: None,
            active: Some(active),
        };
        say().await;
        let identity = house.work.identity();
        identity.stand(olu.id(), active(false), "t").await.unwrap();
        assert_eq!(told.came(6).await, 0, "suspended");
        identity.stand(olu.id(), active(true), "t").await.unwrap();
        say().await;
        assert_eq!(told.came(6).await, 0, "the session is over");
        assert_eq!(told.devices().await, 0);

        let olu = in_a_browser(identity, olu).await;
        let told = Told { olu, ..told };
        told.on().await;
        told.house.say(&told.house.maren, "@olu look").await;
        assert_eq!(told.came(6).await, 1, "switched on again");
        told.house.say(&told.house.maren, "@olu look").await;
        told.house
            .work
            .identity()
            .sign_out(&told.olu)
            .await
            .unwrap();
        assert_eq!(told.came(6).await, 0, "signed out");
    });
}

#[test]
fn an_outage_of_the_push_service_loses_nothing_and_a_browser_that_is_gone_is_forgotten() {
    on_both(|db| async move {
        let told = Told::open(db).await;
        let status = |code| told.service.status.store(code, Ordering::SeqCst);
        let say = || told.house.say(&told.house.maren, "@olu look");
        told.on().await;
        for code in [429, 503] {
            status(code);
            say().await;
            assert_eq!(told.came(6).await, 1);
            status(201);
            assert_eq!(told.came(60).await, 1, "tried again after {code}");
        }
        status(400);
        say().await;
        assert_eq!(told.came(6).await, 1);
        assert_eq!(told.came(3600).await, 0, "no use in trying again");
        assert_eq!(
            told.devices().await,
            0,
            "a service that will not have it is not asked again"
        );
        assert_eq!(told.house.delivery.queue().counts().await.unwrap().dead, 0);
        for code in [404, 410] {
            told.on().await;
            assert_eq!(told.devices().await, 1);
            status(code);
            say().await;
            assert_eq!(told.came(6).await, 1);
            assert_eq!(told.devices().await, 0, "gone by {code}");
        }
        assert_eq!(told.house.delivery.queue().counts().await.unwrap().dead, 0);
    });
}

#[test]
fn a_browser_is_switched_on_by_its_own_person_with_real_keys_and_a_public_address() {
    on_both(|db| async move {
        let told = Told::open(db).await;
        let (delivery, olu) = (&told.house.delivery, &told.olu);
        let (browser, _) = sealing::browser();
        let good = told.device(&browser);
        let with = |change: &dyn Fn(&mut NewDevice)| {
            let mut one = good.clone();
            change(&mut one);
            one
        };
        for wrong in [
            with(&|d| d.address = "http://10.0.0.1/".into()),
            with(&|d| d.address = "file:///etc/passwd".into()),
            with(&|d| d.address = format!("https://a.example/{}", "x".repeat(1000))),
            with(&|d| d.public = "AAAA".into()),
            with(&|d| d.auth = "?".into()),
        ] {
            let refused = delivery.add_device(olu, &wrong, "").await.unwrap_err();
            assert_eq!(refused.status, 400, "{wrong:?}");
        }
        let program = delivery.add_device(&told.house.olu, &good, "").await;
        assert_eq!(program.unwrap_err().status, 403);
        delivery.add_device(olu, &good, "").await.unwrap();
        delivery.add_device(olu, &good, "").await.unwrap();
        let id = delivery.devices(olu.id()).await.unwrap()[0].id.clone();
        let others = delivery.remove_device(&told.house.maren, &id).await;
        assert_eq!(others.unwrap_err().status, 404);
        // The next who signs in there has it from then on.
        let maren = in_a_browser(told.house.work.identity(), &told.house.maren).await;
        delivery.add_device(&maren, &good, "").await.unwrap();
        assert_eq!(told.devices().await, 0);
        delivery.remove_device(&maren, &id).await.unwrap();
        for n in 0..10 {
            let one = with(&|d| d.address += &n.to_string());
            delivery.add_device(olu, &one, "").await.unwrap();
        }
        let many = delivery.add_device(olu, &good, "").await.unwrap_err();
        assert_eq!((many.status, told.devices().await), (409, 10));
    });
}
