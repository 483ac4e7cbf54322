//! A mail server that keeps every mail it accepts, for tests of whole processes.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub struct Sink {
    pub port: u16,
    pub got: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    pub fn open() -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Sink {
            port: listener.local_addr().unwrap().port(),
            got: Arc::default(),
        };
        let got = sink.got.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let got = got.clone();
                std::thread::spawn(move || talk(stream, &got));
            }
        });
        sink
    }
}

/// What a mail server says; ends when the other side does.
fn talk(stream: TcpStream, got: &Mutex<Vec<String>>) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream);
    out.write_all(b"220 sink\r\n").ok()?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let answer: &[u8] = match line.get(..4).unwrap_or_default() {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "DATA" => {
                out.write_all(b"354 go on\r\n").ok()?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if lines.read_line(&mut mail).ok()? == 0 {
                        return None;
                    }
                }
                got.lock().unwrap().push(mail);
                b"250 kept\r\n"
            }
            _ => b"250 ok\r\n",
        };
        out.write_all(answer).ok()?;
    }
}
