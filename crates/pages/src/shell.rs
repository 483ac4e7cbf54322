//! What surrounds every page.

use base::format;
use base::identity::{Actor, Role};
use service::app::App;
use service::assets;
use service::processes::Problem;

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
    /// Who looks at it; nobody before signing in.
    pub me: Option<Me>,
    /// Before signing in there is nowhere to go.
    pub is_door: bool,
    /// What she was told and has not read.
    pub unread: usize,
}

/// Who is signed in, as pages show and ask it.
pub struct Me {
    pub name: String,
    pub initials: String,
    pub hue: u32,
    role: Role,
}

impl Me {
    fn of(actor: &Actor) -> Me {
        Me {
            name: actor.name().into(),
            initials: format::initials(actor.name()),
            hue: format::hue(actor.name()),
            role: actor.role(),
        }
    }

    pub fn is_guest(&self) -> bool {
        self.role == Role::Guest
    }

    pub fn is_manager(&self) -> bool {
        self.role >= Role::Manager
    }

    pub fn is_owner(&self) -> bool {
        self.role == Role::Owner
    }
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
            me: None,
            is_door: false,
            unread: 0,
        }
    }

    /// A page for who has not signed in.
    pub fn door(title: &str) -> Shell {
        Shell {
            is_door: true,
            ..Shell::bare(title)
        }
    }

    pub fn is_guest(&self) -> bool {
        self.me.as_ref().is_some_and(Me::is_guest)
    }

    /// Before it is known who looks, nothing is hidden: the gate refuses what may not be.
    pub fn is_manager(&self) -> bool {
        self.me.as_ref().is_none_or(Me::is_manager)
    }

    pub fn is_owner(&self) -> bool {
        self.me.as_ref().is_none_or(Me::is_owner)
    }

    pub async fn new(
        app: &App,
        actor: &Actor,
        title: &str,
        section: &'static str,
        current: Option<(&str, &str)>,
    ) -> Result<Shell, Problem> {
        // Which processes there are is nothing a guest learns.
        let processes = match actor.role() {
            Role::Guest => Vec::new(),
            _ => app.library.list().await?,
        };
        let processes = processes
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
            current: current.filter(|_| actor.role() > Role::Guest),
            me: Some(Me::of(actor)),
            ..Shell::bare(title)
        })
    }
}
