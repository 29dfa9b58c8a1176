//! Where rings go by default and where they are found, in made-up surroundings.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use soundfall_ring::RingFormat;
use soundfall_ring_file::{
    CreateError, CreateOptions, FileRingWriter, OpenError, Places, RING_FILE_NAME, create, inspect,
    open,
};

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
    symlink(dir.path(), &shm).unwrap();
    let place = places.default_path(1000);
    assert_eq!(place.path, temp.join(RING_FILE_NAME));
    let warning = place.warning.unwrap();
    assert!(warning.contains("SOUNDFALL_RING"), "{warning}");
    // The true reason, not that there is no room.
    let reasons = [
        format!(
            "{} can be written to by others (mode 0777)",
            runtime.display()
        ),
        format!("{} is a symbolic link", shm.display()),
    ];
    for reason in reasons {
        assert!(warning.contains(&reason), "{warning}");
    }
    assert!(!warning.contains("room"), "{warning}");
    // More than any file system has.
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let place = places.default_path(u64::MAX);
    assert_eq!(place.path, temp.join(RING_FILE_NAME));
    let warning = place.warning.unwrap();
    let full = format!("{} has no room for {} bytes", runtime.display(), u64::MAX);
    assert!(warning.contains(&full), "{warning}");
    assert!(!warning.contains('\n'));
    // Nothing else to choose from.
    let bare = Places {
        temp_dir: places.temp_dir.clone(),
        ..Places::default()
    };
    let place = bare.default_path(1000);
    assert_eq!(place.path, temp.join(RING_FILE_NAME));
    assert!(place.warning.unwrap().contains("no memory file system"));
    places.ring = Some("/chosen/by/user".into());
    let place = places.default_path(u64::MAX);
    assert_eq!(
        (place.path, place.warning),
        ("/chosen/by/user".into(), None)
    );
    assert!(places.find_ring(false).is_err());
}

#[test]
fn a_living_ring_is_found_first() {
    let dir = tempfile::tempdir().unwrap();
    let places = places(dir.path());
    let found = |places: &Places| places.find_ring(false).map(|open| open.path);
    let none = found(&places).unwrap_err();
    assert_eq!(
        (none.to_string().as_str(), none.refused.len()),
        ("no ring found", 0)
    );
    let candidates = places.candidates();
    assert_eq!(candidates.len(), 4);
    assert_eq!(candidates[3], dir.path().join("tmp").join(RING_FILE_NAME));
    drop(ring_at(&candidates[0]));
    assert_eq!(found(&places).unwrap(), candidates[0]);
    fs::write(&candidates[3], "no ring").unwrap();
    assert_eq!(found(&places).unwrap(), candidates[0]);
    let _living = ring_at(&candidates[2]);
    assert_eq!(found(&places).unwrap(), candidates[2]);
}

/// A private folder that is not this user's alone, and what is wrong with it.
fn spoil(folder: &Path, how: usize) -> Option<&'static str> {
    let elsewhere = folder.with_file_name("elsewhere");
    match how {
        0 => {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
            Some("can be written to by others (mode 0777)")
        }
        1 => {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o1777)).unwrap();
            Some("can be written to by others (mode 1777)")
        }
        2 => {
            fs::rename(folder, &elsewhere).unwrap();
            symlink(&elsewhere, folder).unwrap();
            Some("is a symbolic link")
        }
        3 => {
            fs::rename(folder, &elsewhere).unwrap();
            symlink(folder.with_file_name("nowhere"), folder).unwrap();
            Some("is a symbolic link")
        }
        4 => {
            fs::rename(folder, &elsewhere).unwrap();
            fs::write(folder, "a file").unwrap();
            Some("is no folder")
        }
        // Only root can give a folder away.
        _ => chown(folder, Some(12_345), None)
            .is_ok()
            .then_some("belongs to another user (number 12345)"),
    }
}

