//! Memory that starts at a cache line, for what vector code runs over all the time. Nothing but
//! speed depends on where it starts. Never grows.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

/// A slice of fixed length that starts at a multiple of [`LINE`] bytes.
#[derive(Debug)]
pub(super) struct Aligned<T> {
    memory: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// `len` default values.
    pub(super) fn new(len: usize) -> Self {
        let room = LINE / size_of::<T>().max(1);
        let memory = vec![T::default(); len + room];
        // May be unknown in principle; then it starts where it starts.
        let start = memory.as_ptr().align_offset(LINE).min(room);
        Self { memory, start, len }
    }
}

impl<T: Copy + Default> FromIterator<T> for Aligned<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let values: Vec<T> = values.into_iter().collect();
        let mut aligned = Self::new(values.len());
        aligned.copy_from_slice(&values);
        aligned
    }
}

impl<T: Copy + Default> Clone for Aligned<T> {
    /// The copy lies elsewhere and has a start of its own.
    fn clone(&self) -> Self {
        self.iter().copied().collect()
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.memory[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustfft::num_complex::Complex32;

    #[test]
    fn values_start_at_a_line_and_are_kept_by_clones() {
        for len in [0, 1, 7, 100, 1000] {
            let a: Aligned<f32> = (0..len).map(|i| i as f32).collect();
            let b = a.clone();
            for slice in [&*a, &*b] {
                assert_eq!(slice.as_ptr().align_offset(LINE), 0);
                assert!(slice.iter().copied().eq((0..len).map(|i| i as f32)));
            }
        }
        let mut z = Aligned::<Complex32>::new(5);
        z[4].im = 3.0;
        assert_eq!((z.len(), z.clone()[4].im), (5, 3.0));
        assert_eq!(z.as_ptr().align_offset(LINE), 0);
    }
}
