//! What every handler can reach.

use crate::delivery::Delivery;
use crate::desk::Desk;
use crate::improvements::Improvements;
use crate::jobs::Jobs;
use crate::processes::Library;
use crate::processes::uploads::Uploads;
use crate::share::Share;
use crate::work::Work;
use base::identity::Identity;
use base::policy::Site;
use std::sync::Arc;

/// The parts, shared: every handler has its own hold on them, so taking one costs nothing.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub identity: Identity,
    pub site: Arc<Site>,
    pub library: Library,
    pub improvements: Improvements,
    pub jobs: Jobs,
    pub work: Work,
    pub delivery: Delivery,
    pub desk: Desk,
    /// Where uploads wait for their import.
    pub uploads: Arc<Uploads>,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    pub fn new(parts: Parts) -> App {
        App(Arc::new(parts))
    }

    /// Posts of our own.
    pub fn share(&self) -> Share {
        Share::new(self.desk.connect().clone(), self.improvements.clone())
    }
}
