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

#[derive(Clone)]
pub struct App {
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

impl App {
    /// Posts of our own.
    pub fn share(&self) -> Share {
        Share::new(self.desk.connect().clone(), self.improvements.clone())
    }
}
