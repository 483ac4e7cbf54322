//! A channel that is listened to, over a socket of its own.

use super::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Waits, in real time, until a thread about this is on the desk.
async fn on_the_desk(house: &House, title: &str) {
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        if house.open_threads().await.iter().any(|t| t.title == title) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{title} did not come");
}

/// Answers the next request with a stream.
async fn listened_to(listener: &TcpListener) -> TcpStream {
    let accepted = tokio::time::timeout(Duration::from_secs(30), listener.accept());
    let (mut socket, _) = accepted.await.unwrap().unwrap();
    let mut asked = [0; 4096];
    let n = socket.read(&mut asked).await.unwrap();
    assert!(asked[..n].starts_with(b"GET /stream"));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}

#[test]
fn what_a_stream_tells_is_on_the_desk_at_once_and_what_it_missed_by_the_poll() {
    on_both(|db| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let house = House::open_with(db, &format!("127.0.0.1:{port}")).await;
        *house.fake.stream.lock().unwrap() = Some(format!("http://127.0.0.1:{port}/stream"));
        let (stop, stopping) = watch::channel(false);
        let running = tokio::spawn(house.connect().clone().run(stopping));

        let mut socket = listened_to(&listener).await;
        socket.write_all(b"s1 Our me").await.unwrap();
        let rest = b"ter drifts\ns1 Our meter drifts\n";
        socket.write_all(rest).await.unwrap();
        on_the_desk(&house, "Our meter drifts").await;
        assert_eq!(
            house.open_threads().await.len(),
            1,
            "told twice, there once"
        );

        // While nobody listens, something is said; when the stream is open again it is looked for.
        drop(socket);
        house.tell(said(
            "m1",
            "Ruth Abiola",
            "Said in between",
            MONDAY - SECOND,
        ));
        let mut socket = listened_to(&listener).await;
        on_the_desk(&house, "Said in between").await;
        socket.write_all(b"s2 And one more\n").await.unwrap();
        on_the_desk(&house, "And one more").await;
        assert_eq!(house.open_threads().await.len(), 3);
        stop.send(true).unwrap();
        running.await.unwrap();
    });
}

#[test]
fn a_stream_that_is_billed_is_listened_to_as_far_as_the_month_allows() {
    on_both(|db| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let house = House::open_with(db, &format!("127.0.0.1:{port}")).await;
        *house.fake.stream.lock().unwrap() = Some(format!("http://127.0.0.1:{port}/stream"));
        *house.fake.allowed.lock().unwrap() = Some(2);
        let (stop, stopping) = watch::channel(false);
        let running = tokio::spawn(house.connect().clone().run(stopping));
        let mut socket = listened_to(&listener).await;
        let left = async || {
            let row = connections::find(house.db(), &house.connection).await;
            let budget = house.connect().budget(&row.unwrap().unwrap()).await;
            let budget = budget.unwrap().unwrap();
            budget.most - budget.found
        };
        assert_eq!(left().await, 2);
        socket.write_all(b"s1 One\n").await.unwrap();
        on_the_desk(&house, "One").await;
        socket.write_all(b"s2 Two\n").await.unwrap();
        // It hangs up by itself.
        let mut rest = Vec::new();
        let hung_up = tokio::time::timeout(Duration::from_secs(30), socket.read_to_end(&mut rest));
        hung_up.await.unwrap().unwrap();
        assert_eq!(left().await, 0);
        assert_eq!(house.open_threads().await.len(), 2);
        let nobody = tokio::time::timeout(Duration::from_secs(5), listener.accept()).await;
        assert!(nobody.is_err(), "it is opened again");
        // Another month has room again.
        house.clock.set(MONDAY + 31 * 24 * HOUR);
        listened_to(&listener).await;
        assert_eq!(left().await, 2);
        stop.send(true).unwrap();
        running.await.unwrap();
    });
}
