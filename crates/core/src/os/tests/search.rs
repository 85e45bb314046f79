//! Goal: the three searches find every page that differs from the file, and the two of Linux find
//! exactly the private copies. Method: random operations on memory and file beside a model of
//! both, on disk and on tmpfs; then the cases that broke prototypes.

use super::model::{Model, PAGES, parts};
use super::{Folder, Random, medium, system_page_bytes};
use crate::medium::{Medium, Memory, Role};
use crate::os::{DirtySearch, File};

const WAYS: [DirtySearch; 3] = [DirtySearch::Scan, DirtySearch::Pagemap, DirtySearch::Compare];

fn agree(way: DirtySearch) {
    let mut random = Random::new(&format!("searches agree with the model: {way:?}"));
    for folder in Folder::on_each() {
        for round in 0..20 {
            let mut model = Model::new(&folder, &format!("store-{round}"), way, &mut random);
            model.check(way, &(0..PAGES));
            for _ in 0..30 {
                for _ in 0..random.below(6) {
                    model.step(&mut random);
                }
                let pages = random.stretch(PAGES);
                model.check(way, &pages);
                model.check(way, &(0..PAGES));
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn scan_finds_exactly_the_private_copies() {
    agree(DirtySearch::Scan);
}

#[cfg(target_os = "linux")]
#[test]
fn pagemap_finds_exactly_the_private_copies() {
    agree(DirtySearch::Pagemap);
}

#[test]
fn compare_finds_exactly_the_pages_that_differ() {
    agree(DirtySearch::Compare);
}

/// More regions than one call takes, further apart than one read goes.
#[test]
fn thousands_of_single_pages_are_found_once_each_and_dropped() {
    for folder in Folder::on_each() {
        for way in WAYS {
            let page = system_page_bytes();
            let bytes = 20_000 * page;
            let file = medium(folder.file(&format!("{way:?}")), way);
            file.truncate(bytes as u64).unwrap();
            let mut memory = file.reserve(bytes).unwrap();
            memory.map_file(0, bytes, 0, Role::Private).unwrap();
            let written: Vec<usize> = (0..5_000).map(|index| index * 3 + index / 1_000).collect();
            for index in &written {
                memory.write(index * page, &[1]);
            }
            let mut found = Vec::new();
            memory.find_copies(0, bytes, &mut found).unwrap();
            let expected = |whole: &[usize]| -> Vec<usize> {
                whole.iter().flat_map(|index| parts(*index)).collect()
            };
            if way == DirtySearch::Compare {
                let first: Vec<usize> = written.iter().map(|index| index * page).collect();
                assert_eq!(found, first, "{way:?}");
            } else {
                assert_eq!(found, expected(&written), "{way:?}");
            }
            memory.drop_copies(&expected(&written)).unwrap();
            found.clear();
            memory.find_copies(0, bytes, &mut found).unwrap();
            assert_eq!(found, [], "{way:?} after dropping");
        }
    }
}

/// The first call of a scan takes 16 ranges, each after it 512.
#[cfg(target_os = "linux")]
#[test]
fn as_many_pages_are_found_as_were_written_around_what_one_call_takes() {
    let folder = &Folder::on_each()[0];
    let page = system_page_bytes();
    let bytes = 2 * 1100 * page;
    let file = medium(folder.file("counted"), DirtySearch::Scan);
    file.truncate(bytes as u64).unwrap();
    for count in (1..40).chain(505..535).chain(1035..1050) {
        let mut memory = file.reserve(bytes).unwrap();
        memory.map_file(0, bytes, 0, Role::Private).unwrap();
        let written: Vec<usize> = (0..count).map(|index| 2 * index + 1).collect();
        for index in &written {
            memory.write(index * page, &[1]);
        }
        // Also where the search ends right behind the last of them.
        for end in [bytes, 2 * count * page] {
            let mut found = Vec::new();
            memory.find_copies(0, end, &mut found).unwrap();
            let expected: Vec<usize> = written.iter().flat_map(|index| parts(*index)).collect();
            assert_eq!(found, expected, "{count} pages");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_way_that_stops_working_gives_way_to_the_next() {
    use super::super::dirty::Search;
    use super::super::pagemap::Pagemap;
    use crate::medium::PAGE_BYTES;

    for way in [DirtySearch::Scan, DirtySearch::Pagemap] {
        let search = Search::new(way);
        let null = std::fs::File::open("/dev/null").unwrap();
        search.replace_pagemap(Pagemap::of(null, std::process::id()));
        let mut found = vec![3];
        let range = PAGE_BYTES..4 * PAGE_BYTES;
        search.find(0, &range, |offset| offset == 2 * PAGE_BYTES, &mut found);
        assert_eq!(found, [3, 2 * PAGE_BYTES]);
        assert_eq!(search.way(), DirtySearch::Compare);
    }
}

/// The pagemap that a forked child inherits is that of its parent.
#[cfg(target_os = "linux")]
#[test]
fn the_pagemap_of_another_process_is_never_asked() {
    use super::super::dirty::Search;
    use super::super::pagemap::Pagemap;
    use crate::medium::PAGE_BYTES;
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    let mut other =
        Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Once it answers it is the other program, not a copy of this one.
    other.stdin.as_mut().unwrap().write_all(b"x").unwrap();
    other.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let pagemap = std::fs::File::open(format!("/proc/{}/pagemap", other.id())).unwrap();
    let mut page = vec![1_u8; 3 * PAGE_BYTES];
    page.fill(2);
    // Anonymous memory counts as copies: this page of the heap, but nothing in the other process.
    let base = page.as_ptr().addr().next_multiple_of(system_page_bytes());
    for way in [DirtySearch::Scan, DirtySearch::Pagemap] {
        let search = Search::new(way);
        search.replace_pagemap(Pagemap::of(pagemap.try_clone().unwrap(), other.id()));
        let mut found = Vec::new();
        search.find(base, &(0..PAGE_BYTES), |_| false, &mut found);
        assert_eq!(found, [0], "{way:?}");
        assert_eq!(search.way(), way);
    }
    drop(other.stdin.take());
    other.wait().unwrap();
}

#[test]
fn the_detected_way_works_and_names_are_read() {
    let way = DirtySearch::detect();
    println!("detected: {way:?}");
    for (name, way) in ["scan", "pagemap", "compare"].into_iter().zip(WAYS) {
        assert_eq!(name.parse::<DirtySearch>().unwrap(), way);
    }
    let error = "fast".parse::<DirtySearch>().unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::Unsupported);
    assert!(error.message().contains("'fast'"), "{error}");
}

#[test]
fn the_environment_forces_a_way() {
    let name = "os::tests::search::the_environment_forces_a_way";
    if super::is_alone(name, &[("STOA_DIRTY_SEARCH", "compare")]) {
        let folder = Folder::new(&std::env::temp_dir());
        let file = File::new(folder.file("store"), None).unwrap();
        assert_eq!(file.dirty_search(), DirtySearch::Compare);
        let file = File::new(folder.file("other"), Some(DirtySearch::Scan)).unwrap();
        assert_eq!(file.dirty_search(), DirtySearch::Scan);
    }
}
