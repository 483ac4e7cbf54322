//! Tokens in addresses of cases: who writes to one lands on its case. A token follows from the case and a key of the installation, so that
//! nobody can make one, and nothing of the case can be read in it.

use super::Connect;
use crate::delivery::sign;
use base::identity::secret::hex;
use base::problem::Problem;
use store::connections::{self, CHANNEL, ON};

/// 80 bits: guessing one means sending as many mails.
const BYTES: usize = 10;

/// The token of a case. Small letters and digits, for some mail servers lower the rest.
pub(super) fn of_case(key: &[u8], process: &str, case: &str) -> String {
    let said = format!("case address\0{process}\0{case}");
    hex(&sign::mac(key, said.as_bytes())[..BYTES])
}

pub(super) fn may_be_one(token: &str) -> bool {
    token.len() == 2 * BYTES && token.bytes().all(|b| b.is_ascii_hexdigit())
}

impl Connect {
    pub(super) async fn token_key(&self) -> Result<&[u8; 32], Problem> {
        let made = || sign::kept(self.db(), self.clock());
        self.inner.token_key.get_or_try_init(made).await
    }

    /// Addresses whose mail lands on a case: one a channel that has such addresses and looks for its cases in this process.
    pub async fn addresses(&self, process: &str, case: &str) -> Result<Vec<String>, Problem> {
        let mut found = Vec::new();
        for row in connections::list(self.db()).await? {
            let is_its = row.what == CHANNEL && row.state == ON;
            if !is_its || row.process.as_deref() != Some(process) {
                continue;
            }
            let (Ok(channel), Ok(settings)) = (self.channel(&row.kind), self.settings(&row)) else {
                continue;
            };
            let token = of_case(self.token_key().await?, process, case);
            found.extend(channel.address(&settings, &token));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_that_of_one_case_of_one_process_and_of_one_installation() {
        let token = of_case(b"key", "proc_1", "Saari");
        assert!(may_be_one(&token), "{token}");
        assert_eq!(token, of_case(b"key", "proc_1", "Saari"));
        for other in [
            of_case(b"other", "proc_1", "Saari"),
            of_case(b"key", "proc_2", "Saari"),
            of_case(b"key", "proc_1", "Saari "),
        ] {
            assert_ne!(token, other);
        }
        assert!(!may_be_one("k7") && !may_be_one(&"z".repeat(20)));
    }
}
