//! Bits behind bytes, most significant first.
//!
//! Only appends.

/// Appends bits to bytes.
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that do not make a byte yet, in the low end.
    pending: u64,
    count: u32,
}

impl BitWriter {
    /// Goes on behind these bytes.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            pending: 0,
            count: 0,
        }
    }

    /// The lowest `count` bits of a value, up to 32.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        let mask = (1u64 << count) - 1;
        self.pending = self.pending << count | u64::from(value) & mask;
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.pending >> self.count) as u8);
        }
    }

    /// A signed value in two's complement.
    pub(super) fn put_signed(&mut self, value: i32, count: u32) {
        self.put(value as u32, count);
    }

    /// A Rice code: zeros for the upper part, a one, the lowest `parameter` bits.
    pub(super) fn put_rice(&mut self, value: u32, parameter: u32) {
        let mut zeros = value >> parameter;
        while zeros >= 32 {
            self.put(0, 32);
            zeros -= 32;
        }
        self.put(1, zeros + 1);
        self.put(value, parameter);
    }

    /// The bytes, filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.put(0, (8 - self.count) % 8);
        self.bytes
    }
}
