use super::place::Place;
use super::*;
use crate::channel::{Author, Seen};
use crate::contract::{self, StandIn};
use crate::post;

#[test]
fn it_passes_the_suite() {
    contract::channel(&Mail, &stand_in::stand_in());
}

fn settings() -> Settings {
    stand_in::stand_in().settings()
}

fn place() -> Place {
    Place::of(&settings()).unwrap()
}

const NOW: Micros = 1_790_000_000_000_000;

fn read(raw: &str) -> Incoming {
    let mail = post::Mail {
        uid: 1,
        arrived: NOW,
        raw: raw.replace('\n', "\r\n").into_bytes(),
        is_whole: true,
    };
    read::incoming(&place(), &mail, NOW)
}

#[test]
fn what_was_filled_in_is_understood_or_refused_without_the_password() {
    let place = place();
    assert_eq!(place.mailbox.server.port, 993);
    assert_eq!(place.smtp.port, 465);
    assert_eq!(place.smtp.password, "open-sesame");
    assert_eq!(place.sent, "Sent");
    assert_eq!(place.authserv, "");
    for (said, expected) in [(" MX.halden.example", "mx.halden.example"), ("none", "")] {
        let mut named = settings();
        named.0.insert("authserv".into(), said.into());
        assert_eq!(Place::of(&named).unwrap().authserv, expected);
    }
    for (name, value) in [
        ("imap", "mail.example.com"),
        ("imap", "imaps://mail.example.com/INBOX"),
        ("imap", "imaps://a:hunter2@mail.example.com/INBOX"),
        ("imap", "imap://a@mail.example.com/?tls=maybe"),
        ("imap", "imaps://a@mail.example.com/B%C3%BCro"),
        ("imap", "imaps://a%0d@mail.example.com/"),
        ("smtp", "https://mail.example.com"),
        ("smtp", "smtps://a:hunter2@mail.example.com"),
        ("address", "support"),
        ("address", "a+b@example.com"),
        ("address", "a@example.com, b@example.com"),
        ("sent", "a\r\nb"),
        ("authserv", "mx.halden.example; spf=pass"),
        ("password", "two\r\nlines"),
    ] {
        let mut wrong = settings();
        wrong.0.insert(name.into(), value.into());
        let refused = Place::of(&wrong).unwrap_err();
        assert!(matches!(refused, Fault::Refused(_)), "{value}: {refused}");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
    let mut open = settings();
    open.0.insert("smtp".into(), "smtp://localhost:2525".into());
    let smtp = Place::of(&open).unwrap().smtp;
    assert_eq!((smtp.user.as_str(), smtp.password.as_str()), ("", ""));
}

#[test]
fn a_mail_is_its_writers_in_the_thread_of_what_it_answers() {
    let item = read(
        "From: \"Aino Saari\" <Aino@Saari.example>\nTo: support@halden.example\nSubject: Re: Invoice\nMessage-ID: <c@saari>\n\
         In-Reply-To: <b@halden.example>\nReferences: <a@saari>\n <b@halden.example>\nDate: Mon, 2 Mar 2020 10:00:00 +0000\n\n\
         Thank you, that is it.\n\nOn Mon, 2 Mar 2026 at 10:00, Halden <support@halden.example> wrote:\n> Look here.\n",
    );
    assert_eq!(item.id, "c@saari");
    assert_eq!(item.author.id, "aino@saari.example");
    assert_eq!(item.author.name, "Aino Saari");
    assert_eq!(item.reply_to.as_deref(), Some("b@halden.example"));
    assert_eq!(item.thread.as_deref(), Some("a@saari"));
    assert_eq!(item.text, "Thank you, that is it.");
    assert_eq!(item.at, NOW, "nobody believes a date of years ago");
    assert!(
        item.raw.contains("Look here."),
        "the raw mail is kept whole"
    );
    let hints = Mail.hints(&settings(), &item);
    assert_eq!(hints.kin, ["b@halden.example", "a@saari"]);
    assert_eq!(hints.title.as_deref(), Some("Re: Invoice"));
    assert_eq!(hints.machine, None);
}

#[test]
fn what_a_first_mail_quotes_or_forwards_stays() {
    let text = "Please see below.\n\n---------- Forwarded message ---------\nFrom: Olu\n\nIt leaks.\n\n> since Monday";
    let item = read(&format!("From: a@b.example\nMessage-ID: <1@b>\n\n{text}"));
    assert_eq!(item.text, text);
}

#[test]
fn html_becomes_text_without_the_quote_at_its_end() {
    let html = "<html><style>p{}</style><p>The <b>short</b> one &amp; soon.</p><script>alert(1)</script>\
        <div class=gmail_quote>On Mon, 2 Mar 2026, Halden wrote:<br><blockquote>Which <blockquote>form</blockquote>?</blockquote></div></html>";
    let mail = format!(
        "From: a@b.example\nMessage-ID: <1@b>\nIn-Reply-To: <0@h>\nContent-Type: text/html; charset=utf-8\n\n{html}"
    );
    assert_eq!(read(&mail).text, "The short one & soon.");
    let between = "<p>Hello</p><blockquote>One?</blockquote><p>Yes.</p><blockquote>Two?</blockquote><p>No.</p>";
    let mail = mail.replace(html, between);
    assert_eq!(read(&mail).text, "Hello\n\nOne?\n\nYes.\n\nTwo?\n\nNo.");
    let only = mail.replace(
        between,
        "<blockquote>My words, oddly marked up.</blockquote>",
    );
    assert_eq!(read(&only).text, "My words, oddly marked up.");
}

#[test]
fn attachments_are_named_and_never_shown() {
    let item = read(
        "From: a@b.example\nMessage-ID: <1@b>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nSee the drawing.\n\
         --x\nContent-Type: image/svg+xml; name=\"a\u{202e}.svg\"\nContent-Disposition: attachment; filename=\"plan.svg\"\n\n<svg onload=alert(1)>\n--x--\n",
    );
    assert_eq!(
        item.text,
        "See the drawing.\n\n[Attached: plan.svg, image/svg+xml, 21 bytes]"
    );
    assert_eq!(item.media[0].kind, "image/svg+xml");
    assert_eq!(item.media[0].url, "");
}

#[test]
fn what_machines_send_says_why() {
    for (header, expected) in [
        ("Auto-Submitted: auto-replied", Some("automatic answer")),
        ("Auto-Submitted: no", None),
        ("X-Auto-Response-Suppress: All", Some("automatic answer")),
        ("Precedence: bulk", Some("bulk mail")),
        ("Precedence: list", Some("mailing list")),
        ("List-Id: <news.b.example>", Some("mailing list")),
        ("Return-Path: <>", Some("report of a mail server")),
        ("Return-Path: <a@b.example>", None),
        (
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
            Some("report of a mail server"),
        ),
    ] {
        let item = read(&format!(
            "{header}\nFrom: a@b.example\nMessage-ID: <1@b>\n\nGone."
        ));
        assert_eq!(Mail.hints(&settings(), &item).machine, expected, "{header}");
    }
    let daemon = read("From: Mail <MAILER-DAEMON@b.example>\n\nx");
    assert!(Mail.hints(&settings(), &daemon).machine.is_some());
}

#[test]
fn who_wrote_is_told_also_by_a_form_on_a_web_site() {
    let form = read(
        "From: Web <support@halden.example>\nReply-To: Ruth <ruth@kestrel.example>\nMessage-ID: <1@web>\n\nHello",
    );
    assert_eq!(form.author.id, "ruth@kestrel.example");
    assert!(!form.is_ours);
    let ours = read(
        "From: Support@Halden.example\nReply-To: support+abc@halden.example\nMessage-ID: <2@web>\n\nHello",
    );
    assert!(ours.is_ours);
    let nobody = read("Message-ID: <3@web>\n\nHello");
    assert_eq!(nobody.author.id, "unknown");
}

#[test]
fn tokens_are_those_behind_the_plus_of_our_own_address() {
    let item = read(
        "From: a@b.example\nTo: Us <Support+K7@halden.example>, support+other@elsewhere.example,\n\tother+x@halden.example\n\
         Delivered-To: support+m2@halden.example\n\nHello",
    );
    assert_eq!(Mail.hints(&settings(), &item).tokens, ["k7", "m2"]);
    let with = Mail.address(&settings(), "k7");
    assert_eq!(with.as_deref(), Some("support+k7@halden.example"));
    assert_eq!(Mail.address(&settings(), &"k".repeat(60)), None);
}

#[test]
fn a_mail_without_a_name_is_named_by_what_it_is() {
    let (a, b) = (
        read("From: a@b.example\n\nOne"),
        read("From: a@b.example\n\nTwo"),
    );
    assert_ne!(a.id, b.id);
    assert_eq!(a.id, read("From: a@b.example\n\nOne").id);
    let long = read(&format!(
        "From: a@b.example\nMessage-ID: <{}@b>\n\nx",
        "y".repeat(5_000)
    ));
    assert!(long.id.len() < 60, "{}", long.id);
}

fn answer(to: &str, name: &str, answered: Option<&str>) -> Outgoing {
    Outgoing {
        key: "rep_per_1_key".into(),
        text: "Dear Aino,\n.\nit left today. Grüße".into(),
        reply_to: Some("c@saari".into()),
        thread: Some("a@saari".into()),
        to: Some(Author {
            id: to.into(),
            handle: to.into(),
            name: name.into(),
            url: None,
        }),
        seen: Seen::Direct,
        since: NOW,
        answered: answered.map(|raw| raw.replace('\n', "\r\n")),
        back: Some("k7".into()),
    }
}

#[test]
fn an_answer_is_a_well_formed_mail_in_the_thread() {
    let raw = "From: Aino <aino@saari.example>\nSubject: AW: Re: =?utf-8?q?Rechnung_f=C3=BCr_M=C3=A4rz?=\nReferences: <a@saari> <b@halden.example>\nMessage-ID: <c@saari>\n\nx";
    let out = answer("aino@saari.example", "Aino Saari", Some(raw));
    let letter = reply::letter(&place(), &out, NOW).unwrap();
    assert_eq!(letter.from, "support@halden.example");
    assert_eq!(letter.to, "aino@saari.example");
    let text = String::from_utf8(letter.raw.clone()).unwrap();
    assert!(
        text.is_ascii() && text.lines().all(|l| l.len() < 200),
        "{text}"
    );
    let mail = read::parsed(&letter.raw).unwrap();
    assert_eq!(mail.subject(), Some("Re: Rechnung für März"));
    assert_eq!(mail.in_reply_to().as_text(), Some("c@saari"));
    assert_eq!(
        read::references(&mail),
        ["a@saari", "b@halden.example", "c@saari"]
    );
    let id = reply::message_id(&place(), &out.key);
    assert_eq!(mail.message_id(), Some(id.as_str()));
    assert!(!text.contains("per_1"), "the key is nobody's business");
    let from = read::first(mail.from()).unwrap();
    assert_eq!(
        from,
        ("support@halden.example".into(), "Halden Support".into())
    );
    let back = read::first(mail.reply_to()).unwrap();
    assert_eq!(back.0, "support+k7@halden.example");
    let body = mail.body_text(0).unwrap().replace("\r\n", "\n");
    assert_eq!(body.trim_end(), out.text);
    assert_eq!(reply::letter(&place(), &out, NOW).unwrap().raw, letter.raw);
}

#[test]
fn an_answer_goes_where_the_customer_wants_it_and_to_nobody_else() {
    let raw = "From: a@b.example\nReply-To: Desk <desk@b.example>\nSubject: x\nMessage-ID: <c@saari>\n\nx";
    let letter = reply::letter(&place(), &answer("a@b.example", "", Some(raw)), NOW).unwrap();
    assert_eq!(letter.to, "desk@b.example");
    for wrong in [
        "unknown",
        "",
        "a@b.example, c@d.example",
        "a@b\r\nBcc: c@d.example",
    ] {
        let refused = reply::letter(&place(), &answer(wrong, "", None), NOW).unwrap_err();
        assert!(matches!(refused, Fault::Refused(_)), "{wrong}: {refused}");
    }
}

#[test]
fn nothing_that_a_customer_writes_becomes_a_header_of_ours() {
    let raw = "From: a@b.example\nSubject: =?utf-8?q?Hi=0D=0ABcc:_evil@x.example=0D=0A=0D=0Abody?=\n\
         References: <a@b> <x\u{0}y@b> <long@b>\nMessage-ID: <c@saari>\n\nx";
    let name = "Eve\r\nBcc: evil@x.example\r\n\r\nbody \"quoted\" <evil@x.example>";
    let mut out = answer("a@b.example", name, Some(raw));
    out.reply_to = Some("c@saari>\r\nBcc: <evil@x.example".into());
    let letter = reply::letter(&place(), &out, NOW).unwrap();
    let text = String::from_utf8(letter.raw.clone()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let names: Vec<&str> = head
        .split("\r\n")
        .filter(|l| !l.starts_with([' ', '\t']))
        .map(|l| l.split(':').next().unwrap())
        .collect();
    assert!(
        !names.contains(&"Bcc") && !names.contains(&"In-Reply-To"),
        "{names:?}"
    );
    let mail = read::parsed(&letter.raw).unwrap();
    assert!(mail.bcc().is_none());
    assert_eq!(letter.to, "a@b.example");
}

#[test]
fn hostile_mails_are_read_or_said_to_be_unreadable_and_harm_nothing() {
    let deep = (0..3_000).fold("x".to_string(), |inner, n| {
        format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n{inner}\n--b{n}--\n")
    });
    let nested = (0..500).fold("x".to_string(), |inner, _| {
        format!("Content-Type: message/rfc822\n\n{inner}")
    });
    let all = [
        format!("From: a@b.example\nX-Long: {}\n\nhello", "y".repeat(3_000_000)),
        format!("{}From: a@b.example\n\nhello", "X-Many: y\n".repeat(100_000)),
        format!("From: a@b.example\nReferences: {}\n\nhello", "<r@b> ".repeat(100_000)),
        format!("From: a@b.example\nTo: {}\n\nhello", "c+d@b.example, ".repeat(100_000)),
        format!("From: a@b.example\n{deep}"),
        format!("From: a@b.example\n{nested}"),
        "From: a@b.example\nContent-Type: text/plain; charset=no-such\n\nhello \u{e9}".into(),
        "From: a@b.example\nContent-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n////".into(),
        "From: <<<>>>\nSubject: =?utf-8?b?////?=\nDate: Mon, 99 Foo 99999\n\nhello".into(),
        "From: =?utf-8?q?a=00=0Ab?= <a@b.example>\n\nhello \u{202e}\u{0}".into(),
        "\n".into(),
        String::new(),
    ];
    for mail in &all {
        let item = read(mail);
        assert!(!item.id.is_empty() && !item.raw.is_empty() && item.raw.len() <= 800_000);
        assert!(item.text.chars().count() <= 20_001);
        let bad = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!item.text.contains(bad) && !item.author.name.contains(bad));
        let hints = Mail.hints(&settings(), &item);
        assert!(hints.kin.len() <= 50 && hints.tokens.len() <= 10);
        let _ = reply::letter(&place(), &answer("a@b.example", "", Some(&item.raw)), NOW).unwrap();
    }
    let latin = post::Mail {
        uid: 1,
        arrived: 0,
        raw:
            b"From: a@b.example\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe"
                .to_vec(),
        is_whole: false,
    };
    let item = read::incoming(&place(), &latin, NOW);
    assert!(
        item.text.starts_with("Grüße\n\n[This mail is too long"),
        "{}",
        item.text
    );
}

/// Nobody counts here: mails are numbered anew, and the mailbox is begun anew from the day it was looked at last.
#[test]
fn a_mailbox_that_was_numbered_anew_is_read_from_where_it_was_looked_at() {
    let state = State {
        validity: 3,
        after: 900,
        old: 10,
        since: 0,
        unread: true,
        looked: Some(NOW),
    };
    let fetched = Fetched {
        validity: 4,
        next: 51,
        ..Fetched::default()
    };
    let begun = State::begin(Some(&state), &fetched, NOW + DAY);
    assert_eq!((begun.validity, begun.after, begun.old), (4, 0, 50));
    assert_eq!((begun.since, begun.unread), (NOW - DAY, false));
    let first = State::begin(None, &fetched, NOW);
    assert_eq!((first.since, first.unread), (NOW - FIRST - DAY, true));
}
