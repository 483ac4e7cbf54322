use super::*;
use crate::mail::read::parsed;

fn said(method: &str, result: &str, properties: &[(&str, &str)]) -> Said {
    let properties = properties.iter();
    Said {
        method: method.into(),
        result: result.into(),
        properties: properties
            .map(|(n, v)| (n.to_string(), v.to_string()))
            .collect(),
    }
}

fn results(server: &str, said: Vec<Said>) -> Option<Results> {
    Some(Results {
        server: server.into(),
        said,
        is_whole: true,
    })
}

/// The examples of RFC 8601, appendix B.
#[test]
fn the_examples_of_the_rfc_are_read_as_they_are_meant() {
    for (value, expected) in [
        ("example.org 1; none", results("example.org", vec![])),
        (
            "example.com; spf=pass smtp.mailfrom=example.net",
            results(
                "example.com",
                vec![said("spf", "pass", &[("smtp.mailfrom", "example.net")])],
            ),
        ),
        (
            "example.com;\r\n  auth=pass (cleartext) smtp.auth=sender@example.net;\r\n  spf=pass smtp.mailfrom=example.net",
            results(
                "example.com",
                vec![
                    said("auth", "pass", &[("smtp.auth", "sender@example.net")]),
                    said("spf", "pass", &[("smtp.mailfrom", "example.net")]),
                ],
            ),
        ),
        (
            "example.com; iprev=pass policy.iprev=192.0.2.200",
            results(
                "example.com",
                vec![said("iprev", "pass", &[("policy.iprev", "192.0.2.200")])],
            ),
        ),
        (
            "example.com; dkim=pass reason=\"good signature\"\r\n header.i=@mail-router.example.net;\r\n dkim=fail reason=\"bad signature\" header.i=@newyork.example.com",
            results(
                "example.com",
                vec![
                    said(
                        "dkim",
                        "pass",
                        &[
                            ("reason", "good signature"),
                            ("header.i", "@mail-router.example.net"),
                        ],
                    ),
                    said(
                        "dkim",
                        "fail",
                        &[
                            ("reason", "bad signature"),
                            ("header.i", "@newyork.example.com"),
                        ],
                    ),
                ],
            ),
        ),
        (
            "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n  policy (A dot can go here) . (like that) expired\r\n  (this surprised me) = (as I wasn't expecting it) 1362471462",
            results(
                "foo.example.net",
                vec![said("dkim", "fail", &[("policy.expired", "1362471462")])],
            ),
        ),
    ] {
        assert_eq!(read(value), expected, "{value}");
    }
}

#[test]
fn what_large_providers_write_is_read() {
    let read = read("mx.google.com;\r\n       dkim=pass header.i=@saari.example header.s=s1 header.b=\"ab/c+d=\";\r\n       spf=pass (google.com: domain of aino@saari.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=\"bounce+x=y@saari.example\";\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=saari.example").unwrap();
    assert!(read.is_whole);
    let proof = judge(&read, "saari.example");
    assert_eq!(
        (proof.verdict, proof.by.as_str()),
        (Verdict::Passed, "DMARC: pass, DKIM: pass, SPF: pass")
    );
}

#[test]
fn a_verdict_is_about_the_domain_the_mail_says_it_is_from() {
    use Verdict::{Failed, None, Passed};
    for (value, expected, by) in [
        (
            "spf=pass smtp.mailfrom=a@saari.example",
            Passed,
            "SPF: pass",
        ),
        ("spf=pass smtp.mailfrom=a@evil.example", None, ""),
        // A local part may hold an equals sign without quotes.
        (
            "spf=pass smtp.mailfrom=saari.example=@evil.example",
            None,
            "",
        ),
        ("dkim=pass header.i=saari.example=@evil.example", None, ""),
        ("spf=pass smtp.helo=saari.example", None, ""),
        ("spf=fail smtp.mailfrom=a@evil.example", None, ""),
        ("spf=softfail smtp.mailfrom=saari.example", None, ""),
        ("spf=temperror smtp.mailfrom=saari.example", None, ""),
        ("spf=fail smtp.mailfrom=saari.example", Failed, "SPF: fail"),
        ("dkim=pass header.d=saari.example", Passed, "DKIM: pass"),
        ("dkim=pass header.i=@SAARI.example", Passed, "DKIM: pass"),
        (
            "dkim=pass header.d=evil.example header.i=@saari.example",
            None,
            "",
        ),
        // Below it may be somebody else; above it is whose it is, but not the whole of a registry.
        ("dkim=pass header.d=shop.saari.example", None, ""),
        ("dkim=pass header.d=example", None, ""),
        ("dkim=pass header.d=ri.example", None, ""),
        ("dkim=fail header.d=saari.example", Failed, "DKIM: fail"),
        // Forwarded: one of them is enough.
        (
            "spf=fail smtp.mailfrom=saari.example; dkim=pass header.d=saari.example",
            Passed,
            "DKIM: pass",
        ),
        (
            "dkim=fail header.d=saari.example; dkim=pass header.d=saari.example",
            Passed,
            "DKIM: pass",
        ),
        // What the domain itself asks for goes before everything else.
        (
            "dmarc=fail header.from=saari.example; dkim=pass header.d=saari.example",
            Failed,
            "DMARC: fail",
        ),
        (
            "dmarc=pass header.from=saari.example; spf=fail smtp.mailfrom=saari.example",
            Passed,
            "DMARC: pass",
        ),
        ("dmarc=pass header.from=evil.example", None, ""),
        ("dmarc=none header.from=saari.example", None, ""),
        ("arc=pass; x-own=pass header.d=saari.example", None, ""),
        ("", None, ""),
        ("none", None, ""),
    ] {
        let read = read(&format!("mx.halden.example; {value}")).unwrap();
        let proof = judge(&read, "saari.example");
        assert_eq!(
            (proof.verdict, proof.by.as_str()),
            (expected, by),
            "{value}"
        );
    }
    let above = read("mx; dkim=pass header.d=saari.example").unwrap();
    assert_eq!(judge(&above, "mail.saari.example").verdict, Passed);
}

