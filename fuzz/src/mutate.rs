//! Random mutations of a stored input, the same in every run. Never judges them.

/// A small generator of random numbers (splitmix64); its state is its seed.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % (end.max(1) as u64)) as usize
    }
}

/// Numbers that parsers stumble over.
const EDGES: [u64; 12] = [
    0,
    1,
    2,
    112,
    255,
    65_535,
    1 << 31,
    u32::MAX as u64,
    1 << 62,
    i64::MAX as u64,
    u64::MAX - 1,
    u64::MAX,
];

/// `input` with one to six random changes; never longer than `most` bytes.
#[must_use]
pub fn mutated(input: &[u8], random: &mut Random, most: usize) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        match random.below(7) {
            0 => flip(&mut bytes, at, random),
            1 => put(&mut bytes, at, &[random.number() as u8]),
            // A whole word of a ring's header, or one near its start.
            2 => put(&mut bytes, at / 8 * 8, &edge(random).to_le_bytes()),
            3 => put(&mut bytes, at % 128 / 8 * 8, &edge(random).to_le_bytes()),
            4 => {
                let width = 1 << random.below(4);
                put(&mut bytes, at, &edge(random).to_be_bytes()[8 - width..]);
            }
            5 => bytes.truncate(at),
            _ => {
                let from = random.below(bytes.len());
                let len = random.below(64).min(bytes.len() - from);
                let part = bytes[from..from + len].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes.truncate(most);
    bytes
}

fn edge(random: &mut Random) -> u64 {
    if random.below(4) == 0 {
        random.number() >> random.below(64)
    } else {
        EDGES[random.below(EDGES.len())]
    }
}

fn flip(bytes: &mut [u8], at: usize, random: &mut Random) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    for (byte, &new) in bytes.iter_mut().skip(at).zip(what) {
        *byte = new;
    }
}
