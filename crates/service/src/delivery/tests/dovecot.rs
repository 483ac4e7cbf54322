//! Starts a Dovecot for tests. Knows nothing of Tenon, so that tests of the whole binary use it too.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Who has the mailboxes, where the tests run as root; Dovecot runs as that user altogether.
const NOBODY: &str = "nobody";
/// What every user signs in with.
pub const PASSWORD: &str = "open-sesame";

/// A mail server of its own, which ends with this value.
pub struct Dovecot {
    pub folder: PathBuf,
    pub imap: u16,
    #[allow(dead_code, reason = "only tests of the whole binary use TLS")]
    pub imaps: u16,
    server: Child,
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its parts end with it, which they do not when it is killed.
        let _ = Command::new("kill")
            .arg(self.server.id().to_string())
            .status();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Dovecot {
    /// Starts a server with TLS by a certificate for localhost of an authority of its own (`ca.pem`).
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn start() -> Result<Dovecot, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let program = ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"];
        let program = program.iter().find(|p| Path::new(p).exists());
        let program = program.ok_or("the package dovecot-imapd is not installed")?;
        let folder = std::env::temp_dir().join(format!(
            "tenon-dovecot-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir_all(folder.join("mail")).map_err(|e| e.to_string())?;
        certificates(&folder)?;
        let (imap, imaps) = (free_port()?, free_port()?);
        let user = said(Command::new("id").arg("-un"))?;
        let is_root = user == "root";
        let runs_as = if is_root { NOBODY.into() } else { user };
        let group = said(Command::new("id").args(["-gn", &runs_as]))?;
        let users = ["reply", "other"].map(|u| format!("{u}:{{PLAIN}}{PASSWORD}\n"));
        write(&folder, "users", &users.concat())?;
        write(
            &folder,
            "dovecot.conf",
            &config(&folder, &runs_as, &group, imap, imaps),
        )?;
        if is_root {
            run(Command::new("chown")
                .args(["-R", &format!("{runs_as}:{group}")])
                .arg(&folder))?;
        }
        let mut server = match is_root {
            true => {
                let mut as_nobody = Command::new("setpriv");
                as_nobody
                    .args([format!("--reuid={runs_as}"), format!("--regid={group}")])
                    .args(["--clear-groups", program]);
                as_nobody
            }
            false => Command::new(program),
        };
        let server = server
            .args(["-F", "-c"])
            .arg(folder.join("dovecot.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| e.to_string())?;
        let dovecot = Dovecot {
            folder,
            imap,
            imaps,
            server,
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", imap)).is_ok() {
                return Ok(dovecot);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(dovecot.folder.join("log")).unwrap_or_default();
        Err(format!("it does not start: {log}"))
    }

    /// The same, or a loud word that nothing is tested with it.
    pub fn start_or_say() -> Option<Dovecot> {
        let started = Dovecot::start();
        if let Err(why) = &started {
            // Past the harness, which shows nothing of tests that pass.
            let told = format!("\n*** NOT TESTED WITH DOVECOT: {why} ***\n\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
        }
        started.ok()
    }

    /// The address of a mailbox without encryption.
    pub fn address(&self, user: &str) -> String {
        format!("imap://{user}:{PASSWORD}@127.0.0.1:{}/INBOX", self.imap)
    }

    /// Puts a mail into a mailbox, as a mail server would that got it.
    pub fn deliver(&self, user: &str, mail: &str) {
        let mut client = Client::open(self.imap, user);
        client.say(&format!("APPEND INBOX {{{}+}}\r\n{mail}", mail.len()));
    }

    /// What a client sees in a folder: a line of flags a mail.
    pub fn flags(&self, user: &str, folder: &str) -> Vec<String> {
        let mut client = Client::open(self.imap, user);
        client.say(&format!("SELECT \"{folder}\""));
        let all = client.say("FETCH 1:* (FLAGS)");
        let flags = all
            .lines()
            .filter_map(|l| l.split_once("(FLAGS (")?.1.split_once(')'));
        flags
            .map(|(f, _)| f.replace("\\Recent", "").trim().to_string())
            .collect()
    }

    /// Makes the server number the mails of a mailbox anew.
    pub fn number_anew(&self, user: &str) {
        let folder = self.folder.join("mail").join(user);
        for name in ["dovecot.index", "dovecot.index.log", "dovecot.index.cache"] {
            let _ = std::fs::remove_file(folder.join(name));
        }
        let list = std::fs::read_to_string(folder.join("dovecot-uidlist")).unwrap();
        let number = list[3..].split(' ').next().unwrap();
        let next: u64 = number[1..].parse::<u64>().unwrap() + 1;
        let list = list.replacen(number, &format!("V{next}"), 1);
        std::fs::write(folder.join("dovecot-uidlist"), list).unwrap();
    }
}

/// A client that says what it is told to.
pub struct Client {
    stream: std::io::BufReader<std::net::TcpStream>,
}

impl Client {
    pub fn open(port: u16, user: &str) -> Client {
        use std::io::BufRead;
        let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut client = Client {
            stream: std::io::BufReader::new(stream),
        };
        client.stream.read_line(&mut String::new()).unwrap();
        client.say(&format!("LOGIN {user} {PASSWORD}"));
        client
    }

    /// Everything the server says to a command that it has to do.
    pub fn say(&mut self, command: &str) -> String {
        use std::io::{BufRead, Write};
        write!(self.stream.get_mut(), "x {command}\r\n").unwrap();
        let mut all = String::new();
        loop {
            let begin = all.len();
            assert!(
                self.stream.read_line(&mut all).unwrap() > 0,
                "{command}: {all}"
            );
            if let Some(end) = all[begin..].strip_prefix("x ") {
                assert!(end.starts_with("OK"), "{command}: {all}");
                return all;
            }
        }
    }
}

fn config(folder: &Path, user: &str, group: &str, imap: u16, imaps: u16) -> String {
    let f = folder.display();
    format!(
        "protocols = imap\nlisten = 127.0.0.1\nbase_dir = {f}/run\nstate_dir = {f}/state\nlog_path = {f}/log\n\
         default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n\
         disable_plaintext_auth = no\nauth_failure_delay = 0\nauth_mechanisms = plain login\n\
         ssl = yes\nssl_cert = <{f}/localhost.pem\nssl_key = <{f}/localhost.key\n\
         mail_location = maildir:{f}/mail/%u\nmail_fsync = never\nfirst_valid_uid = 1\n\
         passdb {{\n driver = passwd-file\n args = {f}/users\n}}\n\
         userdb {{\n driver = static\n args = uid={user} gid={group} home={f}/mail/%u\n}}\n\
         service imap-login {{\n chroot =\n inet_listener imap {{\n port = {imap}\n }}\n inet_listener imaps {{\n port = {imaps}\n ssl = yes\n }}\n}}\n\
         service anvil {{\n chroot =\n unix_listener anvil-auth-penalty {{\n mode = 0\n }}\n}}\n"
    )
}

/// An authority, and what it says of localhost.
fn certificates(folder: &Path) -> Result<(), String> {
    write(
        folder,
        "leaf.ext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n",
    )?;
    let openssl = |words: &str| {
        run(Command::new("openssl")
            .args(words.split(' '))
            .current_dir(folder)
            .stderr(Stdio::null()))
        .map_err(|e| format!("openssl: {e}"))
    };
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=test -keyout ca.key -out ca.pem",
    )?;
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout localhost.key -out localhost.csr",
    )?;
    openssl(
        "x509 -req -in localhost.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext -out localhost.pem",
    )
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    std::fs::write(folder.join(name), text).map_err(|e| e.to_string())
}

fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    listener
        .local_addr()
        .map(|a| a.port())
        .map_err(|e| e.to_string())
}

fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| e.to_string())?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|e| e.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
