//! The checksum of a body that goes by in pieces.

const LANES: usize = 4;
const BLOCK: usize = 8 * LANES;
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Eight bytes at a time, in four lanes so that the processor works on them side by side; each step is one-to-one.
pub struct Sum {
    lanes: [u64; LANES],
    rest: [u8; BLOCK],
    held: usize,
    len: u64,
}

impl Default for Sum {
    fn default() -> Self {
        Sum {
            lanes: [1, 2, 3, 4],
            rest: [0; BLOCK],
            held: 0,
            len: 0,
        }
    }
}

impl Sum {
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len() as u64;
        if self.held > 0 {
            let (first, others) = bytes.split_at(bytes.len().min(BLOCK - self.held));
            self.rest[self.held..self.held + first.len()].copy_from_slice(first);
            self.held += first.len();
            bytes = others;
            if self.held < BLOCK {
                return;
            }
            mix(&mut self.lanes, &self.rest);
        }
        let mut blocks = bytes.chunks_exact(BLOCK);
        for block in &mut blocks {
            mix(&mut self.lanes, block);
        }
        let rest = blocks.remainder();
        self.rest[..rest.len()].copy_from_slice(rest);
        self.held = rest.len();
    }

    /// How many bytes went by.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn finish(mut self) -> u64 {
        for &byte in &self.rest[..self.held] {
            self.lanes[0] = step(self.lanes[0], u64::from(byte));
        }
        let whole = |n: u64, lane: &u64| (n.rotate_left(23) ^ lane).wrapping_mul(FACTOR);
        self.lanes.iter().fold(self.len, whole)
    }
}

fn mix(lanes: &mut [u64; LANES], block: &[u8]) {
    for (lane, word) in lanes.iter_mut().zip(block.chunks_exact(8)) {
        let word = word.iter().rev().fold(0u64, |n, &b| n << 8 | u64::from(b));
        *lane = step(*lane, word);
    }
}

fn step(lane: u64, word: u64) -> u64 {
    (lane.rotate_left(23) ^ word).wrapping_mul(FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_in_whichever_pieces_the_bytes_come() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let of = |piece: usize| {
            let mut sum = Sum::default();
            bytes.chunks(piece).for_each(|part| sum.update(part));
            sum.finish()
        };
        // What files were written with: it stays.
        assert_eq!(of(1000), KNOWN);
        assert!((1..100).all(|piece| of(piece) == KNOWN));
    }

    const KNOWN: u64 = 0x69be_5efa_d060_1ddf;
}
