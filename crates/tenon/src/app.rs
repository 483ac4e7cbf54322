//! What every handler can reach.

use crate::improvements::Improvements;
use crate::jobs::Jobs;
use crate::processes::Library;
use crate::processes::uploads::Uploads;
use std::sync::Arc;

#[derive(Clone)]
pub struct App {
    pub library: Library,
    pub improvements: Improvements,
    pub jobs: Jobs,
    /// Where uploads wait for their import.
    pub uploads: Arc<Uploads>,
}
