//! The worlds that are tried.

use crate::claim::Order;
use crate::simulate::{Chosen, Setting};

/// A world and how its roll-out is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What is tried.
    pub name: &'static str,
    /// The world.
    pub setting: Setting,
    /// How the order came about, as the verdict is told.
    pub order: Order,
    /// Whether other methods are tried too.
    pub compare: bool,
    /// Whether it is held to a gate.
    pub gated: bool,
    /// Whether the verdict is told of a lesson in the same teams at the same time.
    pub lesson: bool,
}

/// Names of the scenarios that gates refer to.
pub(super) mod name {
    pub(in crate::study) const NONE_6: &str = "no effect, 6 teams";
    pub(in crate::study) const NONE_12: &str = "no effect, 12 teams";
    pub(in crate::study) const NONE_20: &str = "no effect, 20 teams";
    pub(in crate::study) const FIFTEEN: &str = "15% sooner, 12 teams";
    pub(in crate::study) const GROWING: &str = "effects grow, early teams gain more";
}

/// All of them.
pub fn scenarios() -> Vec<Scenario> {
    let plain = |name: &'static str, teams: usize, a_week: f64, effect: f64| Scenario {
        name,
        setting: Setting {
            effect: vec![effect],
            ..Setting::usual(teams, a_week)
        },
        order: Order::DrawnByLot,
        compare: true,
        gated: true,
        lesson: false,
    };
    let broken = |name: &'static str, change: &dyn Fn(&mut Scenario)| {
        let mut scenario = Scenario {
            compare: false,
            gated: false,
            ..plain(name, 12, 10.0, 0.0)
        };
        change(&mut scenario);
        scenario
    };
    vec![
        plain(name::NONE_6, 6, 20.0, 0.0),
        plain(name::NONE_12, 12, 10.0, 0.0),
        plain(name::NONE_20, 20, 10.0, 0.0),
        plain(name::FIFTEEN, 12, 10.0, -0.2),
        broken("no effect, 12 teams of very different sizes", &|s| {
            s.setting.sizes = 1.2
        }),
        broken("8% sooner, 12 teams", &|s| s.setting.effect = vec![-0.1]),
        broken("22% sooner, 12 teams", &|s| s.setting.effect = vec![-0.3]),
        Scenario {
            setting: Setting {
                effect: vec![-0.45, -0.2, -0.05],
                grows_over: 8.0,
                ..Setting::usual(12, 10.0)
            },
            ..plain(name::GROWING, 12, 10.0, 0.0)
        },
        broken(
            "15% sooner, order chosen at random but not by Tenon",
            &|s| {
                s.setting.effect = vec![-0.2];
                s.order = Order::Chosen;
            },
        ),
        broken("no effect, order chosen at random but not by Tenon", &|s| {
            s.order = Order::Chosen;
            s.compare = true;
        }),
        broken(
            "regression to the mean: the worst four weeks start first",
            &|s| {
                s.setting.chosen = Chosen::WorstFirst;
                (s.setting.luck, s.setting.lasting) = (0.2, 0.7);
                s.order = Order::Chosen;
            },
        ),
        broken("own trend: starters get 18% faster a year anyway", &|s| {
            s.setting.own_trend = -0.2;
            s.order = Order::Chosen;
        }),
        broken("own trend: starters get 45% faster a year anyway", &|s| {
            s.setting.own_trend = -0.6;
            s.order = Order::Chosen;
        }),
        broken("use chosen by the user, no effect", &|s| {
            s.setting.by_use = true
        }),
        broken("use chosen by the user, users 39% sooner", &|s| {
            s.setting.by_use = true;
            s.setting.effect = vec![-0.5];
        }),
        broken(
            "a lesson (15% sooner) in the same teams at the same time, untold",
            &|s| {
                s.setting.effect = vec![-0.2];
            },
        ),
        broken(
            "a lesson (15% sooner) in the same teams at the same time, told",
            &|s| {
                s.setting.effect = vec![-0.2];
                s.lesson = true;
            },
        ),
        broken(
            "teams with the tool hand over half of their hard cases",
            &|s| {
                s.setting.handed_over = 0.5;
            },
        ),
        broken("open cases are sped up too", &|s| {
            s.setting.effect = vec![-0.3];
            s.setting.open_cases_too = true;
        }),
        broken("2 of 12 teams start, at one date, by lot", &|s| {
            s.setting.waves = vec![(16, 2)]
        }),
        broken("a transition shifts by 5 points", &|s| {
            s.setting.goes_on = 0.05
        }),
        broken("a transition shifts by 10 points", &|s| {
            s.setting.goes_on = 0.10
        }),
        broken("20 teams, 5,200 cases a month, nothing shifts", &|s| {
            s.setting = Setting::usual(20, 60.0);
        }),
    ]
}
