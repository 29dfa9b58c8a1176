//! Nothing of its own: the benchmark is in `benches/`.
#![forbid(unsafe_code)]
