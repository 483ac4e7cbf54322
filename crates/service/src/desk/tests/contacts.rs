//! Who is one with whom: merged with all that is hers, and taken apart again without losing that she objected.

use super::*;
use store::testing::all_text;

impl House {
    async fn who(&self, thread: &kept::ThreadRow) -> String {
        self.row(&thread.id).await.contact.unwrap()
    }

    /// Whether she objects, how many handles and threads she has, and her case.
    async fn is(&self, id: &str) -> (bool, usize, usize, Option<String>) {
        let (row, handles, threads) = self.desk.contact(&self.maren, id).await.unwrap();
        let objected = row.objected.is_some();
        (objected, handles.len(), threads.len(), row.case_ref)
    }

    async fn noted(&self, id: &str) -> Vec<String> {
        let all = kept::consents(self.db(), id).await.unwrap();
        all.into_iter().map(|c| c.what).collect()
    }

    async fn object(&self, id: &str, is_objected: bool) {
        // A moment later than all else.
        self.clock.set(self.clock.now() + SECOND);
        let done = self
            .desk
            .set_objected(&self.maren, id, is_objected, "by mail");
        done.await.unwrap();
        self.clock.set(self.clock.now() + SECOND);
    }

    async fn owner(&self) -> Actor {
        let new = NewPerson {
            name: "Olive".into(),
            email: "olive@halden.example".into(),
            role: Role::Owner,
            password: None,
        };
        let row = self.connect().work().identity().add(new, "test").await;
        Actor::of(&row.unwrap(), Via::Token("test".into()), Scopes::all()).unwrap()
    }
}

const CASE: &str = "Torv One";

#[test]
fn who_objected_and_was_merged_is_who_she_was_after_it_is_undone() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Vera One", "A").await;
        let b = house.hears("b1", "Vera Two", "B").await;
        let (one, two) = (house.who(&a).await, house.who(&b).await);
        let (desk, maren) = (&house.desk, &house.maren);
        let about = desk.set_case(maren, &a.id, "deals", Some(CASE));
        about.await.unwrap();
        house.object(&one, true).await;
        assert_eq!(desk.merge(maren, &one, &two).await.unwrap(), two);
        assert_eq!(house.is(&two).await, (true, 2, 2, Some(CASE.into())));
        assert_eq!(house.noted(&two).await, ["objected"]);
        let again = desk.merge(maren, &one, &two).await;
        assert_eq!(again.unwrap_err().status, 400);
        let c = house.hears("c1", "Vera One", "C").await;
        let joined = Incoming {
            thread: Some("b1".into()),
            reply_to: Some("b1".into()),
            ..said("b2", "Vera One", "Me too", house.clock.now())
        };
        house.tell(joined);
        house.after(MINUTE).await;

        let hers = desk.split(maren, "fake", "id-Vera One").await.unwrap();
        assert_eq!(hers, one, "the same contact");
        assert_eq!(house.is(&one).await, (true, 1, 2, Some(CASE.into())));
        assert_eq!(house.noted(&one).await, ["objected"]);
        assert_eq!(house.is(&two).await, (false, 1, 1, None));
        assert!(house.noted(&two).await.is_empty());
        assert_eq!(house.who(&c).await, one, "what came since is hers");
        assert_eq!(house.who(&b).await, two, "what another one began is not");
        let refused = desk.reply(maren, &c.id, "k1", "Hello").await;
        assert_eq!(refused.unwrap_err().code, "objected");
        let undone = desk.unmerge(maren, &one).await;
        assert_eq!(undone.unwrap_err().code, "not_merged");
        assert_eq!(
            desk.unmerge(&house.guest, &one).await.unwrap_err().status,
            403
        );
    });
}

#[test]
fn an_objection_of_nobody_knows_whom_stands_for_both() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Vera One", "A").await;
        let b = house.hears("b1", "Vera Two", "B").await;
        let (one, two) = (house.who(&a).await, house.who(&b).await);
        let (desk, maren) = (&house.desk, &house.maren);
        desk.merge(maren, &one, &two).await.unwrap();
        house.object(&two, true).await;
        // The handle of who is left is somebody else's, too: the two are not one.
        let hers = desk.split(maren, "fake", "id-Vera Two").await.unwrap();
        assert_eq!(hers, two);
        assert!(house.is(&one).await.0 && house.is(&two).await.0);
        assert_eq!(house.noted(&one).await, ["objected"]);

        // Lifted while they are one, it is not known by whom.
        desk.merge(maren, &one, &two).await.unwrap();
        house.object(&two, false).await;
        assert!(!house.is(&two).await.0);
        desk.unmerge(maren, &one).await.unwrap();
        assert!(house.is(&one).await.0 && house.is(&two).await.0);

        // Two handles of one contact, and no merge that is known.
        let c = house.hears("c1", "Vera Three", "C").await;
        let three = house.who(&c).await;
        let mut tx = house.db().begin().await.unwrap();
        kept::move_handle(&mut tx, "fake", "id-Vera Three", &two)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let new = desk.split(maren, "fake", "id-Vera Three").await.unwrap();
        assert!(new != three && house.is(&new).await.0 && house.is(&two).await.0);
    });
}