#[test]
fn a_planted_folder_is_named_and_neither_written_to_nor_read_from() {
    for how in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let places = places(dir.path());
        let uid = fs::metadata(dir.path()).unwrap().uid();
        for folder in [
            dir.path().join(format!("tmp/soundfall-{uid}")),
            dir.path().join(format!("shm/soundfall-{uid}")),
        ] {
            let path = folder.join(RING_FILE_NAME);
            // A good ring with a living writer lies in it.
            let living = ring_at(&path);
            assert_eq!(places.find_ring(false).unwrap().path, path);
            let Some(why) = spoil(&folder, how) else {
                continue;
            };
            let named = format!("{} {why}", folder.display());
            let none = places.find_ring(false).unwrap_err();
            let words = none.to_string();
            // A link that leads nowhere leads to no ring either.
            assert!(words.contains(&named), "{words}");
            assert!(matches!(none.refused[..], [OpenError::NotOurs { .. }]));
            assert!(!words.contains('\n') && words.starts_with("no ring found ("));
            // By its path it is shown, where there is one.
            if how < 3 || how == 5 {
                assert!(open(&path, false).is_ok() && inspect(&path).is_ok());
            }
            // And no ring is made there, with or without the old one's writer.
            drop(living);
            let elsewhere = folder.with_file_name("elsewhere");
            let names = || {
                let folders = [&folder, &elsewhere].into_iter();
                let entries = folders.filter_map(|dir| fs::read_dir(dir).ok()).flatten();
                let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
                names.sort();
                names
            };
            let before = names();
            let error = create(&CreateOptions {
                path: path.clone(),
                format: RingFormat::new(48_000, 1, 100, 10).unwrap(),
                label: String::new(),
            })
            .unwrap_err();
            assert!(matches!(error, CreateError::NotPrivate { .. }), "{error}");
            assert!(error.to_string().contains(&named), "{error}");
            assert_eq!(names(), before, "{how}: something was made");
            let _ = fs::remove_dir_all(&folder);
            let _ = fs::remove_file(&folder);
            let _ = fs::remove_dir_all(elsewhere);
        }
    }
}

#[test]
fn a_planted_ring_is_shown_only_by_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let places = places(dir.path());
    // Where rings of other programs lie, in the folder that all users share.
    let shared = dir.path().join("tmp").join(RING_FILE_NAME);
    fs::set_permissions(dir.path().join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    let writer = ring_at(&shared);
    assert_eq!(places.find_ring(false).unwrap().path, shared);

    let refused = |why: &str| {
        let words = places.find_ring(false).unwrap_err().to_string();
        let named = format!("{} {why}", shared.display());
        assert!(words.contains(&named), "{words}");
    };
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&shared, fs::Permissions::from_mode(mode)).unwrap();
        refused(&format!("can be written to by others (mode 0{mode:o})"));
        assert!(open(&shared, false).is_ok(), "by its path");
    }
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o600)).unwrap();
    if chown(&shared, Some(12_345), None).is_ok() {
        refused("belongs to another user (number 12345)");
        assert!(open(&shared, false).is_ok(), "by its path");
        chown(&shared, Some(fs::metadata(dir.path()).unwrap().uid()), None).unwrap();
    }
    let aside = dir.path().join("aside");
    fs::rename(&shared, &aside).unwrap();
    symlink(&aside, &shared).unwrap();
    refused("is a symbolic link");
    // The one that is this user's is found beside it.
    let ours = ring_at(&places.candidates()[0]);
    assert_eq!(places.find_ring(false).unwrap().path, ours.path());
    drop(writer);
    // What the user names is taken, whoever owns it.
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o666)).unwrap();
    let named = Places {
        ring: Some(aside.clone()),
        ..places
    };
    assert_eq!(named.find_ring(false).unwrap().path, aside);
}

/// What was found under conditions is opened again under the same ones.
#[test]
fn a_ring_that_was_found_is_not_followed_to_another_users() {
    let dir = tempfile::tempdir().unwrap();
    let places = places(dir.path());
    let path = places.candidates()[2].clone();
    let writer = ring_at(&path);
    let mut found = places.find_ring(true).unwrap();
    let mut given = open(&path, true).unwrap();
    drop(writer);
    drop(ring_at(&path));
    assert_eq!(found.standing(), soundfall_ring_file::Standing::Replaced);
    assert!(found.reopen().is_ok());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let error = found.reopen().unwrap_err();
    assert!(matches!(error, OpenError::NotOurs { .. }), "{error}");
    assert_eq!(given.standing(), soundfall_ring_file::Standing::Replaced);
    assert!(given.reopen().is_ok());
}
