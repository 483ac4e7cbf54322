use super::*;
use crate::{channels, sources};

fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

fn oauth(kind: &str) -> OAuth {
    let all = channels().into_iter().map(|c| (c.about(), c.oauth()));
    let all = all.chain(sources().into_iter().map(|s| (s.about(), s.oauth())));
    let mut found = all.filter(|(about, _)| about.name == kind);
    found.next().unwrap().1.unwrap()
}

fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

const WAY: Way<'_> = Way {
    redirect: "https://tenon.example/connections/oauth",
    state: "st",
    verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
};

#[test]
fn the_challenge_is_that_of_rfc_7636_appendix_b() {
    let expected = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    assert_eq!(challenge(WAY.verifier), expected);
}

#[test]
fn each_service_is_signed_in_to_where_it_says_and_asked_for_the_least() {
    let told = |kind: &str, set: &[(&str, &str)]| {
        let mut settings = Settings::of([("client_id", "us"), ("client_secret", "hush")]);
        let set = set.iter().map(|(k, v)| (k.to_string(), v.to_string()));
        settings.0.extend(set);
        let url = oauth(kind).address(&settings, WAY).unwrap();
        let (place, query) = url.split_once('?').unwrap();
        let query = pairs(query);
        let get = |name: &str| {
            query
                .iter()
                .find(|(k, _)| k == name)
                .map(|(_, v)| v.clone())
        };
        assert_eq!(get("response_type").as_deref(), Some("code"), "{kind}");
        assert_eq!(get("state").as_deref(), Some("st"), "{kind}");
        assert_eq!(get("redirect_uri").as_deref(), Some(WAY.redirect), "{kind}");
        assert!(
            !url.contains("hush") && !url.contains(WAY.verifier),
            "{url}"
        );
        let asks = oauth(kind).exchange(&settings, WAY, "code").unwrap();
        (
            place.to_string(),
            asks.url,
            get("scope").unwrap(),
            get("code_challenge").is_some(),
        )
    };
    let expected = |authorize: &str, token: &str, scope: &str, has_pkce: bool| {
        (authorize.into(), token.into(), scope.into(), has_pkce)
    };
    assert_eq!(
        told("salesforce", &[]),
        expected(
            "https://login.salesforce.com/services/oauth2/authorize",
            "https://login.salesforce.com/services/oauth2/token",
            "api refresh_token",
            true
        )
    );
    assert_eq!(
        told("salesforce", &[("url", "https://holm.my.salesforce.com/")]).0,
        "https://holm.my.salesforce.com/services/oauth2/authorize"
    );
    assert_eq!(
        told("hubspot", &[]),
        expected(
            "https://app.hubspot.com/oauth/authorize",
            "https://api.hubapi.com/oauth/2026-03/token",
            "oauth crm.objects.deals.read crm.objects.owners.read",
            true
        )
    );
    assert_eq!(
        told("x", &[]),
        expected(
            "https://x.com/i/oauth2/authorize",
            "https://api.x.com/2/oauth2/token",
            "tweet.read tweet.write users.read offline.access",
            true
        )
    );
    // LinkedIn refuses a verifier of an app that has a secret.
    assert!(!told("linkedin", &[]).3);
    assert_eq!(
        told("mastodon", &[("server", "social.example")]).1,
        "https://social.example/oauth/token"
    );
    assert!(
        oauth("mastodon")
            .address(&Settings::default(), WAY)
            .is_err()
    );
}

#[test]
fn an_app_says_who_it_is_in_the_way_of_the_service() {
    let settings = Settings::of([("client_id", "us"), ("client_secret", "hu:sh")]);
    let request = oauth("hubspot").exchange(&settings, WAY, "c").unwrap();
    let fields = pairs(std::str::from_utf8(&request.body).unwrap());
    let get = |fields: &[(String, String)], name: &str| {
        fields
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.clone())
    };
    assert_eq!(get(&fields, "client_secret").as_deref(), Some("hu:sh"));
    assert_eq!(get(&fields, "code_verifier").as_deref(), Some(WAY.verifier));
    let request = oauth("x").exchange(&settings, WAY, "c").unwrap();
    let fields = pairs(std::str::from_utf8(&request.body).unwrap());
    assert_eq!(get(&fields, "client_secret"), None);
    let header = request.headers.iter().find(|(n, _)| n == "authorization");
    let encoded = BASE64_STANDARD.encode("us:hu%3Ash");
    assert_eq!(header.unwrap().1, format!("Basic {encoded}"));
    let public = Settings::of([("client_id", "us")]);
    let request = oauth("x").exchange(&public, WAY, "c").unwrap();
    assert!(request.headers.iter().all(|(n, _)| n != "authorization"));
    let request = oauth("linkedin").exchange(&settings, WAY, "c").unwrap();
    let fields = pairs(std::str::from_utf8(&request.body).unwrap());
    assert_eq!(get(&fields, "code_verifier"), None);
}

