//! What comes beside words is named, and not fetched.

use super::*;
use connectors::channel::Media;

#[test]
fn a_post_that_is_only_a_picture_says_so() {
    on_both(|db| async move {
        let house = House::open(db).await;
        let with = |kind: &str, description: &str| Media {
            url: "https://elsewhere.example/x.png".into(),
            kind: kind.into(),
            description: description.into(),
        };
        house.tell(Incoming {
            media: vec![with("image/png", "A meter on a <b>wall</b>")],
            ..said("m1", "Aino Saari", "", MONDAY)
        });
        house.tell(Incoming {
            media: vec![with("gifv", ""), with("application/pdf", "Offer.pdf")],
            ..said("m2", "Per Torv", "Look.", MONDAY)
        });
        house.after(0).await;
        let threads = house.open_threads().await;
        let titles: Vec<&str> = threads.iter().map(|t| t.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "[a picture: A meter on a <b>wall</b>]",
                "Look. [a video] [a file: Offer.pdf]"
            ]
        );
        let full = house
            .desk
            .thread(&house.maren, &threads[1].id)
            .await
            .unwrap();
        assert_eq!(
            full.said[0].body,
            "Look.\n\n[a video]\n\n[a file: Offer.pdf]"
        );
    });
}
