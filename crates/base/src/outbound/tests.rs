//! What a hostile address can be written as, and where it leads.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn get(url: &str) -> Request<'_> {
    Request {
        method: Method::GET,
        url,
        headers: Vec::new(),
        body: Bytes::new(),
        longest: SHORT,
    }
}

/// A web server here that answers everything with one text; its port.
async fn server(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut read = [0; 4096];
                let _ = stream.read(&mut read).await;
                let answer = answer.replace("{port}", &port.to_string());
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    port
}

/// Answers the first question with one address and all others with another, as who rebinds a name does.
struct Rebinding(AtomicUsize, [IpAddr; 2]);

impl Resolve for Rebinding {
    fn resolve(&self, _: &str, port: u16) -> Found {
        let turn = self.0.fetch_add(1, Ordering::SeqCst).min(1);
        let found = vec![SocketAddr::new(self.1[turn], port)];
        Box::pin(async move { Ok(found) })
    }
}

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

#[tokio::test]
async fn an_address_within_is_refused_however_it_is_written() {
    let outbound = Outbound::new(Allowed::default());
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
        "100.64.0.1",
        "１２７.０.０.１",
    ] {
        let url = format!("http://{host}/");
        assert!(
            matches!(outbound.check(&url), Err(Failed::NotPublic(_))),
            "{host}"
        );
        let sent = outbound.send(get(&url)).await;
        assert!(
            matches!(sent, Err(Failed::NotPublic(_))),
            "{host}: {sent:?}"
        );
    }
    let sent = outbound.send(get("http://localhost/")).await;
    assert_eq!(sent, Err(Failed::NotPublic("localhost".into())));
    for url in [
        "file:///etc/passwd",
        "gopher://example.com/",
        "http://user:pass@example.com/",
        "example.com",
        "http://",
    ] {
        let sent = outbound.send(get(url)).await;
        assert!(matches!(sent, Err(Failed::NoAddress(_))), "{url}: {sent:?}");
    }
}

#[tokio::test]
async fn a_host_an_owner_named_is_spoken_to_and_its_neighbours_are_not() {
    let port = server(HELLO).await;
    let outbound = Outbound::new(Allowed::parse(&format!("127.0.0.1:{port}")));
    let answer = outbound
        .send(get(&format!("http://127.0.0.1:{port}/a?b")))
        .await;
    assert_eq!(answer.unwrap().body, "hello");
    let other = server(HELLO).await;
    let answer = outbound
        .send(get(&format!("http://127.0.0.1:{other}/")))
        .await;
    assert!(matches!(answer, Err(Failed::NotPublic(_))));
}

#[tokio::test]
async fn a_redirect_to_within_is_refused_and_so_is_one_without_end() {
    for (to, expected) in [
        ("http://127.0.0.1:1/", Failed::NotPublic("127.0.0.1".into())),
        ("http://[::1]/", Failed::NotPublic("[::1]".into())),
        (
            "file:///etc/passwd",
            Failed::NoAddress("file:///etc/passwd".into()),
        ),
        ("/again", Failed::Redirects),
    ] {
        let answer = format!("HTTP/1.1 307 Go\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        let port = server(answer.leak()).await;
        let outbound = Outbound::new(Allowed::parse(&format!("127.0.0.1:{port}")));
        let sent = outbound
            .send(get(&format!("http://127.0.0.1:{port}/")))
            .await;
        assert_eq!(sent, Err(expected), "{to}");
    }
}

#[tokio::test]
async fn a_name_that_is_pointed_elsewhere_between_check_and_connection_gains_nothing() {
    let port = server(HELLO).await;
    let within: IpAddr = "127.0.0.1".parse().unwrap();
    // Once of the 6bone, given back: public by its form, and nobody answers there.
    let outside: IpAddr = "3ffe::1".parse().unwrap();
    let resolver = Arc::new(Rebinding(AtomicUsize::new(0), [outside, within]));
    let outbound = Outbound::with(Allowed::default(), resolver.clone());
    let url = format!("http://rebound.example:{port}/");
    let first = tokio::time::timeout(Duration::from_secs(2), outbound.send(get(&url))).await;
    assert!(
        !matches!(&first, Ok(Ok(_))),
        "the server within was reached: {first:?}"
    );
    assert_eq!(resolver.0.load(Ordering::SeqCst), 1, "looked up once");
    let second = outbound.send(get(&url)).await;
    assert_eq!(second, Err(Failed::NotPublic("rebound.example".into())));
}

#[tokio::test]
async fn an_allowed_name_leads_to_neighbours_but_never_to_the_metadata_of_a_cloud() {
    let port = server(HELLO).await;
    let resolver = |to: &str| {
        let to = to.parse().unwrap();
        Arc::new(Rebinding(AtomicUsize::new(0), [to, to]))
    };
    let allowed = || Allowed::parse("crm.internal");
    let url = format!("http://crm.internal:{port}/");
    let near = Outbound::with(allowed(), resolver("127.0.0.1"));
    assert_eq!(near.send(get(&url)).await.unwrap().status, 200);
    let cloud = Outbound::with(allowed(), resolver("169.254.169.254"));
    let sent = cloud.send(get(&url)).await;
    assert_eq!(sent, Err(Failed::NotPublic("crm.internal".into())));
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_not_read_to_its_end() {
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(SHORT + 1));
    let port = server(endless.leak()).await;
    let outbound = Outbound::new(Allowed::parse("127.0.0.1"));
    let sent = outbound
        .send(get(&format!("http://127.0.0.1:{port}/")))
        .await;
    assert_eq!(sent, Err(Failed::Answer(SHORT)));
}

#[tokio::test]
async fn a_mailbox_is_reached_here_or_where_it_is_public_and_in_the_open_only_here_or_where_that_is_allowed()
 {
    let port = server(HELLO).await;
    let to = |to: &str| {
        let to = to.parse().unwrap();
        Arc::new(Rebinding(AtomicUsize::new(0), [to, to]))
    };
    let reach = async |outbound: Outbound, is_plain| {
        let url = Url::parse("imap://mail.example/INBOX").unwrap();
        outbound.reach(&url, port, is_plain).await.map(drop)
    };
    let host = || "mail.example".to_string();
    let nothing = Allowed::default;
    let named = || Allowed::parse("mail.example");
    for (allowed, address, is_plain, expected) in [
        (nothing(), "127.0.0.1", true, Ok(())),
        (nothing(), "10.1.2.3", false, Err(Failed::NotPublic(host()))),
        (
            nothing(),
            "169.254.169.254",
            false,
            Err(Failed::NotPublic(host())),
        ),
        (
            named(),
            "169.254.169.254",
            true,
            Err(Failed::NotPublic(host())),
        ),
        (nothing(), "93.184.215.14", true, Err(Failed::Plain(host()))),
    ] {
        let outbound = Outbound::with(allowed, to(address));
        assert_eq!(reach(outbound, is_plain).await, expected, "{address}");
    }
    let literal = Url::parse("imap://10.1.2.3/").unwrap();
    let outbound = Outbound::new(Allowed::default());
    let within = outbound.reach(&literal, port, false).await;
    assert!(matches!(within, Err(Failed::NotPublic(_))));
}
