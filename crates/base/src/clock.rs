//! The only place that reads the time, and the only one that draws random numbers.

use mining::Micros;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// Tells the time; passed to whoever needs it, so that tests decide what time it is.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> Micros;

    /// A new identifier that sorts by time.
    fn id(&self) -> Uuid;

    /// 32 bytes nobody can guess, for what opens a door.
    fn secret(&self) -> anyhow::Result<[u8; 32]> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("no random numbers: {e}"))?;
        Ok(bytes)
    }
}

/// The clock of the machine.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the time"
    )]
    fn now(&self) -> Micros {
        jiff::Timestamp::now().as_microsecond()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that draws identifiers"
    )]
    fn id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A clock that stands where it was set: for living through an invented past, and for tests.
pub struct SetClock(AtomicI64);

impl SetClock {
    pub fn at(moment: Micros) -> SetClock {
        SetClock(AtomicI64::new(moment))
    }

    pub fn set(&self, moment: Micros) {
        self.0.store(moment, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Micros {
        self.0.load(Ordering::Relaxed)
    }

    fn id(&self) -> Uuid {
        SystemClock.id()
    }
}
