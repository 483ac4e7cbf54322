use super::*;
use crate::contract;

#[test]
fn it_passes_the_suite() {
    contract::channel(&Mattermost, &stand_in::stand_in());
}

fn deliver(body: &str, token: &str) -> Result<Delivered, Fault> {
    let settings = Settings::of([("hook_token", token)]);
    let delivery = Delivery {
        method: "POST",
        url: "",
        headers: &[],
        body: body.as_bytes(),
    };
    Mattermost
        .deliver(&settings, &Account::default(), &delivery, 0)
        .unwrap()
}

#[test]
fn a_hook_is_known_by_its_token_in_a_form_or_in_json() {
    let form =
        "token=abc&post_id=p1&user_id=u1&user_name=ada&text=hi+there%21&timestamp=1531420618000";
    let json = json!({"token": "abc", "post_id": "p1", "user_id": "u1", "user_name": "ada", "text": "hi there!", "timestamp": 1_531_420_618_000_i64});
    for body in [form, &json.to_string()] {
        let Ok(Delivered::Said(said)) = deliver(body, "abc") else {
            panic!("{body}")
        };
        assert_eq!(
            (said[0].id.as_str(), said[0].text.as_str(), said[0].at),
            ("p1", "hi there!", 1_531_420_618_000_000)
        );
        for token in ["ab", "", "abcd"] {
            assert!(
                matches!(deliver(body, token), Err(Fault::Refused(_))),
                "{token}"
            );
        }
    }
}

#[test]
fn a_command_is_known_by_its_own_token() {
    let settings = Settings::of([("hook_token", "abc"), ("command_token", "def")]);
    let ask = |token: &str| {
        let body = format!(
            "token={token}&command=%2Ftenon&text=case+D-1042&user_id=u1&user_name=ada&trigger_id=t1"
        );
        let form = "application/x-www-form-urlencoded";
        let headers = [("content-type".to_string(), form.to_string())];
        let delivery = Delivery {
            method: "POST",
            url: "",
            headers: &headers,
            body: body.as_bytes(),
        };
        Mattermost.command(&settings, &delivery, 0).unwrap()
    };
    let command = ask("def").unwrap();
    assert_eq!(
        (command.user.as_str(), command.text.as_str()),
        ("u1", "case D-1042")
    );
    for wrong in ["abc", "", "de"] {
        assert!(ask(wrong).is_err(), "{wrong}");
    }
}
