//! The stream of the user: events of some lines each, with a free line behind.

use super::{Server, wire};
use crate::channel::What;
use crate::json::Item;
use crate::{Account, Fault, Incoming};
use wire::Status;

/// An event that does not end is none.
const LONGEST: usize = 4 << 20;

pub(super) fn read(
    server: &Server,
    account: &Account,
    buffer: &mut Vec<u8>,
) -> Result<Vec<Incoming>, Fault> {
    let mut told = Vec::new();
    let mut done = 0;
    while let Some(end) = end_of_event(&buffer[done..]) {
        let event = String::from_utf8_lossy(&buffer[done..done + end]);
        told.extend(one(server, account, &event));
        done += end;
    }
    buffer.drain(..done);
    match buffer.len() > LONGEST {
        true => Err(Fault::Strange("an event of the stream does not end".into())),
        false => Ok(told),
    }
}

/// How long the first whole event is, with the free line.
fn end_of_event(bytes: &[u8]) -> Option<usize> {
    let mut is_free = false;
    for (i, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if is_free => return Some(i + 1),
            b'\n' => is_free = true,
            b'\r' => (),
            _ => is_free = false,
        }
    }
    None
}

fn one(server: &Server, account: &Account, event: &str) -> Option<Incoming> {
    let (mut kind, mut data) = ("", Vec::new());
    for line in event.lines() {
        match line.split_once(':') {
            Some(("event", name)) => kind = name.trim(),
            Some(("data", text)) => data.push(text.strip_prefix(' ').unwrap_or(text)),
            // A comment keeps the connection open.
            _ => (),
        }
    }
    let data = data.join("\n");
    let status = |what| {
        let item: Item<Status> = serde_json::from_str(&data).ok()?;
        server.incoming(&item, what, &account.id)
    };
    match kind {
        // The timeline is more than what is said to us.
        "update" => status(What::Said).filter(|i| i.is_for_us),
        "status.update" => status(What::Edited).filter(|i| i.is_for_us),
        "delete" => Some(Incoming::deleted(data.trim(), 0)).filter(|i| !i.id.is_empty()),
        "notification" => {
            let told: wire::Notification = serde_json::from_str(&data).ok()?;
            let status = told.status.filter(|_| told.kind == "mention")?;
            let said = server.incoming(&status, What::Said, &account.id)?;
            Some(Incoming {
                is_for_us: true,
                ..said
            })
        }
        _ => None,
    }
}
