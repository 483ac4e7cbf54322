//! The process map: which moves to show, where to put them, and the SVG.
//!
//! Steps are columns, activities stand in their column in the order they usually come. The layout is our own: a
//! general graph layout would hide the order of the steps, which is what people know the process by.

pub mod drawing;
mod layout;
mod route;
mod svg;
mod text;

use mining::figures::{EdgeKind, Figures};

pub use svg::{escape, standalone};
pub use text::{clip, lines};

/// A map, drawn.
pub struct Drawn {
    pub svg: String,
    pub shown: usize,
    pub of: usize,
    /// Share of all moves that is shown, in percent.
    pub moves: String,
}

/// As many moves as a person can read at once.
const READABLE: usize = 22;
/// The fewest moves the slider shows.
const FEWEST: usize = 6;

/// How many of the moves a detail of 0 to 100 shows: growing by a constant factor, so each bit of the slider tells.
fn wanted(total: usize, detail: u32) -> usize {
    let fewest = FEWEST.min(total) as f64;
    if total <= FEWEST {
        return total;
    }
    (fewest * (total as f64 / fewest).powf(f64::from(detail) / 100.0)).round() as usize
}

/// The detail that shows what can be read.
pub fn default_detail(figures: &Figures) -> u32 {
    let total = ways(figures).len();
    (0..=100)
        .rev()
        .find(|&d| wanted(total, d) <= READABLE.max(FEWEST))
        .unwrap_or(0)
}

/// Makes the address that a move leads to, from the names of its two activities.
pub type Link<'a> = Option<&'a dyn Fn(&str, &str) -> String>;

/// Draws the map with the given detail. `link` makes the address a move leads to.
pub fn draw(figures: &Figures, detail: u32, selected: Option<usize>, link: Link) -> Drawn {
    let ways = ways(figures);
    let chosen = choose(figures, &ways, wanted(ways.len(), detail));
    let placed = layout::place(figures, &chosen);
    let all: u64 = ways.iter().map(|&i| figures.edges[i].count).sum();
    let shown: u64 = chosen.iter().map(|&i| figures.edges[i].count).sum();
    Drawn {
        svg: svg::draw(figures, &chosen, &placed, selected, link),
        shown: chosen.len(),
        of: ways.len(),
        moves: base::format::percent(shown as f64 / all.max(1) as f64),
    }
}

/// The map as a file of its own, in the colours of the viewer's system.
pub fn file(figures: &Figures, detail: u32) -> String {
    standalone(
        &draw(figures, detail, None, None).svg,
        &crate::assets::css(),
    )
}

/// The moves a map can show, most frequent first. Losses are told below the columns instead.
fn ways(figures: &Figures) -> Vec<usize> {
    (0..figures.edges.len())
        .filter(|&i| figures.edges[i].kind != EdgeKind::Lost)
        .collect()
}

/// The most frequent moves, and for each activity they touch the strongest way in and out, so that nothing hangs loose.
fn choose(figures: &Figures, ways: &[usize], wanted: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> = ways.iter().copied().take(wanted).collect();
    let mut nodes: Vec<u32> = chosen
        .iter()
        .flat_map(|&i| [figures.edges[i].from_activity, figures.edges[i].to_activity])
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut grown = 0;
    while grown < nodes.len() {
        let node = nodes[grown];
        grown += 1;
        let other = |i: &usize, into: bool| {
            let e = &figures.edges[*i];
            e.kind != EdgeKind::SelfLoop
                && if into {
                    e.to_activity == node
                } else {
                    e.from_activity == node
                }
        };
        for into in [true, false] {
            let begins = figures.activities[node as usize].starts * 2
                > figures.activities[node as usize].cases;
            let ends = figures.activities[node as usize].ends * 2
                > figures.activities[node as usize].cases;
            if (into && begins) || (!into && ends) || chosen.iter().any(|i| other(i, into)) {
                continue;
            }
            // Edges are sorted by count, so the first that fits is the strongest.
            if let Some(i) = ways.iter().copied().find(|i| other(i, into)) {
                chosen.push(i);
                let e = &figures.edges[i];
                for n in [e.from_activity, e.to_activity] {
                    if !nodes.contains(&n) {
                        nodes.push(n);
                    }
                }
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use mining::figures::{Options, Selection, Step, Steps};
    use mining::log::LogBuilder;
    use mining::time::MISSING;

    /// One case through activities `a0` to `a19`, the first of them twice, all in one step with a name of its own.
    fn tall(name: &str) -> Figures {
        let mut log = LogBuilder::new();
        let case = log.case("1");
        let names: Vec<String> = (0..20).map(|i| format!("a{i}")).collect();
        log.event(case, "a0", MISSING, MISSING);
        for activity in &names {
            log.event(case, activity, MISSING, MISSING);
        }
        let log = log.finish();
        let steps = Steps {
            steps: vec![Step {
                name: name.into(),
                activities: names,
            }],
            ..Steps::default()
        };
        Figures::of(&log, &steps, &Selection::all(&log), &Options::default()).unwrap()
    }

    fn view_box(svg: &str) -> Vec<f64> {
        let text = svg.split("viewBox=\"").nth(1).unwrap();
        let text = text.split('"').next().unwrap();
        text.split(' ').map(|n| n.parse().unwrap()).collect()
    }

    #[test]
    fn a_step_with_many_activities_takes_several_columns() {
        let drawn = draw(&tall("All"), 100, None, None);
        let [_, _, width, height] = view_box(&drawn.svg)[..] else {
            panic!("{}", drawn.svg)
        };
        assert!(width > 400.0 && height < 1_300.0, "{width} by {height}");
    }

    #[test]
    fn a_loop_at_the_left_edge_and_its_label_are_inside_the_picture() {
        let drawn = draw(&tall("All"), 100, None, None);
        assert!(drawn.svg.contains("again"));
        assert!(view_box(&drawn.svg)[0] < -10.0, "{}", drawn.svg);
    }

    #[test]
    fn a_long_heading_is_clipped_to_its_columns_and_told_in_full_by_its_title() {
        let name =
            "Determine whether the stop indication of the confirmation is necessary, and why";
        let drawn = draw(&tall(name), 100, None, None);
        assert!(drawn.svg.contains(&format!("<title>{name}</title>")));
        assert!(!drawn.svg.contains(&format!(">{name}</text>")));
    }
}
