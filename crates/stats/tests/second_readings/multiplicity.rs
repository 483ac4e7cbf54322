use crate::shared::{close, numbers, r, reference};
use stats::multiplicity::{benjamini_hochberg, e_benjamini_hochberg, holm};

#[test]
fn adjusted_p_values_are_those_of_r() {
    let Some(r) = r() else { return };
    let p = numbers(&r["bh"]["p"]);
    for (i, (bh, holm)) in benjamini_hochberg(&p).iter().zip(holm(&p)).enumerate() {
        close("BH", *bh, &r["bh"]["BH"][i], 1e-14);
        close("Holm", holm, &r["bh"]["holm"][i], 1e-14);
    }
}

#[test]
fn e_values_reject_as_many() {
    let Some(reference) = reference() else { return };
    let example = &reference["sequential"]["eBH_example"];
    let adjusted = e_benjamini_hochberg(&numbers(&example["e"]));
    let level = example["alpha"].as_f64().unwrap();
    let rejected = adjusted.iter().filter(|a| **a <= level).count();
    assert_eq!(rejected as u64, example["n_rejected"].as_u64().unwrap());
}