#[test]
fn who_was_merged_into_one_that_was_merged_comes_out_alone_or_with_it() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let mut ids = Vec::new();
        for (id, who) in [
            ("a", "Vera One"),
            ("b", "Vera Two"),
            ("c", "Vera Three"),
            ("d", "Vera Four"),
        ] {
            let thread = house.hears(id, who, who).await;
            ids.push(house.who(&thread).await);
        }
        let (desk, maren) = (&house.desk, &house.maren);
        let [a, b, c, d] = [0, 1, 2, 3].map(|n| ids[n].as_str());
        house.object(a, true).await;
        house.object(d, true).await;
        desk.merge(maren, a, b).await.unwrap();
        house.object(b, false).await;
        house.object(b, true).await;
        desk.merge(maren, b, c).await.unwrap();
        // By the address of one that was merged: into who is left.
        assert_eq!(desk.merge(maren, d, a).await.unwrap(), c);
        assert_eq!(desk.merged_contacts(c).await.unwrap().len(), 3);
        assert_eq!(house.is(c).await, (true, 4, 4, None));
        let owner = house.owner().await;
        let refused = desk.erase(&owner, a).await;
        assert_eq!(refused.unwrap_err().code, "merged_already");

        desk.unmerge(maren, a).await.unwrap();
        assert_eq!(house.is(a).await, (true, 1, 1, None));
        assert_eq!(house.is(c).await, (true, 3, 3, None));
        desk.unmerge(maren, d).await.unwrap();
        assert_eq!(house.is(d).await, (true, 1, 1, None));
        assert!(
            house.is(c).await.0,
            "said of the second while the first was in it"
        );
        desk.unmerge(maren, b).await.unwrap();
        assert_eq!(house.is(b).await, (true, 1, 1, None));
        assert_eq!(house.is(c).await, (false, 1, 1, None));

        // Together they come out together.
        desk.merge(maren, a, b).await.unwrap();
        desk.merge(maren, b, c).await.unwrap();
        desk.unmerge(maren, b).await.unwrap();
        assert_eq!(house.is(b).await, (true, 2, 2, None));
        let (row, ..) = desk.contact(maren, a).await.unwrap();
        assert_eq!(row.merged_into.as_deref(), Some(b));
    });
}

#[test]
fn who_was_merged_and_is_erased_is_nowhere_any_more() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let (desk, maren) = (&house.desk, &house.maren);
        let mut all = Vec::new();
        for (n, who) in ["Zelda Quist", "Quist Zelda", "Q. Zelda", "Zelda Q"]
            .into_iter()
            .enumerate()
        {
            let author = Author {
                id: format!("zelda.{n}@quist.example"),
                handle: format!("zelda.{n}@quist.example"),
                name: who.into(),
                url: None,
            };
            let item = Incoming {
                author,
                ..said(&format!("z{n}"), who, "It is me, Zelda", house.clock.now())
            };
            house.tell(item);
            house.after(MINUTE).await;
            let said = kept::said_of(house.db(), &house.connection, &format!("z{n}")).await;
            all.push(house.row(&said.unwrap().unwrap().thread).await);
        }
        let mut ids = Vec::new();
        for thread in &all {
            ids.push(house.who(thread).await);
        }
        desk.note(maren, &all[0].id, "Zelda calls").await.unwrap();
        desk.reply(maren, &all[1].id, "k1", "Dear Zelda")
            .await
            .unwrap();
        house.object(&ids[0], true).await;
        desk.merge(maren, &ids[0], &ids[1]).await.unwrap();
        desk.merge(maren, &ids[1], &ids[2]).await.unwrap();
        desk.merge(maren, &ids[3], &ids[2]).await.unwrap();
        desk.unmerge(maren, &ids[3]).await.unwrap();
        desk.merge(maren, &ids[3], &ids[2]).await.unwrap();
        assert!(all_text(house.db()).await.contains("zelda.0@quist"));
        // As the record held it once.
        let mut tx = house.db().begin().await.unwrap();
        let payload = serde_json::json!({ "contact": "con_1", "handles": [["mail", "zelda.0@quist.example"]] });
        base::activity::record_installation(
            &mut tx,
            MONDAY,
            base::activity::Kind::CustomerMerged,
            "test",
            &payload,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let owner = house.owner().await;
        desk.erase(&owner, &ids[2]).await.unwrap();
        let text = all_text(house.db()).await.to_lowercase();
        let left: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("zelda") || line.contains("quist"))
            .collect();
        assert!(left.is_empty(), "{left:#?}");
        assert!(!text.contains("contact_merges "));
    });
}

const COMPANIES: &str = "case,activity,time,contact,company,team\n\
    Brew One,Establish trust,2026-03-01T10:00:00Z,Aino Saari,Saari Brewing,Nordics\n\
    Brew Two,Establish trust,2026-03-01T10:00:00Z,Pekka Saari,saari brewing ,Nordics\n\
    Water,Propose,2026-02-20T10:00:00Z,Ruth Abiola,Kestrel/Water,UK\n";

