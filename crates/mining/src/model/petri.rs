//! Labelled Petri nets with an initial and a final marking, with arc weights of one.

/// Places are numbered `0..places`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PetriNet {
    pub places: u32,
    pub transitions: Vec<Transition>,
    /// Tokens at the start: places, repeated for more than one token.
    pub initial: Vec<u32>,
    /// Tokens at the end. A run is complete when exactly these are marked.
    pub r#final: Vec<u32>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transition {
    /// The activity seen in the log, or `None` for a silent step.
    pub label: Option<String>,
    pub inputs: Vec<u32>,
    pub outputs: Vec<u32>,
}

impl PetriNet {
    pub fn place(&mut self) -> u32 {
        self.places += 1;
        self.places - 1
    }

    pub fn transition(&mut self, label: Option<&str>, inputs: &[u32], outputs: &[u32]) -> usize {
        self.transitions.push(Transition {
            label: label.map(str::to_string),
            inputs: inputs.to_vec(),
            outputs: outputs.to_vec(),
        });
        self.transitions.len() - 1
    }
}