#[test]
fn tokens_are_put_where_the_connector_reads_them_and_forgotten_again() {
    let oauth = oauth("salesforce");
    let mut settings = Settings::of([("client_id", "us")]);
    let body = r#"{"access_token":"a","refresh_token":"r","instance_url":"https://holm.my.salesforce.com","expires_in":"7200"}"#;
    oauth.put(&mut settings, tokens(&answer(200, body), 5).unwrap());
    assert_eq!(settings.get("access_token"), "a");
    assert_eq!(settings.get("url"), "https://holm.my.salesforce.com");
    assert_eq!(oauth.ends(&settings), Some(5 + 7_200_000_000));
    // No new refresh token: the old one goes on; no end told: none is kept.
    let again = tokens(&answer(200, r#"{"access_token":"b"}"#), 9).unwrap();
    oauth.put(&mut settings, again);
    assert_eq!(settings.get("access_token"), "b");
    assert_eq!(oauth.ends(&settings), None);
    let renewal = oauth.renewal(&settings).unwrap().unwrap();
    assert!(
        String::from_utf8(renewal.body)
            .unwrap()
            .contains("refresh_token=r")
    );
    oauth.forget(&mut settings);
    assert!(oauth.renewal(&settings).is_none() && settings.get("access_token").is_empty());
    assert_eq!(settings.get("client_id"), "us");
}

#[test]
fn a_refusal_is_told_apart_from_an_ill_server() {
    let fault = |status, body: &str| tokens(&answer(status, body), 0).unwrap_err();
    for (status, body) in [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"expired"}"#,
        ),
        (400, r#"{"error":"invalid_request"}"#),
        (401, r#"{"error":"invalid_client"}"#),
        (
            400,
            r#"{"status":"BAD_REFRESH_TOKEN","message":"unknown refresh token"}"#,
        ),
    ] {
        let fault = fault(status, body);
        assert!(matches!(fault, Fault::SignedOut(_)), "{body}: {fault}");
    }
    let scope = fault(400, r#"{"error":"invalid_scope"}"#);
    assert!(matches!(scope, Fault::NotAllowed(_)), "{scope}");
    let often = fault(429, r#"{"error":"slow_down"}"#);
    assert!(matches!(often, Fault::Wait { .. }), "{often}");
    for (status, body) in [
        (500, r#"{"error":"server_error"}"#),
        (503, "busy"),
        (403, "<html>a proxy says no</html>"),
        (400, r#"{"error":{"code":7}}"#),
        (200, r#"{"access_token":"a""#),
    ] {
        let fault = fault(status, body);
        assert!(fault.passes(), "{body}: {fault}");
    }
    for body in [
        "{}",
        r#"{"access_token":""}"#,
        r#"{"access_token":"a","instance_url":"http://x"}"#,
    ] {
        let fault = fault(200, body);
        assert!(matches!(fault, Fault::Strange(_)), "{body}: {fault}");
    }
    let tokens = tokens(
        &answer(200, r#"{"access_token":"hush","expires_in":-1}"#),
        7,
    )
    .unwrap();
    assert_eq!(tokens.ends, None);
    assert!(!format!("{tokens:?}").contains("hush"));
}

#[test]
fn what_was_granted_is_known_where_it_is_told_and_forgotten_with_the_key() {
    let mut settings = Settings::default();
    let x = oauth("x");
    let told = |scope: &str| {
        tokens(
            &answer(200, &format!("{{\"access_token\": \"a\"{scope}}}")),
            0,
        )
    };
    x.put(&mut settings, told("").unwrap());
    assert!(granted(&settings).is_empty());
    x.put(
        &mut settings,
        told(", \"scope\": \"tweet.read users.read\"").unwrap(),
    );
    assert_eq!(granted(&settings), ["tweet.read", "users.read"]);
    // Renewed without a word of it, it is as it was.
    x.put(&mut settings, told("").unwrap());
    assert_eq!(granted(&settings).len(), 2);
    x.put(&mut settings, told(", \"scope\": \"a,b\"").unwrap());
    assert_eq!(granted(&settings), ["a", "b"]);
    x.put(&mut settings, told(", \"scope\": [\"c\", 7]").unwrap());
    assert_eq!(granted(&settings), ["c"]);
    x.forget(&mut settings);
    assert!(granted(&settings).is_empty());
}