fn of(headers: &str) -> (Verdict, String) {
    let raw = format!(
        "{headers}Subject: x\r\n\r\nAuthentication-Results: mx.halden.example; spf=pass smtp.mailfrom=saari.example\r\n"
    );
    let mail = parsed(raw.as_bytes()).unwrap();
    let from = super::super::read::first(mail.from());
    let author = from.map_or(String::new(), |f| f.0);
    let proof = proof(&mail, "MX.halden.example", &author);
    (proof.verdict, proof.by)
}

const FROM: &str = "From: Aino <aino@saari.example>\r\n";
const PASS: &str =
    "Authentication-Results: mx.halden.example; spf=pass smtp.mailfrom=saari.example\r\n";
const FAIL: &str = "Authentication-Results: mx.halden.example;\r\n\tspf=fail (a \\) b (c))\r\n smtp.mailfrom=saari.example\r\n";

#[test]
fn the_topmost_of_the_server_that_was_named_counts_and_no_other() {
    let others =
        "Authentication-Results: mx.evil.example; dmarc=pass header.from=saari.example\r\n";
    assert_eq!(
        of(&format!("{others}{FROM}")).0,
        Verdict::None,
        "a sender forges it"
    );
    assert_eq!(
        of(&format!("{others}{FAIL}{PASS}{FROM}")).0,
        Verdict::Failed
    );
    assert_eq!(of(&format!("{PASS}{FROM}{FAIL}")).0, Verdict::Passed);
    assert_eq!(of(FROM).0, Verdict::None, "what stands in the text is text");
    let longer = "Authentication-Results: mx.halden.example.evil.example; spf=pass smtp.mailfrom=saari.example\r\n";
    assert_eq!(of(&format!("{longer}{FROM}")).0, Verdict::None);
    let unnamed =
        "Authentication-Results: spf=pass smtp.mailfrom=saari.example; mx.halden.example\r\n";
    assert_eq!(of(&format!("{unnamed}{FROM}")).0, Verdict::None);
    let small =
        "authentication-results: \"mx.halden.example\" 1; spf=pass smtp.mailfrom=saari.example\r\n";
    assert_eq!(of(&format!("{small}{FROM}")).0, Verdict::Passed);
}

#[test]
fn what_is_broken_does_not_let_the_next_one_through() {
    let deep = "(".repeat(50);
    for broken in [
        "spf=pass (",
        "spf=pass smtp.mailfrom=\"a",
        "spf=pass )",
        &deep,
        "a=b;".repeat(1_000).as_str(),
    ] {
        let header = format!("Authentication-Results: mx.halden.example; {broken}\r\n");
        let found = of(&format!("{header}{PASS}{FROM}"));
        assert_eq!(
            found,
            (
                Verdict::Failed,
                "what the mail server says of it cannot be read".into()
            ),
            "{broken}"
        );
    }
    let later =
        "Authentication-Results: mx.halden.example 2; spf=pass smtp.mailfrom=saari.example\r\n";
    assert_eq!(of(&format!("{later}{PASS}{FROM}")).0, Verdict::Failed);
    // Something strange in one result leaves the others.
    let strange = "Authentication-Results: mx.halden.example; =; x; spf==pass; dkim/7=pass header.d=saari.example; spf=fail smtp.mailfrom=saari.example\r\n";
    assert_eq!(
        of(&format!("{strange}{FROM}")),
        (Verdict::Failed, "SPF: fail".into())
    );
}

#[test]
fn who_names_several_senders_or_none_is_not_confirmed() {
    let more = "From: a@evil.example\r\n";
    assert_eq!(of(&format!("{PASS}{FROM}{more}")).0, Verdict::Failed);
    let list = "From: aino@saari.example, b@evil.example\r\n";
    assert_eq!(
        of(&format!("{PASS}{list}")),
        (Verdict::Failed, "it names more than one sender".into())
    );
    assert_eq!(of(PASS).0, Verdict::None);
    assert_eq!(of(&format!("{PASS}From: nobody\r\n")).0, Verdict::None);
}

#[test]
fn a_form_that_writes_as_us_says_nothing_of_who_filled_it_in() {
    let raw = format!("{PASS}From: form@saari.example\r\nReply-To: eve@evil.example\r\n\r\nx");
    let mail = parsed(raw.as_bytes()).unwrap();
    let verdict = |author| proof(&mail, "mx.halden.example", author).verdict;
    assert_eq!(verdict("eve@evil.example"), Verdict::None);
    assert_eq!(verdict("form@saari.example"), Verdict::Passed);
}

#[test]
fn no_bytes_make_it_fall_over() {
    let mut seed = 7_u32;
    let bytes = b"();=\"\\. \tab1@/-\xff\n";
    for _ in 0..20_000 {
        let mut text = b"mx;".to_vec();
        for _ in 0..24 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push(bytes[(seed >> 16) as usize % bytes.len()]);
        }
        let read = read(&String::from_utf8_lossy(&text));
        if let Some(read) = read {
            judge(&read, "saari.example");
        }
    }
}
