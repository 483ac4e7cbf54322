//! A Petri net made small for searching: labels as numbers, silent steps that decide nothing fused away.

use crate::log::{Dict, NONE};
use crate::model::petri::PetriNet;

pub struct Transition {
    /// Code in the dictionary given to [`Net::new`], or [`NONE`] for a silent step.
    pub label: u32,
    pub inputs: Vec<u32>,
    pub outputs: Vec<u32>,
}

pub struct Net {
    pub places: usize,
    pub transitions: Vec<Transition>,
    pub initial: Vec<u32>,
    pub r#final: Vec<u32>,
}

impl Net {
    /// Adds the model's labels to `names`.
    pub fn new(model: &PetriNet, names: &mut Dict) -> Net {
        let transitions = model
            .transitions
            .iter()
            .map(|t| Transition {
                label: t.label.as_deref().map_or(NONE, |label| names.intern(label)),
                inputs: t.inputs.clone(),
                outputs: t.outputs.clone(),
            })
            .collect();
        let mut net = Net {
            places: model.places as usize,
            transitions,
            initial: model.initial.clone(),
            r#final: model.r#final.clone(),
        };
        while net.fuse_one() {}
        net
    }

    /// Fusion of series places (Murata 1989, section V): a silent step from `p` to `q` goes, and `p` and `q` become one place,
    /// when it is the only way out of `p` or the only way into `q`. The visible language stays the same.
    fn fuse_one(&mut self) -> bool {
        let mut ways_out = vec![0u32; self.places];
        let mut ways_in = vec![0u32; self.places];
        for t in &self.transitions {
            t.inputs.iter().for_each(|&p| ways_out[p as usize] += 1);
            t.outputs.iter().for_each(|&p| ways_in[p as usize] += 1);
        }
        let fusible = |t: &Transition| {
            let (&[p], &[q]) = (t.inputs.as_slice(), t.outputs.as_slice()) else {
                return false;
            };
            let only_way_out = ways_out[p as usize] == 1;
            let only_way_in = ways_in[q as usize] == 1 && !self.initial.contains(&q);
            t.label == NONE
                && (p == q || !self.r#final.contains(&p) && (only_way_out || only_way_in))
        };
        let Some(at) = self.transitions.iter().position(fusible) else {
            return false;
        };
        let silent = self.transitions.swap_remove(at);
        let (p, q) = (silent.inputs[0], silent.outputs[0]);
        let rename =
            |places: &mut Vec<u32>| places.iter_mut().filter(|x| **x == q).for_each(|x| *x = p);
        for t in &mut self.transitions {
            rename(&mut t.inputs);
            rename(&mut t.outputs);
        }
        rename(&mut self.initial);
        rename(&mut self.r#final);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::ProcessTree;

    #[test]
    fn silent_steps_that_decide_nothing_disappear() {
        let net = "->('a', *('b', tau), X('c', tau))"
            .parse::<ProcessTree>()
            .unwrap()
            .to_petri();
        let small = Net::new(&net, &mut Dict::new());
        let silent = small.transitions.iter().filter(|t| t.label == NONE).count();
        assert_eq!(
            (net.transitions.len(), small.transitions.len(), silent),
            (7, 5, 2)
        );
    }
}
