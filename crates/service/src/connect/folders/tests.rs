use super::*;
use crate::connect::Connect;
use crate::connect::tests::ground;
use base::clock::Clock;
use connectors::Settings;
use mining::time::{HOUR, MINUTE};
use std::os::unix::fs::symlink;
use store::testing::{folder, on_both};

fn ask(folders: &Folders, folder: &Path, file: Option<&str>) -> (u16, String) {
    let mut request = Request::get(format!("folder:{}", folder.display()));
    if let Some(file) = file {
        request = request.header("file", file);
    }
    let answer = folders.answer(&request).unwrap();
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[test]
fn no_path_and_no_link_leads_out_of_what_is_allowed() {
    let (allowed, elsewhere) = (folder(), folder());
    std::fs::create_dir_all(allowed.join("deals")).unwrap();
    std::fs::create_dir_all(allowed.join("sub.csv")).unwrap();
    std::fs::write(allowed.join("deals/a.csv"), "a").unwrap();
    std::fs::write(allowed.join("deals/notes.txt"), "no").unwrap();
    std::fs::write(elsewhere.join("secret.csv"), "secret").unwrap();
    symlink(elsewhere.join("secret.csv"), allowed.join("deals/out.csv")).unwrap();
    symlink(&elsewhere, allowed.join("away")).unwrap();
    symlink(allowed.join("deals/a.csv"), allowed.join("deals/b.csv")).unwrap();
    let folders = Folders::parse(&format!(" {} ,", allowed.display()));
    let (status, listed) = ask(&folders, &allowed.join("deals"), None);
    let files: Vec<Listed> = serde_json::from_str(&listed).unwrap();
    let mut names: Vec<String> = files.into_iter().map(|f| f.name).collect();
    names.sort();
    assert_eq!((status, names), (200, vec!["a.csv".into(), "b.csv".into()]));
    let deals = allowed.join("deals");
    assert_eq!(ask(&folders, &deals, Some("a.csv")), (200, "a".into()));
    for name in [
        "out.csv",
        "notes.txt",
        "../deals/a.csv",
        "none.csv",
        "/etc/x.csv",
    ] {
        assert_eq!(ask(&folders, &deals, Some(name)).0, 404, "{name}");
    }
    for path in [
        elsewhere.clone(),
        allowed.join("away"),
        allowed.join(".."),
        allowed.join("none"),
        PathBuf::from("deals"),
        PathBuf::from("/etc"),
    ] {
        let (status, said) = ask(&folders, &path, None);
        assert_eq!(status, 403, "{path:?}");
        assert!(said.contains("TENON_CSV_FOLDERS"), "{said}");
    }
    let none = Folders::parse("");
    assert_eq!(ask(&none, &allowed, None).0, 403);
}

#[test]
fn a_folder_is_connected_with_guessed_columns_and_read_when_it_is_due() {
    on_both(async |db| {
        let place = folder();
        let first = "Deal ID,Stage,Date\n1,New,2026-02-01 09:00\n1,Offer,2026-02-02 09:00\n2,New,2026-02-03 09:00\n";
        std::fs::write(place.join("first.csv"), first).unwrap();
        let (connect, clock, [ines, _]) = ground(db, "").await;
        let (work, site) = (connect.work().clone(), connect.inner.site.clone());
        let seal = crate::connect::seal::Seal::of(&"a1".repeat(32)).unwrap();
        let outbound = connect.inner.postman.0.clone();
        let connect =
            Connect::new(work, site, outbound, seal).with_folders(&place.display().to_string());
        let folder = place.display().to_string();
        let mut settings = Settings::of([("folder", folder.as_str()), ("every", "hour")]);
        let columns = connect
            .guess_columns("folder", &mut settings)
            .await
            .unwrap();
        assert_eq!(columns, ["Deal ID", "Stage", "Date"]);
        let chosen =
            ["case_column", "stage_column", "time_column"].map(|c| settings.get(c).to_string());
        assert_eq!(chosen, ["Deal ID", "Stage", "Date"]);
        let added = connect.add_source(&ines, "folder", "Deals", &settings, "folder");
        let (id, process) = added.await.unwrap();
        let pass = async || {
            while connect.pass().await.unwrap() {}
            connect.library().fold_all().await.unwrap();
            let row = connect.library().process(&process).await.unwrap();
            (row.cases, row.events)
        };
        assert_eq!(pass().await, (2, 3));
        let second = "Deal ID,Stage,Date\n2,New,2026-02-03 09:00\n2,Won,2026-02-05 09:00\n";
        std::fs::write(place.join("second.csv"), second).unwrap();
        clock.set(clock.now() + 2 * MINUTE);
        assert_eq!(pass().await, (2, 3), "an hour was chosen");
        clock.set(clock.now() + HOUR);
        // What was told before adds nothing.
        assert_eq!(pass().await, (2, 4));
        std::fs::remove_file(place.join("first.csv")).unwrap();
        clock.set(clock.now() + HOUR);
        assert_eq!(pass().await, (2, 4));
        let pipeline = connect.find(&id).await.unwrap().pipeline.unwrap();
        let stages: Vec<String> = pipeline.stages.into_iter().map(|s| s.name).collect();
        assert_eq!(stages, ["New", "Offer", "Won"], "none is taken away");
        std::fs::write(place.join("third.csv"), "Deal ID,Stage,Date\n3,New,soon\n").unwrap();
        clock.set(clock.now() + HOUR);
        pass().await;
        let said = connect.find(&id).await.unwrap().row.error.unwrap();
        assert!(
            said.contains("third.csv, line 2: column Date: \"soon\" is no time"),
            "{said}"
        );
    });
}
