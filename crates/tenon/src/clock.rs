//! The only place that reads the time, and the only one that draws random numbers.

use mining::Micros;
use uuid::Uuid;

/// Tells the time; passed to whoever needs it, so that tests decide what time it is.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> Micros;

    /// A new identifier that sorts by time.
    fn id(&self) -> Uuid;
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
