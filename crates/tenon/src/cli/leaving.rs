//! By which way things leave: shared by the commands that send and receive.

use service::delivery::Config;

#[derive(clap::Args, Clone)]
pub struct Leaving {
    /// Mail server, such as smtps://user:password@mail.example.com; without one no mail leaves
    #[arg(long, env = "TENON_SMTP", hide_env_values = true)]
    smtp: Option<String>,
    /// Who sends mail, such as 'Tenon <tenon@example.com>'
    #[arg(long, env = "TENON_MAIL_FROM")]
    mail_from: Option<String>,
    /// What stands before the plus of the addresses that answers go to
    #[arg(long, env = "TENON_MAIL_REPLY", default_value = "reply")]
    mail_reply: String,
    /// Mailbox that answers are fetched from, such as imaps://user:password@mail.example.com/INBOX
    #[arg(long, env = "TENON_IMAP", hide_env_values = true)]
    imap: Option<String>,
    /// Folder that answers are moved to once they are taken in; they stay, marked as read, without one
    #[arg(long, env = "TENON_IMAP_MOVE")]
    imap_move: Option<String>,
    /// How many seconds mail about a conversation waits for more of it
    #[arg(long, env = "TENON_MAIL_GROUP", default_value_t = 120)]
    mail_group: u32,
    /// Hosts that webhooks and mailboxes may be at although they are not public, with commas between them
    #[arg(long, env = "TENON_ALLOW_HOSTS", default_value = "")]
    allow_hosts: String,
    /// Folders on this machine that sources may read CSV files from, with commas between them
    #[arg(long, env = "TENON_CSV_FOLDERS", default_value = "")]
    csv_folders: String,
    /// Hosts of push services of your own that are not public; everybody here can make Tenon send to them
    #[arg(long, env = "TENON_PUSH_HOSTS", default_value = "")]
    push_hosts: String,
}

impl Leaving {
    pub fn config(self) -> Config {
        Config {
            smtp: self.smtp,
            mail_from: self.mail_from,
            mail_reply: Some(self.mail_reply),
            imap: self.imap,
            imap_move: self.imap_move,
            allow_hosts: self.allow_hosts,
            csv_folders: self.csv_folders,
            push_hosts: self.push_hosts,
            group: Some(i64::from(self.mail_group) * 1_000_000),
        }
    }
}