#[test]
fn a_company_shows_who_of_it_writes_what_waits_and_who_of_us_knows_them() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let folder = folder();
        let path = folder.join("brews.csv");
        std::fs::write(&path, COMPANIES).unwrap();
        let library = house.connect().work().library();
        let request = ImportRequest {
            path,
            file_name: "brews.csv".into(),
            process: None,
            options: Default::default(),
            actor: "test".into(),
        };
        library.import(request, Arc::default()).await.unwrap();
        let (desk, maren) = (&house.desk, &house.maren);
        for (id, who, case) in [
            ("a1", "Aino Saari", "Brew One"),
            ("p1", "Pekka Saari", "Brew Two"),
            ("r1", "Ruth Abiola", "Water"),
        ] {
            let thread = house.hears(id, who, who).await;
            let about = desk.set_case(maren, &thread.id, "brews", Some(case));
            about.await.unwrap();
            if id == "a1" {
                desk.reply(maren, &thread.id, "k1", "Hello").await.unwrap();
                house.after(MINUTE).await;
            }
        }
        let account = desk.account(maren, "SAARI BREWING").await.unwrap();
        assert_eq!(account.name, "Saari Brewing");
        let names: Vec<&str> = account.contacts.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["Aino Saari", "Pekka Saari"]);
        let cases: Vec<&str> = account.cases.iter().map(|c| c.case.as_str()).collect();
        assert_eq!(cases, ["Brew One", "Brew Two"]);
        assert_eq!(account.cases[0].step.as_deref(), Some("Establish trust"));
        let open: Vec<&str> = account.open.iter().map(|t| t.title.as_str()).collect();
        assert_eq!(open, ["Pekka Saari"]);
        let knows = &account.knows[0];
        assert_eq!((knows.person.as_str(), knows.replies), (maren.id(), 1));
        assert_eq!(knows.fast, None, "figures of single people are off");
        assert!(account.fast.is_some());
        assert_eq!(desk.account(maren, "Nobody").await.unwrap_err().status, 404);
        assert_eq!(
            desk.account(&house.guest, "Saari Brewing")
                .await
                .unwrap_err()
                .status,
            403
        );

        let of = async |text: &str, behind: &str| {
            let all = desk.contacts(maren, text, behind).await.unwrap();
            all.into_iter().map(|c| c.name).collect::<Vec<_>>()
        };
        assert_eq!(
            of("", "").await,
            ["Aino Saari", "Pekka Saari", "Ruth Abiola"]
        );
        assert_eq!(
            of("BREW", "").await,
            ["Aino Saari", "Pekka Saari"],
            "by company"
        );
        assert_eq!(of("@ruth", "").await, ["Ruth Abiola"], "by handle");
        assert!(of("%", "").await.is_empty() && of("_", "").await.is_empty());
        let first = &account.contacts[0];
        assert_eq!(of("", &first.id).await, ["Pekka Saari", "Ruth Abiola"]);
        assert_eq!(first.account.as_deref(), Some("Saari Brewing"));
        let found = house
            .connect()
            .work()
            .search(maren, "saari pek")
            .await
            .unwrap();
        assert_eq!(found.contacts.len(), 1);
        let found = house
            .connect()
            .work()
            .search(&house.guest, "saari")
            .await
            .unwrap();
        assert!(found.contacts.is_empty());

        // Who was merged is not in the list.
        let other = &account.contacts[1].id;
        desk.merge(maren, other, &first.id).await.unwrap();
        assert_eq!(of("", "").await, ["Aino Saari", "Ruth Abiola"]);

        // All are counted, also those that are not named.
        let (row, ..) = desk.contact(maren, &first.id).await.unwrap();
        let mut tx = house.db().begin().await.unwrap();
        for n in 0..520 {
            let id = format!("con_{n}");
            let more = kept::ContactRow { id, ..row.clone() };
            kept::insert_contact(&mut tx, &more).await.unwrap();
        }
        tx.commit().await.unwrap();
        let account = desk.account(maren, "saari brewing").await.unwrap();
        assert_eq!(account.all_contacts, 521);
        assert_eq!(account.contacts.len(), 100);
    });
}

#[test]
fn a_merge_of_before_merges_were_kept_is_not_offered_to_be_undone() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let a = house.hears("a1", "Aino Saari", "Hello").await;
        let b = house.hears("b1", "Ruth Abiola", "Hello").await;
        let (a, b) = (house.who(&a).await, house.who(&b).await);
        let is_kept = async |id: &str| {
            let (row, ..) = house.desk.contact(&house.maren, id).await.unwrap();
            house.desk.is_merge_kept(&row).await.unwrap()
        };
        assert!(!is_kept(&a).await, "it was not merged");
        house.desk.merge(&house.maren, &a, &b).await.unwrap();
        assert!(is_kept(&a).await && !is_kept(&b).await);
        store::testing::forget_contact_merges(house.db()).await;
        assert!(!is_kept(&a).await);
        let undone = house.desk.unmerge(&house.maren, &a).await;
        assert_eq!(undone.unwrap_err().code, "not_merged");
    });
}
