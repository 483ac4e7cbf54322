//! Which company a customer belongs to, and how it goes with that company: an account is what an attribute of her case names.

use super::Desk;
use super::relation::{Knows, Month, knows, median, months};
use crate::processes::fit;
use crate::processes::view::Loaded;
use base::identity::Actor;
use base::problem::Problem;
use mining::log::Column;
use mining::{EventLog, Micros};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use store::desk::{self, ContactRow, HandleRow, ThreadRow};

/// Contacts on a page.
pub const CONTACTS: usize = 50;
/// Contacts and cases of an account that are named.
const MOST: usize = 100;
/// Cases by which contacts of a company are looked for.
const CASES: usize = 500;
/// Attributes of a case that say which company it is about.
const COMPANY: [&str; 8] = [
    "account",
    "company",
    "organisation",
    "organization",
    "customer",
    "client",
    "firm",
    "party",
];

/// Whether an attribute of cases names a company.
pub fn names_company(attribute: &str) -> bool {
    rank(attribute).is_some()
}

fn rank(attribute: &str) -> Option<usize> {
    let name = attribute.rsplit([':', '.']).next().unwrap_or(attribute);
    COMPANY.iter().position(|c| name.eq_ignore_ascii_case(c))
}

/// The attributes of a log that name companies, those first that count first.
fn columns(log: &EventLog) -> Vec<&Column> {
    let all = log.case_columns.iter();
    let mut all: Vec<(usize, &Column)> = all
        .filter(|c| c.codes().is_some())
        .filter_map(|c| Some((rank(&c.name)?, c)))
        .collect();
    all.sort_by_key(|(rank, _)| *rank);
    all.into_iter().map(|(_, c)| c).collect()
}

/// The attribute that names the company of a case, and its name.
fn company<'a>(columns: &[&'a Column], case: usize) -> Option<(&'a str, &'a str)> {
    columns.iter().find_map(|c| {
        let name = c.text(case)?.trim();
        (!name.is_empty()).then_some((c.name.as_str(), name))
    })
}

/// The cases of companies that are meant, with the company of each.
fn cases_of(log: &EventLog, is_meant: impl Fn(&str) -> bool) -> Vec<(usize, &str)> {
    let columns = columns(log);
    let mut found = Vec::new();
    let mut all: Vec<usize> = Vec::new();
    for (codes, dict) in columns.iter().filter_map(|c| c.codes()) {
        let meant: HashSet<u32> = (0..dict.len() as u32)
            .filter(|code| is_meant(dict.get(*code).trim()))
            .collect();
        if !meant.is_empty() {
            all.extend((0..codes.len()).filter(|case| meant.contains(&codes[*case])));
        }
    }
    all.sort_unstable();
    all.dedup();
    for case in all {
        if let Some((_, name)) = company(&columns, case)
            && is_meant(name)
        {
            found.push((case, name));
        }
    }
    found
}

/// A customer in a list.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Listed {
    pub id: String,
    pub name: String,
    pub handles: Vec<Handle>,
    /// The company her case is about.
    pub account: Option<String>,
    /// Id of the process, and the name of her case there.
    pub process: Option<String>,
    pub case: Option<String>,
    /// Since when she objects to being answered or kept.
    pub objected: Option<Micros>,
    pub conversations: i64,
    /// How many of them wait for an answer.
    pub open: i64,
    /// When something was said last.
    pub last: Option<Micros>,
}

/// What a customer is called where she writes.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Handle {
    /// The kind of channel, such as `mastodon`.
    pub channel: String,
    pub handle: String,
    pub name: String,
}

/// A case of an account.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AccountCase {
    pub process: String,
    /// As in addresses.
    pub slug: String,
    pub case: String,
    pub step: Option<String>,
}

