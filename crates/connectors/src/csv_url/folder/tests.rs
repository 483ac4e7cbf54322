use super::*;
use crate::source_contract::{Known, StandIn, Trouble, check};
use std::collections::BTreeSet;
use std::sync::Mutex;

const START: Micros = 1_780_000_000_000_000;
const MINUTE: Micros = 60_000_000;

type Files = BTreeMap<&'static str, (Micros, Vec<(u32, &'static str, Micros)>)>;

/// A folder of three files, whose columns have other names.
struct Peer {
    files: Mutex<Files>,
    is_forbidden: Mutex<bool>,
}

impl Peer {
    fn new() -> Peer {
        let mut files = Files::new();
        for (n, name) in ["a.csv", "b.csv", "c.csv"].into_iter().enumerate() {
            let cases = (n as u32 * 5 + 1)..=(n as u32 * 5 + 5);
            let moves = cases.flat_map(|case| {
                let at = START + Micros::from(case) * 700 * MINUTE;
                [(case, "New", at), (case, "Offer", at + 40 * MINUTE)]
            });
            files.insert(name, (START + n as i64, moves.collect()));
        }
        Peer {
            files: Mutex::new(files),
            is_forbidden: Mutex::new(false),
        }
    }
}

fn text(moves: &[(u32, &str, Micros)]) -> String {
    let rows = moves.iter().map(|(case, stage, at)| {
        let at = jiff::Timestamp::from_microsecond(*at).unwrap();
        format!("D-{case};{stage};{at}\n")
    });
    format!("Deal;Phase;Since\n{}", rows.collect::<String>())
}

impl StandIn for Peer {
    fn settings(&self) -> Settings {
        Settings::of([
            ("folder", "/srv/deals"),
            ("case_column", "Deal"),
            ("stage_column", "phase"),
            ("time_column", "Since"),
        ])
    }

    fn answer(&self, request: &Request) -> Response {
        assert_eq!(request.url, "folder:/srv/deals");
        let files = self.files.lock().unwrap();
        let file = request.headers.iter().find(|(name, _)| name == "file");
        let found = match file {
            Some((_, name)) => files.get(name.as_str()).map(|(_, moves)| text(moves)),
            None => {
                let listed = files.iter().map(|(name, (modified, moves))| Listed {
                    modified: *modified,
                    name: name.to_string(),
                    size: text(moves).len() as u64,
                });
                serde_json::to_string(&listed.collect::<Vec<_>>()).ok()
            }
        };
        let (status, body) = match found {
            _ if *self.is_forbidden.lock().unwrap() => (403, "it may not be read".into()),
            Some(body) => (200, body),
            None => (404, "it is not there".into()),
        };
        Response {
            status,
            headers: vec![("content-length".into(), body.len().to_string())],
            body: body.into_bytes(),
        }
    }

    fn known(&self) -> BTreeSet<Known> {
        let files = self.files.lock().unwrap();
        let moves = files.values().flat_map(|(_, moves)| moves);
        moves
            .map(|(case, stage, at)| (format!("D-{case}"), stage.to_string(), *at))
            .collect()
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        let mut files = self.files.lock().unwrap();
        let later = START + 30_000 * MINUTE;
        match trouble {
            Trouble::Expired | Trouble::ReadOnly | Trouble::SignedOut => return false,
            Trouble::Forbidden => *self.is_forbidden.lock().unwrap() = true,
            Trouble::Doubled => {
                let mut all: Vec<_> = files.values().flat_map(|(_, m)| m.clone()).collect();
                all.reverse();
                files.insert("again.csv", (START + 100, all));
            }
            Trouble::Moved => {
                let moves = [2, 13, 16].map(|case| (case, "Won", later));
                files.insert("d.csv", (START + 200, moves.into()));
                let (modified, old) = files.get_mut("b.csv").unwrap();
                *modified += 300;
                old.push((7, "Won", later));
            }
            Trouble::Edited => {
                let (modified, moves) = files.get_mut("a.csv").unwrap();
                *modified += 400;
                moves.push((1, "Review", later));
            }
            Trouble::Deleted => drop(files.remove("b.csv")),
        }
        true
    }
}

#[test]
fn passes_the_contract_of_sources() {
    check(&|| (Box::new(CsvFolder::with_page(4)), Box::new(Peer::new())));
}
