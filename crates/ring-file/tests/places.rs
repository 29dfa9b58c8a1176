//! Where rings go by default and where they are found, in made-up surroundings.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use soundfall_ring::RingFormat;
use soundfall_ring_file::{CreateOptions, FileRingWriter, Places, RING_FILE_NAME, create};

/// Runtime, shared-memory and temporary directory below `dir`.
fn places(dir: &Path) -> Places {
    let make = |name: &str| {
        let path = dir.join(name);
        fs::create_dir(&path).unwrap();
        path
    };
    Places {
        ring: None,
        runtime_dir: Some(make("run")),
        shm_dir: Some(make("shm")),
        temp_dir: make("tmp"),
    }
}

fn ring_at(path: &Path) -> FileRingWriter {
    create(&CreateOptions {
        path: path.to_owned(),
        format: RingFormat::new(48_000, 1, 100, 10).unwrap(),
        label: String::new(),
    })
    .unwrap()
}

#[test]
fn the_first_good_place_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let mut places = places(dir.path());
    let uid = fs::metadata(dir.path()).unwrap().uid();
    let runtime = dir.path().join("run/soundfall");
    let shm = dir.path().join(format!("shm/soundfall-{uid}"));
    let temp = dir.path().join(format!("tmp/soundfall-{uid}"));

    let place = places.default_path(1000);
    assert_eq!(
        (place.path, place.warning),
        (runtime.join(RING_FILE_NAME), None)
    );
    // Somebody else could write there: not a place for a ring.
    fs::create_dir(&runtime).unwrap();
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(places.default_path(1000).path, shm.join(RING_FILE_NAME));
    // A link is not a private directory.
    std::os::unix::fs::symlink(dir.path(), &shm).unwrap();
    let place = places.default_path(1000);
    assert_eq!(place.path, temp.join(RING_FILE_NAME));
    assert!(place.warning.unwrap().contains("SOUNDFALL_RING"));
    // More than any file system has.
    assert_eq!(
        places.default_path(u64::MAX).path,
        temp.join(RING_FILE_NAME)
    );
    places.ring = Some("/chosen/by/user".into());
    let place = places.default_path(u64::MAX);
    assert_eq!(
        (place.path, place.warning),
        ("/chosen/by/user".into(), None)
    );
    assert!(places.find_ring().is_none());
}

#[test]
fn a_living_ring_is_found_first() {
    let dir = tempfile::tempdir().unwrap();
    let places = places(dir.path());
    assert_eq!(places.find_ring(), None);
    let candidates = places.candidates();
    assert_eq!(candidates.len(), 4);
    assert_eq!(candidates[3], dir.path().join("tmp").join(RING_FILE_NAME));
    drop(ring_at(&candidates[0]));
    assert_eq!(places.find_ring().as_ref(), Some(&candidates[0]));
    fs::write(&candidates[3], "no ring").unwrap();
    assert_eq!(places.find_ring().as_ref(), Some(&candidates[0]));
    let _living = ring_at(&candidates[2]);
    assert_eq!(places.find_ring().as_ref(), Some(&candidates[2]));
}
