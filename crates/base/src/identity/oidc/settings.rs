//! How the identity provider is set up, from flags or the environment.

use crate::identity::Role;
use anyhow::{Context, ensure};

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Its address, as it writes it itself.
    pub issuer: String,
    pub client: String,
    /// None for a public client.
    pub secret: Option<String>,
    /// What the button says: "Sign in with" and this.
    pub name: String,
    /// What is asked for, with blanks between.
    pub scopes: String,
    /// The claim that lists groups.
    pub groups: String,
    /// Group and role; `*` is everybody. Empty: everybody is a member, and roles are kept here.
    pub roles: Vec<(String, Role)>,
    /// Group and name of the team; `*` for the group means that every group is a team of its name.
    pub teams: Vec<(String, String)>,
    /// Anybody may have an account there: only who is here already is let in.
    pub is_public: bool,
    /// It takes no PKCE and puts no nonce into its tokens.
    pub is_old: bool,
}

/// LinkedIn, which is a provider of OpenID Connect but for what [`Settings::is_old`] says.
const LINKEDIN: &str = "www.linkedin.com";

impl Settings {
    pub fn new(issuer: &str, client: &str) -> anyhow::Result<Settings> {
        let issuer = issuer.trim().to_string();
        let host = host(&issuer).with_context(|| {
            format!("{issuer} is no address of an identity provider; write it as https://login.example.com")
        })?;
        ensure!(
            is_safe(&issuer),
            "{issuer} is not encrypted; an identity provider is reached by https"
        );
        ensure!(
            !client.trim().is_empty(),
            "the identity provider needs a client id: set TENON_OIDC_CLIENT_ID"
        );
        let is_linkedin = host == LINKEDIN;
        Ok(Settings {
            name: if is_linkedin { "LinkedIn" } else { host }.to_string(),
            is_public: is_linkedin,
            is_old: is_linkedin,
            client: client.trim().into(),
            secret: None,
            scopes: "openid email profile".into(),
            groups: "groups".into(),
            roles: Vec::new(),
            teams: Vec::new(),
            issuer,
        })
    }

    /// What only works together.
    pub fn checked(self) -> anyhow::Result<Settings> {
        ensure!(
            !self.is_old || self.secret.is_some(),
            "{} needs a client secret: set TENON_OIDC_CLIENT_SECRET",
            self.name
        );
        Ok(self)
    }

    /// `tenon-admins=owner,sales=member`
    pub fn with_roles(self, text: &str) -> anyhow::Result<Settings> {
        let mut roles = Vec::new();
        for (group, word) in pairs(text)? {
            let role = Role::parse(&word).with_context(|| {
                format!("{group}={word}: {word} is no role; choose owner, manager, member or guest")
            })?;
            roles.push((group, role));
        }
        Ok(Settings { roles, ..self })
    }

    /// `sales-north=North,sales-south=South`, or `*` for a team from every group
    pub fn with_teams(self, text: &str) -> anyhow::Result<Settings> {
        let teams = match text.trim() {
            "*" => vec![("*".into(), "*".into())],
            text => pairs(text)?,
        };
        Ok(Settings { teams, ..self })
    }

    /// The highest role that the groups give. `None`: none of them is let in.
    pub fn role(&self, groups: &[String]) -> Option<Role> {
        if self.roles.is_empty() {
            return Some(Role::Member);
        }
        let given = self.roles.iter();
        given
            .filter(|(group, _)| group == "*" || groups.contains(group))
            .map(|(_, role)| *role)
            .max()
    }

    /// Groups and the names of the teams that come of them.
    pub fn teams(&self, groups: &[String]) -> Vec<(String, String)> {
        if self.teams.iter().any(|(group, _)| group == "*") {
            return groups.iter().map(|g| (g.clone(), g.clone())).collect();
        }
        let mapped = self.teams.iter();
        mapped
            .filter(|(group, _)| groups.contains(group))
            .cloned()
            .collect()
    }
}

fn pairs(text: &str) -> anyhow::Result<Vec<(String, String)>> {
    let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    parts
        .map(|part| {
            // Names of groups may hold an equals sign, as in LDAP; what comes of them holds none.
            let (group, to) = part
                .rsplit_once('=')
                .with_context(|| format!("{part}: write group=name, with commas between"))?;
            Ok((group.trim().to_string(), to.trim().to_string()))
        })
        .collect()
}

fn host(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_plain = !host.is_empty() && !host.contains(['@', ' ']);
    is_plain.then_some(host)
}

/// Encrypted, or on this machine.
pub fn is_safe(url: &str) -> bool {
    let Some(host) = host(url) else { return false };
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    url.starts_with("https://") || ["localhost", "127.0.0.1", "::1"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_encrypted_or_on_this_machine() {
        for (issuer, ok) in [
            ("https://login.example.com/tenant", true),
            ("http://localhost:4000", true),
            ("http://[::1]:4000", true),
            ("http://login.example.com", false),
            ("http://localhost@evil.example", false),
            ("http://localhost.evil.example", false),
            ("login.example.com", false),
        ] {
            assert_eq!(Settings::new(issuer, "tenon").is_ok(), ok, "{issuer}");
        }
    }

    #[test]
    fn linkedin_is_known_by_its_host_and_needs_a_secret() {
        let new = |issuer| Settings::new(issuer, "tenon").unwrap();
        let linkedin = new("https://www.linkedin.com/oauth");
        assert_eq!(linkedin.name, "LinkedIn");
        assert!(linkedin.is_public && linkedin.is_old);
        assert!(linkedin.clone().checked().is_err());
        let secret = Some("s".to_string());
        assert!(Settings { secret, ..linkedin }.checked().is_ok());
        let other = new("https://www.linkedin.com.example");
        assert!(!other.is_public && !other.is_old && other.checked().is_ok());
    }

    #[test]
    fn groups_give_the_highest_role_and_their_teams() {
        let all = Settings::new("https://a.example", "tenon").unwrap();
        let groups = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(all.role(&groups(&[])), Some(Role::Member));
        let all = all.with_roles("admins=owner, cn=sales=member").unwrap();
        let all = all.with_teams("cn=sales=North").unwrap();
        assert_eq!(
            all.role(&groups(&["cn=sales", "admins"])),
            Some(Role::Owner)
        );
        assert_eq!(all.role(&groups(&["cn=sales"])), Some(Role::Member));
        assert_eq!(all.role(&groups(&["others"])), None);
        let north = vec![("cn=sales".to_string(), "North".to_string())];
        assert_eq!(all.teams(&groups(&["cn=sales", "x"])), north);
        let every = all.with_teams("*").unwrap().teams(&groups(&["x"]));
        assert_eq!(every, [("x".to_string(), "x".to_string())]);
        let wrong = Settings::new("https://a.example", "t").unwrap();
        assert!(wrong.with_roles("admins=boss").is_err());
    }
}
