//! Starts a PostgreSQL for tests. Knows nothing of Tenon, so that tests of the whole binary use it too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// An empty folder of its own.
pub fn folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = std::env::temp_dir().join(format!(
        "tenon-test-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    ));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Starts a server that ends with this process; returns its port.
pub fn start() -> Result<u16, String> {
    let newest = std::fs::read_dir("/usr/lib/postgresql")
        .map_err(|_| "the package postgresql is not installed".to_string())?;
    let bin = newest
        .flatten()
        .map(|e| e.path().join("bin"))
        .filter(|p| p.join("initdb").exists())
        .max()
        .ok_or("no initdb")?;
    let folder = folder();
    let data = folder.join("pg");
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|o| o.stdout.starts_with(b"0\n"));
    if root {
        // PostgreSQL refuses to run as root.
        run(Command::new("chown").arg("postgres").arg(&folder))?;
    }
    let command = |program: &Path| {
        if root {
            let mut c = Command::new("setpriv");
            c.args([
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                "--pdeathsig=TERM",
            ])
            .arg(program);
            c
        } else {
            Command::new(program)
        }
    };
    run(command(&bin.join("initdb"))
        .args([
            "-U",
            "tenon",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "-D",
        ])
        .arg(&data))?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .map_err(|e| e.to_string())?
        .port();
    let mut server = command(&bin.join("postgres"));
    server
        .arg("-D")
        .arg(&data)
        .args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=200",
        ])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", folder.display()))
        .current_dir(&folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // The server is told to end with the thread that started it, so that thread must outlive every test.
    std::thread::spawn(move || server.spawn().and_then(|mut child| child.wait()));
    for _ in 0..100 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            // Accepting is not yet answering; the pool retries, but give it the moment it needs.
            std::thread::sleep(std::time::Duration::from_millis(300));
            return Ok(port);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err("the server did not start".into())
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|e| e.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
