//! Messages on their way into the store, many in one transaction.
//!
//! A commit costs the disk one turn whatever it holds. So those who post wait in a queue, one task takes all that are
//! waiting, writes them in one transaction, and answers each when that transaction is safe: no writer waits for
//! another's turn, and what was answered is on the disk.

use super::live::Live;
use base::activity::Kind;
use base::problem::Problem;
use std::collections::HashMap;
use store::mailboxes::{self, Taken};
use store::work::{self, ConversationRow, NewMessage};
use store::{Db, Tx};
use tokio::sync::{mpsc, oneshot};

/// How many are written at once.
const AT_ONCE: usize = 256;
/// How many may wait; who comes then waits to be let into the queue.
const WAITING: usize = 4_096;

/// A message, and the conversation it opens if there is none.
pub struct Order {
    pub new: NewMessage,
    pub opens: Option<ConversationRow>,
    /// What the record calls it.
    pub kind: Kind,
    /// The mail it came by, which is taken in with it.
    pub mail: Option<Taken>,
}

struct Waiting {
    order: Order,
    answer: oneshot::Sender<Result<i64, Problem>>,
}

/// The way into the queue.
#[derive(Clone)]
pub struct Posts {
    queue: mpsc::Sender<Waiting>,
}

impl Posts {
    /// Starts the task that writes.
    pub fn start(db: Db, live: Live) -> Posts {
        let (queue, waiting) = mpsc::channel(WAITING);
        tokio::spawn(write_all(db, live, waiting));
        Posts { queue }
    }

    /// Posts a message; answers with its number once it is safe.
    pub async fn post(&self, order: Order) -> Result<i64, Problem> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { order, answer };
        if self.queue.send(waiting).await.is_err() {
            return Err(stopped());
        }
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> Problem {
    Problem::new(
        503,
        "stopping",
        "This server is being stopped.",
        "Try again in a moment.",
    )
}

async fn write_all(db: Db, live: Live, mut waiting: mpsc::Receiver<Waiting>) {
    while let Some(first) = waiting.recv().await {
        // Who comes while another writes is taken along.
        let tx = db.begin().await;
        let others = std::iter::from_fn(|| waiting.try_recv().ok());
        let batch = std::iter::once(first).chain(others.take(AT_ONCE - 1));
        let (orders, answers): (Vec<Order>, Vec<_>) = batch.map(|w| (w.order, w.answer)).unzip();
        let tx = match tx {
            Ok(tx) => tx,
            Err(problem) => {
                refuse_all(answers, problem);
                continue;
            }
        };
        match write(tx, &orders).await {
            Ok(ids) => {
                live.wake();
                for (answer, id) in answers.into_iter().zip(ids) {
                    let _ = answer.send(Ok(id));
                }
            }
            // One that cannot be written does not take the others with it.
            Err(_) if orders.len() > 1 => {
                for (order, answer) in orders.into_iter().zip(answers) {
                    let done = write_one(&db, &order).await;
                    let _ = answer.send(done.map_err(Problem::from));
                }
                live.wake();
            }
            Err(problem) => refuse_all(answers, problem),
        }
    }
}

fn refuse_all(answers: Vec<oneshot::Sender<Result<i64, Problem>>>, problem: sqlx::Error) {
    let problem = Problem::from(problem);
    for answer in answers {
        let _ = answer.send(Err(problem.clone()));
    }
}

async fn write_one(db: &Db, order: &Order) -> sqlx::Result<i64> {
    let ids = write(db.begin().await?, std::slice::from_ref(order)).await?;
    Ok(ids[0])
}

/// Writes orders in one transaction; the numbers of their messages, also of those that were posted before.
async fn write(mut tx: Tx, orders: &[Order]) -> sqlx::Result<Vec<i64>> {
    let clients: Vec<(&str, &str)> = orders
        .iter()
        .filter_map(|o| Some((o.new.author.as_str(), o.new.client.as_deref()?)))
        .collect();
    let mut known: HashMap<(String, String), i64> = HashMap::new();
    for (author, client, id) in work::known_clients(&mut tx, &clients).await? {
        known.insert((author, client), id);
    }
    // The first of those that say the same again is written, the others are answered with its number.
    let mut fresh: Vec<usize> = Vec::with_capacity(orders.len());
    let mut firsts: HashMap<(&str, &str), usize> = HashMap::new();
    for (i, order) in orders.iter().enumerate() {
        if let Some(client) = &order.new.client {
            let key = (order.new.author.as_str(), client.as_str());
            let is_known = known.contains_key(&(key.0.to_string(), key.1.to_string()));
            if is_known || firsts.contains_key(&key) {
                continue;
            }
            firsts.insert(key, i);
        }
        fresh.push(i);
    }
    let mut opened: Vec<&str> = Vec::new();
    for &i in &fresh {
        if let Some(row) = &orders[i].opens
            && !opened.contains(&row.id.as_str())
        {
            work::insert(&mut tx, row).await?;
            opened.push(&row.id);
        }
    }
    let new: Vec<NewMessage> = fresh.iter().map(|&i| orders[i].new.clone()).collect();
    let kinds: Vec<&str> = fresh.iter().map(|&i| orders[i].kind.word()).collect();
    let ids = work::post(&mut tx, &new, &kinds).await?;
    for mail in orders.iter().filter_map(|o| o.mail.as_ref()) {
        if !mailboxes::take_in(&mut tx, mail).await? {
            return Err(sqlx::Error::RowNotFound);
        }
    }
    tx.commit().await?;
    let written: HashMap<usize, i64> = fresh.into_iter().zip(ids).collect();
    let of = |(i, order): (usize, &Order)| {
        written.get(&i).copied().or_else(|| {
            let client = order.new.client.clone()?;
            let key = (order.new.author.as_str(), client.as_str());
            let first = firsts.get(&key).and_then(|f| written.get(f)).copied();
            first.or_else(|| known.get(&(key.0.to_string(), client.clone())).copied())
        })
    };
    orders
        .iter()
        .enumerate()
        .map(|o| of(o).ok_or(sqlx::Error::RowNotFound))
        .collect()
}
