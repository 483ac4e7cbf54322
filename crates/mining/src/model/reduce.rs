//! Silent steps that change nothing, taken out. The complete runs of the net stay the same
//! (fusion of series places and transitions, Murata 1989, section V).

use super::petri::PetriNet;

/// Fuses places over silent steps with one input and one output. Places in `keep` stay, with their meaning.
pub(crate) fn reduce(net: &mut PetriNet, keep: &[u32]) {
    while let Some((t, from, to, take_over)) = candidate(net, keep) {
        net.transitions.swap_remove(t);
        let replace = |places: &mut Vec<u32>, old: u32, new: u32| {
            places
                .iter_mut()
                .filter(|p| **p == old)
                .for_each(|p| *p = new);
        };
        for transition in &mut net.transitions {
            match take_over {
                // A token in `from` could only move on.
                Side::Forward => replace(&mut transition.outputs, from, to),
                // A token in `to` could only come from `from`, and may as well wait there.
                Side::Back => replace(&mut transition.inputs, to, from),
            }
        }
        let gone = if take_over == Side::Forward { from } else { to };
        let stays = if take_over == Side::Forward { to } else { from };
        replace(&mut net.initial, gone, stays);
    }
    compact(net);
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Forward,
    Back,
}

fn candidate(net: &PetriNet, keep: &[u32]) -> Option<(usize, u32, u32, Side)> {
    let mut consumers = vec![0u32; net.places as usize];
    let mut producers = vec![0u32; net.places as usize];
    for transition in &net.transitions {
        transition
            .inputs
            .iter()
            .for_each(|&p| consumers[p as usize] += 1);
        transition
            .outputs
            .iter()
            .for_each(|&p| producers[p as usize] += 1);
    }
    let fixed = |p: u32| keep.contains(&p) || net.r#final.contains(&p);
    net.transitions
        .iter()
        .enumerate()
        .find_map(|(t, transition)| {
            let (&[from], &[to], None) = (
                &transition.inputs[..],
                &transition.outputs[..],
                &transition.label,
            ) else {
                return None;
            };
            if from == to {
                return None;
            }
            let twice = |side: fn(&super::petri::Transition) -> &Vec<u32>| {
                net.transitions
                    .iter()
                    .any(|t| side(t).contains(&from) && side(t).contains(&to))
            };
            if consumers[from as usize] == 1 && !fixed(from) && !twice(|t| &t.outputs) {
                return Some((t, from, to, Side::Forward));
            }
            let first = net.initial.contains(&to);
            if producers[to as usize] == 1 && !fixed(to) && !first && !twice(|t| &t.inputs) {
                return Some((t, from, to, Side::Back));
            }
            None
        })
}

/// Drops steps that say the same twice, or nothing. Places keep their numbers here: [`renumber`] closes the gaps.
fn compact(net: &mut PetriNet) {
    let mut kept: Vec<super::petri::Transition> = Vec::with_capacity(net.transitions.len());
    for mut transition in std::mem::take(&mut net.transitions) {
        transition.inputs.sort_unstable();
        transition.outputs.sort_unstable();
        let idle = transition.label.is_none() && transition.inputs == transition.outputs;
        if !idle && !kept.contains(&transition) {
            kept.push(transition);
        }
    }
    net.transitions = kept;
}

/// Numbers the places in use from 0 without gaps.
pub(crate) fn renumber(net: &mut PetriNet) {
    let mut new = vec![u32::MAX; net.places as usize];
    let mut count = 0;
    let lists = net
        .transitions
        .iter_mut()
        .flat_map(|t| [&mut t.inputs, &mut t.outputs]);
    for place in [&mut net.initial, &mut net.r#final]
        .into_iter()
        .chain(lists)
        .flatten()
    {
        let slot = &mut new[*place as usize];
        if *slot == u32::MAX {
            *slot = count;
            count += 1;
        }
        *place = *slot;
    }
    net.places = count;
}
