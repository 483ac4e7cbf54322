use super::*;
use crate::contract;

#[test]
fn it_passes_the_suite() {
    contract::channel(&LinkedIn, &stand_in::stand_in());
}
