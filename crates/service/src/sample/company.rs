//! Halden, who sell meters: an invented company with its teams, people, customers and sales process.

use super::random::Random;

/// An activity with the step it belongs to, or `None` for an outcome.
pub const ACTIVITIES: [(&str, Option<usize>); 13] = [
    ("Lead assigned", Some(0)),
    ("First contact", Some(0)),
    ("Meeting held", Some(0)),
    ("Need recorded", Some(1)),
    ("Site survey", Some(1)),
    ("Proposal sent", Some(2)),
    ("Proposal revised", Some(2)),
    ("Terms discussed", Some(3)),
    ("Legal review", Some(3)),
    ("Contract sent", Some(4)),
    ("Won", None),
    ("Lost", None),
    ("Board approval", Some(4)),
];

pub const LEAD: usize = 0;
pub const CONTACT: usize = 1;
pub const MEETING: usize = 2;
pub const NEED: usize = 3;
pub const SURVEY: usize = 4;
pub const SENT: usize = 5;
pub const REVISED: usize = 6;
pub const TERMS: usize = 7;
pub const LEGAL: usize = 8;
pub const CONTRACT: usize = 9;
pub const WON: usize = 10;
pub const LOST: usize = 11;
/// Only from the day on which the board begins to approve contracts.
pub const APPROVAL: usize = 12;

/// A step: its name, median days in it, spread of the logarithm, and the share that goes on.
pub struct Step {
    pub name: &'static str,
    pub median_days: f64,
    pub sigma: f64,
    pub goes_on: f64,
}

pub const STEPS: [Step; 5] = [
    Step {
        name: "Establish trust",
        median_days: 11.4,
        sigma: 0.75,
        goes_on: 0.77,
    },
    Step {
        name: "Identify need",
        median_days: 7.1,
        sigma: 0.8,
        goes_on: 0.71,
    },
    Step {
        name: "Propose",
        median_days: 7.8,
        sigma: 0.7,
        goes_on: 0.61,
    },
    Step {
        name: "Negotiate",
        median_days: 12.6,
        sigma: 0.7,
        goes_on: 0.77,
    },
    Step {
        name: "Close",
        median_days: 4.2,
        sigma: 0.8,
        goes_on: 0.89,
    },
];

/// Reasons for a loss with their weights, a step each.
pub const REASONS: [&[(&str, f64)]; 5] = [
    &[
        ("No answer after three contacts", 0.46),
        ("No fit", 0.24),
        ("No budget this year", 0.18),
        ("", 0.12),
    ],
    &[
        ("No budget this year", 0.41),
        ("No answer after three contacts", 0.33),
        ("Chose a competitor", 0.15),
        ("", 0.11),
    ],
    &[
        ("Price", 0.44),
        ("Chose a competitor", 0.33),
        ("Postponed", 0.14),
        ("", 0.09),
    ],
    &[
        ("Terms not agreed", 0.48),
        ("Chose a competitor", 0.27),
        ("Postponed", 0.2),
        ("", 0.05),
    ],
    &[("Board said no", 0.6), ("Postponed", 0.4)],
];

pub const SOURCES: [(&str, f64); 4] = [
    ("Referral", 0.24),
    ("Website", 0.38),
    ("Trade fair", 0.16),
    ("Partner", 0.22),
];
pub const SEGMENTS: [(&str, f64); 4] = [
    ("Water utility", 0.34),
    ("Food and drink", 0.24),
    ("Housing", 0.27),
    ("Industry", 0.15),
];

const TEAMS: [&str; 12] = [
    "North", "Harbour", "Valley", "East", "South", "Lakes", "West", "Coast", "Hills", "Rivers",
    "Capital", "Islands",
];
const FIRST: [&str; 24] = [
    "Maren", "Tomasz", "Ines", "Olu", "Sofia", "Arjun", "Priya", "Beatriz", "Jonas", "Leila",
    "Marek", "Hanna", "Diego", "Aoife", "Yusuf", "Clara", "Emil", "Noor", "Petra", "Kwame",
    "Lucie", "Rafael", "Signe", "Wei",
];
const LAST: [&str; 24] = [
    "Voss", "Wilk", "Carvalho", "Adeyemi", "Brandt", "Raman", "Nair", "Lund", "Keller", "Haddad",
    "Novak", "Berg", "Suarez", "Byrne", "Demir", "Moreau", "Holm", "Aziz", "Kovac", "Mensah",
    "Dubois", "Costa", "Nygaard", "Zhang",
];
const ACCOUNT: [&str; 30] = [
    "Tidewater",
    "Penrose",
    "Hollin",
    "Kestrel",
    "Calder",
    "Alder",
    "Eastmoor",
    "Brightwell",
    "Fenwick",
    "Garnet",
    "Harrow",
    "Ivybridge",
    "Juniper",
    "Kingsley",
    "Larkfield",
    "Merrow",
    "Northgate",
    "Oakhurst",
    "Pinehill",
    "Quarry",
    "Redfern",
    "Saltmarsh",
    "Thornbury",
    "Ullswater",
    "Vale",
    "Westbrook",
    "Yarrow",
    "Ashdown",
    "Birchwood",
    "Coldharbour",
];
const TRADE: [&str; 20] = [
    "Water",
    "Foods",
    "Mills",
    "Aquafarms",
    "Estates",
    "Hospitals",
    "Dairies",
    "Works",
    "Housing",
    "Brewery",
    "Utilities",
    "Chemicals",
    "Gardens",
    "Textiles",
    "Bakeries",
    "Harbour",
    "Homes",
    "Paper",
    "Steel",
    "Energy",
];

/// The name of a team.
pub fn team(number: usize) -> String {
    match TEAMS.get(number) {
        Some(name) => name.to_string(),
        None => format!("Team {}", number + 1),
    }
}

/// People a team has.
pub const PEOPLE: usize = 4;

/// The name of a person of a team.
pub fn person(team: usize, number: usize) -> String {
    let at = team * PEOPLE + number;
    let last = LAST[(at * 7 + at / FIRST.len()) % LAST.len()];
    let round = at / (FIRST.len() * LAST.len());
    if round == 0 {
        format!("{} {last}", FIRST[at % FIRST.len()])
    } else {
        format!("{} {last} {}", FIRST[at % FIRST.len()], round + 1)
    }
}

/// People outside the teams.
pub const LAWYER: &str = "Agnes Roth";
pub const BOARD: &str = "Ruth Halden";
pub const SURVEYORS: [&str; 3] = ["Karl Ostrom", "Mina Sato", "Felix Amsel"];

/// A customer.
pub fn account(random: &mut Random) -> String {
    format!(
        "{} {}",
        ACCOUNT[random.below(ACCOUNT.len())],
        TRADE[random.below(TRADE.len())]
    )
}
