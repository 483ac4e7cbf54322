//! The simulation study: `cargo run --release -p stats --example study [replications] [threads] [seed] [part of a name]`.

use std::num::NonZeroUsize;

use stats::study::{Effort, run};

fn main() {
    let mut given = std::env::args()
        .skip(1)
        .map_while(|text| text.parse::<u64>().ok());
    let effort = Effort {
        replications: given.next().unwrap_or(2_000) as usize,
        threads: given
            .next()
            .and_then(|n| NonZeroUsize::new(n as usize))
            .or(std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN),
        seed: given.next().unwrap_or(20_261_125),
    };
    let wanted = std::env::args().nth(4).unwrap_or_default();
    let table = run(&effort, &wanted, |name| eprintln!("done: {name}"));
    println!("{} replications, seed {}\n", table.replications, table.seed);
    println!("{}", table.markdown());
}
