//! All connectors there are.

use crate::bluesky::Bluesky;
use crate::csv_url::{CsvFolder, CsvUrl};
use crate::facebook::Facebook;
use crate::hubspot::HubSpot;
use crate::jive::Jive;
use crate::linkedin::LinkedIn;
use crate::mail::Mail;
use crate::mastodon::Mastodon;
use crate::matrix::Matrix;
use crate::mattermost::Mattermost;
use crate::odoo::Odoo;
use crate::salesforce::Salesforce;
use crate::slack::Slack;
use crate::tryton::Tryton;
use crate::x::X;
use crate::{Channel, Network, Source};

/// Where customers say something.
pub fn channels() -> Vec<&'static dyn Channel> {
    static BLUESKY: Bluesky = Bluesky::new();
    vec![
        &Mail,
        &Mastodon,
        &BLUESKY,
        &Matrix,
        &Slack,
        &X,
        &Facebook,
        &LinkedIn,
        &Mattermost,
    ]
}

/// Where processes live.
pub fn sources() -> Vec<&'static dyn Source> {
    static TRYTON: Tryton = Tryton::new();
    static HUBSPOT: HubSpot = HubSpot::new();
    static SALESFORCE: Salesforce = Salesforce::new();
    static ODOO: Odoo = Odoo::new();
    static CSV: CsvUrl = CsvUrl::new();
    static FOLDER: CsvFolder = CsvFolder::new();
    vec![&TRYTON, &HUBSPOT, &SALESFORCE, &ODOO, &CSV, &FOLDER]
}

/// Where colleagues asked and answered before.
pub fn networks() -> Vec<&'static dyn Network> {
    vec![&Jive]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_of_one_each_and_every_one_says_what_it_needs() {
        let oauths = channels().into_iter().map(|c| (c.about(), c.oauth()));
        let oauths = oauths.chain(sources().into_iter().map(|s| (s.about(), s.oauth())));
        let oauths = oauths.filter_map(|(about, oauth)| Some((about, oauth?)));
        let abouts = channels().into_iter().map(|c| c.about());
        let abouts: Vec<_> = abouts
            .chain(sources().into_iter().map(|s| s.about()))
            .chain(networks().into_iter().map(|n| n.about()))
            .collect();
        let names: BTreeSet<_> = abouts.iter().map(|a| a.name).collect();
        assert_eq!(names.len(), abouts.len());
        for about in abouts {
            assert!(
                !about.title.is_empty() && !about.verified_by.is_empty(),
                "{}",
                about.name
            );
            assert!(
                about.guide.ends_with('.') && about.guide.len() < 300,
                "{}",
                about.name
            );
            let fields: BTreeSet<_> = about.fields.iter().map(|f| f.name).collect();
            // What the page that connects asks for itself.
            for own in ["name", "process", "act", "pipeline", "signed", "place"] {
                assert!(!fields.contains(own), "{}: {own}", about.name);
            }
            assert_eq!(fields.len(), about.fields.len(), "{}", about.name);
        }
        for (about, oauth) in oauths {
            let told = oauth.guide;
            assert!(told.ends_with('.') && told.len() < 300, "{}", about.name);
            let is_field = |name: &&str| about.fields.iter().any(|f| f.name == *name);
            assert!(oauth.pasted.iter().all(is_field), "{}", about.name);
        }
    }
}
