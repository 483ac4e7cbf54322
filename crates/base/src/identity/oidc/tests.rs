use super::*;
use crate::clock::SystemClock;
use crate::identity::keep::Standing;
use crate::identity::{NewPerson, Role};
use serde_json::{Value, json};
use std::sync::Arc;
use store::people::{self, PersonRow};
use store::testing::on_both;

fn settings() -> Settings {
    let new = Settings::new("https://login.example", "tenon").unwrap();
    let new = new.with_roles("admins=owner,sales=member,leads=manager");
    new.unwrap().with_teams("sales=North,ops=Ops").unwrap()
}

fn told(claims: Value) -> Told {
    Told::of(&claims, &settings()).unwrap()
}

async fn in_tx(all: &Identity, claims: Value) -> Result<PersonRow, Problem> {
    let mut tx = all.db().begin().await?;
    let done = all.told_by(&mut tx, &told(claims), &settings()).await?;
    tx.commit().await?;
    all.forget();
    Ok(people::find(all.db(), &done.id).await?.unwrap())
}

#[test]
fn who_signs_in_first_is_made_and_found_again_whatever_her_address_is_then() {
    on_both(|db| async move {
        let all = Identity::new(db, Arc::new(SystemClock));
        let first = json!({"sub": "1", "name": "Maren Voss", "email": "Maren@halden.example", "email_verified": true, "groups": ["sales"]});
        let maren = in_tx(&all, first).await.unwrap();
        assert_eq!(
            (maren.email.as_str(), maren.role.as_str()),
            ("maren@halden.example", "member")
        );
        let directory = all.directory().await.unwrap();
        assert_eq!(directory.teams_of(&maren.id)[0].name, "North");
        let moved = json!({"sub": "1", "email": "other@halden.example", "email_verified": true, "groups": ["leads"]});
        let again = in_tx(&all, moved).await.unwrap();
        assert_eq!(
            (again.id.as_str(), again.role.as_str()),
            (maren.id.as_str(), "manager")
        );
        let directory = all.directory().await.unwrap();
        assert!(
            directory.teams_of(&maren.id).is_empty(),
            "out of the group, out of the team"
        );
    });
}

#[test]
fn only_a_verified_address_finds_who_was_here_and_only_once() {
    on_both(|db| async move {
        let all = Identity::new(db, Arc::new(SystemClock));
        let olive = NewPerson {
            name: "Olive".into(),
            email: "olive@halden.example".into(),
            role: Role::Owner,
            password: None,
        };
        let olive = all.add(olive, "t").await.unwrap();
        for unverified in [json!(false), Value::Null, json!("yes")] {
            let claims = json!({"sub": "9", "email": "olive@halden.example", "email_verified": unverified, "groups": ["sales"]});
            let other = in_tx(&all, claims).await.unwrap();
            assert_ne!(other.id, olive.id);
            assert!(other.email.ends_with("@unverified.invalid"));
        }
        let later = json!({"sub": "9", "email": "nine@halden.example", "email_verified": true, "groups": ["sales"]});
        assert_eq!(
            in_tx(&all, later).await.unwrap().email,
            "nine@halden.example"
        );
        let verified = |sub: &str| json!({"sub": sub, "email": "olive@halden.example", "email_verified": true, "groups": ["sales"]});
        let found = in_tx(&all, verified("1")).await.unwrap();
        assert_eq!(
            (found.id.as_str(), found.role.as_str()),
            (olive.id.as_str(), "owner"),
            "the last owner stays one"
        );
        let taken = in_tx(&all, verified("2")).await.unwrap_err();
        assert_eq!(taken.status, 409);
    });
}

#[test]
fn where_anybody_has_an_account_only_who_is_here_is_let_in() {
    on_both(|db| async move {
        let all = Identity::new(db, Arc::new(SystemClock));
        let linkedin = Settings::new("https://www.linkedin.com/oauth", "tenon").unwrap();
        let sign_in = async |claims: Value| {
            let told = Told::of(&claims, &linkedin).unwrap();
            let mut tx = all.db().begin().await.unwrap();
            let person = all.told_by(&mut tx, &told, &linkedin).await?;
            tx.commit().await.unwrap();
            Ok::<_, Problem>(person)
        };
        let maren = NewPerson {
            name: "Maren".into(),
            email: "maren@halden.example".into(),
            role: Role::Manager,
            password: None,
        };
        let maren = all.add(maren, "t").await.unwrap();
        let hers = json!({"sub": "1", "email": "maren@halden.example", "email_verified": true});
        for stranger in [
            json!({"sub": "2", "email": "eve@elsewhere.example", "email_verified": true}),
            json!({"sub": "2", "email": "maren@halden.example", "email_verified": false}),
        ] {
            let refused = sign_in(stranger).await.unwrap_err();
            assert_eq!((refused.status, refused.code.as_str()), (403, "not_here"));
        }
        let person = sign_in(hers.clone()).await.unwrap();
        assert_eq!((person.id, person.role.as_str()), (maren.id, "manager"));
        assert!(sign_in(hers).await.is_ok(), "found again by subject");
        assert_eq!(all.directory().await.unwrap().people().len(), 1);
    });
}

#[test]
fn who_is_in_no_group_or_suspended_stays_outside() {
    on_both(|db| async move {
        let all = Identity::new(db, Arc::new(SystemClock));
        let stranger = json!({"sub": "1", "groups": ["guests"]});
        let refused = in_tx(&all, stranger).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (403, "no_group"));
        assert!(all.directory().await.unwrap().people().is_empty());
        let member = json!({"sub": "1", "groups": "sales"});
        let person = in_tx(&all, member.clone()).await.unwrap();
        let out = Standing {
            role: None,
            active: Some(false),
        };
        all.stand(&person.id, out, "t").await.unwrap();
        assert_eq!(in_tx(&all, member).await.unwrap_err().code, "suspended");
    });
}

#[tokio::test]
async fn a_sign_in_that_was_begun_elsewhere_ends_nowhere() {
    let folder = store::testing::folder();
    let db = store::Db::sqlite(&folder.join("tenon.db")).await.unwrap();
    let provider = Provider::new(Settings::new("http://localhost:9", "tenon").unwrap()).unwrap();
    let all = Identity::new(db, Arc::new(SystemClock)).with_provider(Some(provider));
    let begun = UnderWay {
        state: "s".into(),
        nonce: "n".into(),
        verifier: "v".into(),
        to: "/".into(),
    };
    let begun = UnderWay::of_cookie(&begun.cookie());
    let answer = |state: &str, iss: &str, error: &str| Answer {
        code: "c".into(),
        state: state.into(),
        iss: iss.into(),
        error: error.into(),
    };
    for (under_way, answer, code) in [
        (None, answer("s", "", ""), "begun_elsewhere"),
        (begun.as_ref(), answer("t", "", ""), "begun_elsewhere"),
        (begun.as_ref(), answer("", "", ""), "begun_elsewhere"),
        (
            begun.as_ref(),
            answer("s", "https://evil.example", ""),
            "begun_elsewhere",
        ),
        (begun.as_ref(), answer("s", "", "access_denied"), "provider"),
        (
            begun.as_ref(),
            answer("s", "http://localhost:9", ""),
            "provider",
        ),
    ] {
        let done = all
            .finish(under_way, &answer, "http://localhost/back", "")
            .await;
        assert_eq!(done.unwrap_err().code, code, "{answer:?}");
    }
    let begun = all.begin("/", "http://localhost/back").await;
    assert_eq!(begun.unwrap_err().status, 502, "nobody listens there");
    std::fs::remove_dir_all(folder).unwrap();
}
