//! More rings open at once than can be guarded against truncation: the rest is read with `pread`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_ring::RingFormat;
use soundfall_ring_file::{Access, CreateOptions, create, open};

#[test]
fn rings_beyond_the_guarded_ones_are_read_with_pread() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let format = RingFormat::new(48_000, 1, 100, 10).unwrap();
    let label = String::new();
    let mut writer = create(&CreateOptions {
        path: path.clone(),
        format,
        label,
    })
    .unwrap();
    writer.write_block(&[0.5; 10]).unwrap();
    let rings: Vec<_> = (0..100).map(|_| open(&path, false).unwrap()).collect();
    let mapped = |ring: &&_| {
        matches!(
            ring,
            soundfall_ring_file::OpenRing {
                access: Access::Mapped,
                ..
            }
        )
    };
    let count = rings.iter().filter(mapped).count();
    assert!((32..100).contains(&count), "{count} are mapped");
    for ring in &rings {
        let mut out = [0.0; 10];
        ring.ring.read(0, 0, &mut out).unwrap();
        assert_eq!(out, [0.5; 10]);
    }
    drop(rings);
    // What is closed makes room.
    for _ in 0..200 {
        assert_eq!(open(&path, false).unwrap().access, Access::Mapped);
    }
}
