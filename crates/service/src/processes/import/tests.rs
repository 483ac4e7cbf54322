use super::*;
use base::clock::{Clock, SystemClock};

struct House {
    library: Library,
    folder: PathBuf,
}

impl House {
    async fn open() -> House {
        let clock = Arc::new(SystemClock);
        let folder = std::env::temp_dir().join(format!("tenon-import-{}", clock.id().simple()));
        let library = Library::open(&folder, None, clock).await.unwrap();
        House { library, folder }
    }

    async fn import(&self, name: &str, text: &str, options: ReadOptions) -> Outcome {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        let request = ImportRequest {
            path,
            file_name: name.into(),
            process: None,
            options,
            actor: "test".into(),
        };
        self.library.import(request, Arc::default()).await.unwrap()
    }

    /// All that the page sends when a person confirms what it shows.
    async fn as_the_page_says(&self, name: &str, text: &str) -> ReadOptions {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        let mut options = ReadOptions::default();
        let asked = self.library.question(&path, name, &options.csv);
        let question = asked.await.unwrap().question;
        match question {
            Question::Columns(preview) => options.csv = preview.mapping.as_said(),
            Question::Objects(preview) => options.object_type = preview.proposed,
            Question::Nothing => {}
        }
        options
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

const TABLE: &str = "case,activity,time,who\n1,a,2026-01-05,Ann\n1,b,2026-01-06,Bob\n";
const OBJECTS: &str = include_str!("../../../../mining/tests/fixtures/orders.ocel2.json");

#[tokio::test]
async fn the_same_file_adds_nothing_whether_the_page_or_the_command_line_came_first() {
    for (name, text) in [("a.csv", TABLE), ("a.json", OBJECTS)] {
        for page_first in [true, false] {
            let house = House::open().await;
            let page = house.as_the_page_says(name, text).await;
            let mut options = [page, ReadOptions::default()];
            if !page_first {
                options.reverse();
            }
            let [first, second] = options;
            let added = house.import(name, text, first.clone()).await;
            assert!(added.already.is_none() && added.events_added > 0, "{name}");
            for again in [second, first] {
                let outcome = house.import(name, text, again).await;
                assert!(
                    outcome.already.is_some(),
                    "{name}, page first: {page_first}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_is_read_in_another_way_is_another_import() {
    let house = House::open().await;
    house.import("a.csv", TABLE, ReadOptions::default()).await;
    let mut by_person = ReadOptions::default();
    by_person.csv.case = Some("who".into());
    let outcome = house.import("a.csv", TABLE, by_person).await;
    assert_eq!((outcome.already, outcome.cases_added), (None, 2));
}

#[tokio::test]
async fn confirmed_columns_are_used_for_a_file_written_in_another_way() {
    let house = House::open().await;
    let mut said = ReadOptions::default();
    said.csv.date_format = Some(csv::DateFormat::Dmy);
    let first = "case;activity;time\n1;a;03/04/2026\n1;b;04/04/2026\n";
    house.import("first.csv", first, said).await;
    for (name, text) in [
        (
            "iso.csv",
            "case,activity,time\r2,a,2026-04-03\r2,b,2026-04-04\r",
        ),
        (
            "epoch.csv",
            "case\tactivity\ttime\n3\ta\t1775174400\n3\tb\t1775260800\n",
        ),
        (
            "same.csv",
            "case,activity,time\n4,a,03/04/2026\n4,b,04/04/2026\n",
        ),
    ] {
        let outcome = house.import(name, text, ReadOptions::default()).await;
        assert_eq!(outcome.events_added, 2, "{name}");
        let told = &outcome.notes[0].text;
        assert!(
            told.contains("as they were confirmed") && told.contains("--csv-case"),
            "{told}"
        );
        let log = house
            .library
            .load(&outcome.process)
            .await
            .unwrap()
            .log
            .clone();
        assert_eq!(log.time[0], 1_775_174_400_000_000, "{name}");
    }
}

#[test]
fn more_at_once_than_there_are_connections_are_all_taken_in() {
    store::testing::on_both(|db| async move {
        let folder = store::testing::folder();
        let all = Library::with(db, &folder, Arc::new(SystemClock));
        let all = all.await.unwrap();
        let deals = all.make("Deals", "test").await.unwrap();
        let mut under_way = tokio::task::JoinSet::new();
        for n in 0..24 {
            // Some into one process, some into one of their own.
            let process = (n % 2 == 0).then(|| deals.id.clone());
            let path = folder.join(format!("{n}.csv"));
            let text = format!("case,activity,time\n{n},a,2026-01-05\n{n},b{n},2026-01-06\n");
            std::fs::write(&path, text).unwrap();
            let (all, file_name) = (all.clone(), format!("{n}.csv"));
            under_way.spawn(async move {
                let request = ImportRequest {
                    path,
                    file_name,
                    process,
                    options: ReadOptions::default(),
                    actor: "test".into(),
                };
                all.import(request, Arc::default()).await.unwrap()
            });
        }
        let done = under_way.join_all().await;
        assert!(
            done.iter()
                .all(|o| (o.cases_added, o.events_added) == (1, 2))
        );
        let deals = all.process(&deals.id).await.unwrap();
        assert_eq!((deals.cases, deals.events), (12, 24));
        assert_eq!(all.list().await.unwrap().len(), 13);
        std::fs::remove_dir_all(folder).unwrap();
    });
}

#[tokio::test]
async fn a_second_file_of_one_name_makes_a_process_of_another_name_and_says_so() {
    let house = House::open().await;
    house.import("a.csv", TABLE, ReadOptions::default()).await;
    let other = TABLE.replace("Ann", "Eve");
    let outcome = house.import("a.csv", &other, ReadOptions::default()).await;
    assert_eq!(
        (outcome.name.as_str(), outcome.slug.as_str()),
        ("a (2)", "a-2")
    );
    let told = outcome
        .notes
        .iter()
        .find(|n| n.code == "name_taken")
        .unwrap();
    assert!(told.text.contains("--process a)"), "{}", told.text);
}
