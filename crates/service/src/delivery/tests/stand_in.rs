//! A mail server for tests that speaks IMAP well or badly, as it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Manner {
    Well,
    /// Ends in the middle of a mail.
    BreaksOff,
    /// Ends when it is to mark a mail.
    LeavesBeforeMarking,
    /// Lets nothing be marked.
    ReadOnly,
    /// Says what is no IMAP.
    Junk,
    /// Announces more than anybody could hold.
    Huge,
    /// Never ends its line.
    Endless,
    /// Says nothing.
    Silent,
    /// Repeats the password when it refuses it.
    Telltale,
    /// Leaves out what it was asked for.
    Forgetful,
}

#[derive(Default)]
pub struct Inside {
    pub validity: u32,
    pub mails: BTreeMap<u32, String>,
    /// Flags that were set, and folders that mails were moved to.
    pub marked: Vec<(u32, String)>,
}

pub struct StandIn {
    pub port: u16,
    pub inside: Arc<Mutex<Inside>>,
    manner: Arc<Mutex<Manner>>,
}

impl StandIn {
    pub async fn open() -> StandIn {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stand_in = StandIn {
            port: listener.local_addr().unwrap().port(),
            inside: Arc::default(),
            manner: Arc::new(Mutex::new(Manner::Well)),
        };
        stand_in.inside.lock().unwrap().validity = 7;
        let (inside, manner) = (stand_in.inside.clone(), stand_in.manner.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let manner = *manner.lock().unwrap();
                tokio::spawn(talk(stream, inside.clone(), manner));
            }
        });
        stand_in
    }

    pub fn address(&self) -> String {
        format!("imap://reply:open-sesame@127.0.0.1:{}/INBOX", self.port)
    }

    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub fn deliver(&self, uid: u32, mail: &str) {
        let mut inside = self.inside.lock().unwrap();
        inside.mails.insert(uid, mail.into());
    }

    /// How mails were marked since the last time.
    pub fn marked(&self) -> Vec<(u32, String)> {
        std::mem::take(&mut self.inside.lock().unwrap().marked)
    }
}

async fn talk(stream: TcpStream, inside: Arc<Mutex<Inside>>, manner: Manner) {
    let mut stream = BufReader::new(stream);
    if manner == Manner::Silent {
        let _ = stream.read_line(&mut String::new()).await;
        return;
    }
    let mut say = b"* OK [ALERT] a stand-in\r\n".to_vec();
    loop {
        if stream.write_all(&say).await.is_err() {
            return;
        }
        let mut line = String::new();
        if !matches!(stream.read_line(&mut line).await, Ok(n) if n > 0) {
            return;
        }
        let (tag, command) = line.trim_end().split_once(' ').unwrap();
        match answer(tag, command, &inside, manner) {
            Some(answer) => say = answer,
            None => return,
        }
        let is_cut = manner == Manner::BreaksOff && command.contains("BODY");
        if is_cut {
            let _ = stream.write_all(&say[..say.len() / 2]).await;
            return;
        }
    }
}

/// What is said to a command; `None` to hang up.
fn answer(tag: &str, command: &str, inside: &Mutex<Inside>, manner: Manner) -> Option<Vec<u8>> {
    let mut inside = inside.lock().unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let uid: u32 = words.get(2).and_then(|w| w.parse().ok()).unwrap_or(0);
    let ok = format!("{tag} OK done\r\n");
    let said = match (words[0], *words.get(1).unwrap_or(&"")) {
        ("CAPABILITY", _) => format!("* CAPABILITY IMAP4rev1 MOVE\r\n{ok}"),
        ("LOGIN", _) if manner == Manner::Telltale => {
            format!("{tag} NO wrong: {}\r\n", words.join(" "))
        }
        ("SELECT", _) => {
            let (validity, next) = (inside.validity, inside.mails.keys().max().unwrap_or(&0) + 1);
            format!(
                "* {} EXISTS\r\n* OK [UIDVALIDITY {validity}] ok\r\n* OK [UIDNEXT {next}] ok\r\n* XNEWS what nobody knows\r\n{ok}",
                inside.mails.len()
            )
        }
        ("UID", "SEARCH") if manner == Manner::Junk => "HTTP/1.1 400 Bad Request\r\n".into(),
        ("UID", "SEARCH") if manner == Manner::Endless => {
            "* SEARCH ".to_string() + &"1 ".repeat(1 << 20)
        }
        ("UID", "SEARCH") => {
            let range = words[3];
            let (from, to) = range.split_once(':').unwrap_or((range, range));
            let (from, to): (u32, u32) = (from.parse().unwrap(), to.parse().unwrap());
            let found: Vec<String> = inside
                .mails
                .range(from..=to)
                .map(|(u, _)| u.to_string())
                .collect();
            let blank = if found.is_empty() { "" } else { " " };
            format!("* SEARCH{blank}{}\r\n{ok}", found.join(" "))
        }
        ("UID", "FETCH") if manner == Manner::Forgetful => ok,
        ("UID", "FETCH") => match inside.mails.get(&uid) {
            None => ok,
            Some(mail) if command.contains("SIZE") => {
                format!("* 1 FETCH (UID {uid} RFC822.SIZE {})\r\n{ok}", mail.len())
            }
            Some(_) if manner == Manner::Huge => {
                format!("* 1 FETCH (UID {uid} BODY[] {{4294967295}}\r\n")
            }
            Some(mail) => {
                format!(
                    "* 1 FETCH (UID {uid} BODY[] {{{}}}\r\n{mail})\r\n{ok}",
                    mail.len()
                )
            }
        },
        ("UID", "STORE" | "MOVE") if manner == Manner::LeavesBeforeMarking => return None,
        ("UID", "STORE" | "MOVE") if manner == Manner::ReadOnly => {
            format!("{tag} NO [ALERT] read only\r\n")
        }
        ("UID", "STORE") => {
            inside.marked.push((uid, words[4..].join(" ")));
            ok
        }
        ("UID", "MOVE") => {
            inside.mails.remove(&uid);
            inside.marked.push((uid, words[3].into()));
            ok
        }
        ("LOGOUT", _) => format!("* BYE\r\n{ok}"),
        _ => ok,
    };
    Some(said.into_bytes())
}
