//! placeholder
use super::Render;
pub(super) struct Demo;
impl Demo {
    pub(super) fn new(_c: usize, _r: f64, _b: usize, _s: u64) -> Self {
        Self
    }
}
impl Render for Demo {
    fn block(&mut self, _start: u64, planes: &mut [Vec<f32>]) {
        for p in planes {
            p.fill(0.0);
        }
    }
}
