//! What surrounds every page.

use crate::assets;
use crate::processes::{Library, Problem};

/// A link to a process.
pub struct ProcessLink {
    pub name: String,
    pub slug: String,
}

pub struct Shell {
    pub title: String,
    /// Which entry of the navigation is current.
    pub section: &'static str,
    pub processes: Vec<ProcessLink>,
    pub current: Option<ProcessLink>,
    pub search: String,
    pub assets: &'static str,
}

impl Shell {
    pub fn bare(title: &str) -> Shell {
        Shell {
            title: title.into(),
            section: "",
            processes: Vec::new(),
            current: None,
            search: String::new(),
            assets: assets::version(),
        }
    }

    pub async fn new(
        library: &Library,
        title: &str,
        section: &'static str,
        current: Option<(&str, &str)>,
    ) -> Result<Shell, Problem> {
        let processes = library
            .list()
            .await?
            .into_iter()
            .map(|p| ProcessLink {
                name: p.name,
                slug: p.slug,
            })
            .collect();
        let current = current.map(|(name, slug)| ProcessLink {
            name: name.into(),
            slug: slug.into(),
        });
        Ok(Shell {
            section,
            processes,
            current,
            ..Shell::bare(title)
        })
    }
}
