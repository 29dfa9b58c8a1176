//! Buffers that are lent and come back by themselves, so that nothing is allocated in the steady
//! state.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of all spare buffers of a pool: the newest rows of 64 channels fit in, which are asked for all the time; what
/// a change asks for once is given back.
const MAX_SPARE_BYTES: usize = 4 << 20;

/// Spare buffers of one kind.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    spare: Mutex<Vec<T>>,
    most: usize,
    bytes: fn(&T) -> usize,
}

impl<T: Default> Pool<T> {
    /// An empty pool that keeps `most` buffers, of which each takes up so many bytes.
    pub(crate) fn new(most: usize, bytes: fn(&T) -> usize) -> Arc<Self> {
        Arc::new(Self {
            spare: Mutex::default(),
            most,
            bytes,
        })
    }

    /// A buffer, as it was left where it was used before.
    pub(crate) fn lend(self: &Arc<Self>) -> Pooled<T> {
        let spare = self.locked().pop();
        Pooled {
            value: spare.unwrap_or_default(),
            pool: Some(self.clone()),
        }
    }
}

impl<T> Pool<T> {
    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<T>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer that goes back to where it was lent when it is dropped. One that was lent nowhere, as
/// `T::default().into()` makes it, is simply dropped.
pub struct Pooled<T: Default> {
    value: T,
    pool: Option<Arc<Pool<T>>>,
}

impl<T: Default> Drop for Pooled<T> {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            let mut spare = pool.locked();
            let bytes: usize = spare.iter().map(pool.bytes).sum();
            if spare.len() < pool.most && bytes + (pool.bytes)(&self.value) <= MAX_SPARE_BYTES {
                spare.push(std::mem::take(&mut self.value));
            }
        }
    }
}

impl<T: Default> From<T> for Pooled<T> {
    fn from(value: T) -> Self {
        Self { value, pool: None }
    }
}

impl<T: Default> Default for Pooled<T> {
    fn default() -> Self {
        T::default().into()
    }
}

impl<T: Default + Clone> Clone for Pooled<T> {
    /// The copy was lent nowhere.
    fn clone(&self) -> Self {
        self.value.clone().into()
    }
}

impl<T: Default> Deref for Pooled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Default> DerefMut for Pooled<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Default + PartialEq> PartialEq for Pooled<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Default + fmt::Debug> fmt::Debug for Pooled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: Default + serde::Serialize> serde::Serialize for Pooled<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Default + serde::Deserialize<'de>> serde::Deserialize<'de> for Pooled<T> {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        T::deserialize(source).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_and_no_more_than_are_kept() {
        let pool: Arc<Pool<Vec<u8>>> = Pool::new(2, Vec::capacity);
        let mut lent: Vec<_> = (0..3).map(|_| pool.lend()).collect();
        for buffer in &mut lent {
            buffer.resize(100, 7);
        }
        let copy = lent[0].clone();
        drop(lent);
        drop(copy);
        assert_eq!(pool.locked().len(), 2);
        assert!(pool.lend().capacity() >= 100);
        drop(Pooled::from(vec![1_u8]));
        assert_eq!(pool.locked().len(), 2);
    }

    #[test]
    fn what_is_large_is_given_back() {
        let pool: Arc<Pool<Vec<u8>>> = Pool::new(9, Vec::capacity);
        let mut lent: Vec<_> = (0..3).map(|_| pool.lend()).collect();
        for (buffer, length) in lent.iter_mut().zip([100, MAX_SPARE_BYTES, 200]) {
            buffer.resize(length, 7);
        }
        drop(lent);
        let lengths: Vec<usize> = pool.locked().iter().map(Vec::len).collect();
        assert_eq!(lengths, [100, 200]);
    }
}