/// A company, and how it goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub name: String,
    pub contacts: Vec<Listed>,
    pub cases: Vec<AccountCase>,
    /// How many there are, also of those that are not named.
    pub all_contacts: usize,
    pub all_cases: usize,
    /// Threads that wait for an answer, longest first.
    pub open: Vec<ThreadRow>,
    pub knows: Vec<Knows>,
    /// Half of the replies came within this.
    pub fast: Option<Micros>,
    pub months: Vec<Month>,
}

impl Desk {
    /// A page of contacts by name, behind one: those with a text in their name, in a handle or in the name of their company.
    pub async fn contacts(
        &self,
        actor: &Actor,
        text: &str,
        behind: &str,
    ) -> Result<Vec<Listed>, Problem> {
        Self::admit(actor)?;
        let text = text.trim();
        let db = self.connect().db();
        let mut of_companies = Vec::new();
        if !text.is_empty() {
            let small = text.to_lowercase();
            let meant = |name: &str| name.to_lowercase().contains(&small);
            let rows = self.of_companies(meant).await?.1;
            of_companies.extend(rows.into_iter().map(|c| c.id));
        }
        let rows = desk::contacts(db, text, &of_companies, behind, CONTACTS as i64).await?;
        self.listed(rows).await
    }

    /// The cases of companies that are meant, and the contacts whose cases they are.
    async fn of_companies(
        &self,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<(Vec<(AccountCase, String)>, Vec<ContactRow>), Problem> {
        let (mut cases, mut contacts) = (Vec::new(), Vec::new());
        let library = self.work().library();
        for process in library.list().await? {
            let loaded = library.load(&process.id).await?;
            let found = cases_of(&loaded.log, &is_meant);
            let place = fit::step_of(&loaded.log, &loaded.steps);
            let names: Vec<String> = found
                .iter()
                .take(CASES)
                .map(|(case, _)| loaded.log.case_name(*case).to_string())
                .collect();
            contacts
                .extend(desk::contacts_of_cases(self.connect().db(), &process.id, &names).await?);
            cases.extend(found.into_iter().enumerate().map(|(n, (case, company))| {
                let named = AccountCase {
                    process: process.name.clone(),
                    slug: process.slug.clone(),
                    case: loaded.log.case_name(case).to_string(),
                    step: Some(case).filter(|_| n < MOST).and_then(|case| {
                        let last = fit::path(&loaded.log, &place, case).pop()?;
                        Some(loaded.steps.steps[last].name.clone())
                    }),
                };
                (named, company.to_string())
            }));
        }
        Ok((cases, contacts))
    }

    /// Contacts with what is shown of them in lists.
    pub async fn listed(&self, rows: Vec<ContactRow>) -> Result<Vec<Listed>, Problem> {
        let db = self.connect().db();
        let ids: Vec<String> = rows.iter().map(|c| c.id.clone()).collect();
        let handles = desk::handles_of(db, &ids).await?;
        let threads = desk::threads_by_contact(db, &ids).await?;
        let threads: HashMap<String, (i64, i64, Micros)> = threads
            .into_iter()
            .map(|(id, n, open, last)| (id, (n, open, last)))
            .collect();
        let mut accounts = HashMap::new();
        let processes: HashSet<&String> = rows.iter().filter_map(|c| c.process.as_ref()).collect();
        for process in processes {
            let loaded = self.work().library().load(process).await?;
            let here = rows.iter().filter(|c| c.process.as_ref() == Some(process));
            let named = accounts_in(&loaded, here.filter_map(|c| c.case_ref.as_deref()));
            accounts.extend(
                named
                    .into_iter()
                    .map(|(case, (_, name))| ((process.as_str(), case), name)),
            );
        }
        let listed = rows.iter().map(|c| {
            let of = threads.get(&c.id).copied();
            let place = (
                c.process.as_deref().unwrap_or_default(),
                c.case_ref.clone().unwrap_or_default(),
            );
            Listed {
                handles: handles
                    .iter()
                    .filter(|h| h.contact == c.id)
                    .map(shown)
                    .collect(),
                account: accounts.get(&place).cloned(),
                process: c.process.clone(),
                case: c.case_ref.clone(),
                objected: c.objected,
                conversations: of.map_or(0, |t| t.0),
                open: of.map_or(0, |t| t.1),
                last: of.map(|t| t.2),
                id: c.id.clone(),
                name: c.name.clone(),
            }
        });
        Ok(listed.collect())
    }

    /// The attribute that names the company a case is about, and the company.
    pub async fn account_of(
        &self,
        process: &str,
        case: &str,
    ) -> Result<Option<(String, String)>, Problem> {
        let loaded = self.work().library().load(process).await?;
        Ok(accounts_in(&loaded, [case].into_iter()).remove(case))
    }

    /// Contacts of a company, by name.
    pub async fn contacts_of(&self, account: &str, most: usize) -> Result<Vec<Listed>, Problem> {
        let small = account.trim().to_lowercase();
        let (_, mut rows) = self.of_companies(|n| n.to_lowercase() == small).await?;
        rows.truncate(most);
        self.listed(rows).await
    }

    /// A company by its name, in whatever letters.
    pub async fn account(&self, actor: &Actor, name: &str) -> Result<Account, Problem> {
        Self::admit(actor)?;
        let small = name.trim().to_lowercase();
        let (cases, contacts) = self.of_companies(|n| n.to_lowercase() == small).await?;
        let Some(name) = cases.first().map(|(_, name)| name.clone()) else {
            return Err(Problem::not_found("account"));
        };
        let db = self.connect().db();
        let all_contacts = self.count_contacts(&cases).await?;
        let all_cases = cases.len();
        let ids: Vec<String> = contacts.iter().map(|c| c.id.clone()).collect();
        let mut talk = Vec::new();
        for id in ids.iter().take(MOST) {
            talk.extend(desk::talk_with(db, id, super::relation::MOST).await?);
        }
        talk.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
        let answers = desk::answers(db, &ids).await?;
        let shown = contacts.into_iter().take(MOST).collect();
        Ok(Account {
            name,
            contacts: self.listed(shown).await?,
            cases: cases.into_iter().take(MOST).map(|(case, _)| case).collect(),
            all_contacts,
            all_cases,
            open: desk::open_of_contacts(db, &ids, MOST as i64).await?,
            fast: median(answers.iter().filter_map(|a| a.2).collect()),
            knows: knows(answers, self.shows_people().await),
            months: months(&talk),
        })
    }

    /// How many contacts there are of cases.
    async fn count_contacts(&self, cases: &[(AccountCase, String)]) -> Result<usize, Problem> {
        let mut all = 0;
        for process in self.work().library().list().await? {
            let here = cases.iter().filter(|(c, _)| c.slug == process.slug);
            let names: Vec<String> = here.map(|(c, _)| c.case.clone()).collect();
            for some in names.chunks(CASES) {
                all += desk::count_of_cases(self.connect().db(), &process.id, some).await?;
            }
        }
        Ok(all as usize)
    }

    /// Whether figures of single people may be looked at.
    pub(super) async fn shows_people(&self) -> bool {
        let set = crate::settings::individual(self.connect().db()).await;
        set.is_shown()
    }
}

fn shown(row: &HandleRow) -> Handle {
    Handle {
        channel: row.kind.clone(),
        handle: row.handle.clone(),
        name: row.name.clone(),
    }
}

/// The companies of cases: by case, the attribute and the name.
fn accounts_in<'a>(
    loaded: &Loaded,
    cases: impl Iterator<Item = &'a str>,
) -> HashMap<String, (String, String)> {
    let columns = columns(&loaded.log);
    if columns.is_empty() {
        return HashMap::new();
    }
    let cases = loaded.cases_named(cases);
    let named = cases.into_iter().filter_map(|(name, case)| {
        let (attribute, company) = company(&columns, case)?;
        Some((name.to_string(), (attribute.into(), company.into())))
    });
    named.collect()
}
