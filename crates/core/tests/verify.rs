//! Checks of a store. Goal: whichever bit of what counts in a file is flipped, a check finds it, and
//! says where; where nothing is wrong it finds nothing. The second half is also proved in the storms of
//! `crash`, `failure` and `readers`, which check as they go.
//!
//! Method: a store on a simulated disk, closed or open. One bit is flipped on the disk, below the
//! store; then it is opened, where it opens, and checked, by a writer and by a reader. The structures
//! are found as `docs/format.md` tells. Random bits follow from a seed, which is printed:
//! `STOA_SEED=… cargo test -p stoa-core --test verify`.

#[expect(dead_code, reason = "the storms are for the other tests")]
#[expect(clippy::cast_possible_truncation, reason = "the simulated disk is small")]
mod support;

use std::ops::Range;
use std::sync::Arc;

use stoa_core::{Close, ElementKind, ErrorKind, Growth, Place, Store, Verified};
use support::asked::{asked, plain};
use support::disk::Disk;
use support::fault::{Failing, Fault, Operation};
use support::machine::Machine;
use support::random::Random;
use support::run::{Run, options};
use support::simulated::SimulatedMedium;
use support::storm::formatted;

const SLOTS: [u64; 2] = [4096, 69_632];
const SEQUENCE: u64 = 131_072;
const LOG: u64 = 3 * 65_536;
const FIRST_TABLE: u64 = 7 * 65_536;

fn machine() -> Machine {
    plain(1)
}

fn seed() -> u64 {
    let seed = asked("STOA_SEED").unwrap_or(1);
    println!("STOA_SEED={seed}");
    seed
}

/// A store with some history, open: several epochs, images and new rows in the log.
fn filled(random: &mut Random) -> Run {
    let (disk, allowed) = formatted(machine()).expect("an empty store");
    let medium = SimulatedMedium::new(disk, machine(), random.fork());
    let mut run = Run::open(&medium, &allowed).expect("an open store");
    for (name, kind, lanes, bytes) in [
        ("numbers", ElementKind::F64, 1, 40_000),
        ("vectors", ElementKind::U32, 3, 30_000),
        ("few", ElementKind::U8, 1, 100),
    ] {
        run.create(name, kind, lanes).expect("a region");
        let rows = random.bytes(bytes / 24 * 24);
        run.append(name, &rows, Growth::Amortised).expect("rows");
    }
    run.set_metadata(b"what the regions mean".to_vec()).expect("metadata");
    run.commit().expect("a commit");
    for _ in 0..2 {
        change(&mut run, random);
        run.reopen(Close::Commit).expect("closed and opened");
    }
    change(&mut run, random);
    change(&mut run, random);
    run
}

fn change(run: &mut Run, random: &mut Random) {
    let bytes = random.bytes(500);
    run.update("numbers", 5000, &bytes).expect("a change");
    run.update("vectors", 9000, &bytes).expect("a change");
    let rows = random.bytes(4800);
    run.append("numbers", &rows, Growth::Amortised).expect("rows");
    run.commit().expect("a commit");
}

fn word(disk: &Disk, at: u64) -> u64 {
    let mut bytes = [0; 8];
    disk.read(at, &mut bytes);
    u64::from_ne_bytes(bytes)
}

/// The slot of the header that counts, and its directory.
fn header(disk: &Disk) -> (u64, Range<u64>) {
    let epoch = |slot: &u64| word(disk, slot + 16);
    let slot = SLOTS.into_iter().max_by_key(epoch).expect("two slots");
    let directory = word(disk, slot + 48);
    (slot, directory..directory + word(disk, slot + 56))
}

/// The records of the log, their padding excluded.
fn records(disk: &Disk) -> Vec<Range<u64>> {
    let magic = word(disk, LOG);
    let mut records = Vec::new();
    let mut at = LOG;
    while word(disk, at) == magic && magic != 0 {
        let bytes = word(disk, at + 24);
        records.push(at..at + bytes);
        at += bytes.next_multiple_of(4096);
    }
    records
}

/// Where the committed bytes of each region lie: the regions have one extent each.
fn rows(run: &Run, disk: &Disk) -> Vec<(String, Range<u64>)> {
    let mut found = Vec::new();
    for (name, region) in &run.now.regions {
        let page = &region.bytes[..64.min(region.bytes.len())];
        let mut bytes = vec![0; page.len()];
        let starts = (8 * 65_536..disk.len()).step_by(65_536);
        for at in starts {
            disk.read(at, &mut bytes);
            if bytes == page {
                found.push((name.clone(), at..at + region.bytes.len() as u64));
                break;
            }
        }
    }
    assert_eq!(found.len(), run.now.regions.len(), "every region lies somewhere");
    found
}

fn flip(disk: &mut Disk, at: u64, bit: usize) {
    let mut byte = [0];
    disk.read(at, &mut byte);
    disk.write(at, &[byte[0] ^ (1 << bit)]);
}

fn is_found(verified: stoa_core::Result<Verified>) -> bool {
    !verified.expect("the disk can be read").is_ok()
}

/// Opens a disk as a writer and as a reader: each finds something, or does not open.
fn must_be_found_on(disk: &Disk, what: &str) {
    let open = || SimulatedMedium::new(disk.clone(), machine(), Random::new(0));
    if let Ok(mut store) = Store::read_on(Arc::new(open().reading()), &options()) {
        assert!(is_found(store.verify()), "a reader does not find {what}");
    }
    if let Ok(mut store) = Store::open_on(Arc::new(open()), &options()) {
        assert!(is_found(store.verify()), "a writer does not find {what}");
    }
}

#[test]
fn a_check_finds_every_flipped_bit_of_a_closed_store() {
    let mut random = Random::new(seed());
    let mut run = filled(&mut random);
    let places = rows(&run, &run.medium.lock().disk);
    let (_memory, closed) = run.store().close(Close::Commit);
    closed.expect("an orderly close");
    let disk = run.medium.photo().disk;
    let (_, directory) = header(&disk);
    let structures = [
        ("the identity", 0..512),
        ("header slot A", SLOTS[0]..SLOTS[0] + 512),
        ("header slot B", SLOTS[1]..SLOTS[1] + 512),
        ("the directory", directory),
        // With sectors of which nothing is known.
        ("the checksum table", FIRST_TABLE..FIRST_TABLE + 8 * 512),
    ];
    let structures = structures.map(|(name, bytes)| (name.to_owned(), bytes, 150));
    let regions = places.into_iter().map(|(name, bytes)| (format!("region '{name}'"), bytes, 400));
    for (name, bytes, count) in structures.into_iter().chain(regions) {
        for _ in 0..count {
            let at = bytes.start + random.below_u64(bytes.end - bytes.start);
            let bit = random.below(8);
            let mut damaged = disk.clone();
            flip(&mut damaged, at, bit);
            must_be_found_on(&damaged, &format!("bit {bit} of byte {at}, of {name}"));
        }
    }
    run.medium.set_ending(true);
}

#[test]
fn a_check_finds_every_flipped_bit_below_an_open_store() {
    let mut random = Random::new(seed());
    let mut run = filled(&mut random);
    let disk = run.medium.photo().disk;
    let (_, directory) = header(&disk);
    let records = records(&disk);
    assert!(records.len() >= 2, "the log has {} records", records.len());
    let mut parts = vec![
        ("the identity".to_owned(), 0..512),
        ("header slot A".to_owned(), SLOTS[0]..SLOTS[0] + 512),
        ("header slot B".to_owned(), SLOTS[1]..SLOTS[1] + 512),
        ("the directory".to_owned(), directory),
        ("the published block".to_owned(), SEQUENCE + 64..SEQUENCE + 104),
        ("the checksum table".to_owned(), FIRST_TABLE..FIRST_TABLE + 8 * 512),
    ];
    parts.extend(records.into_iter().map(|record| ("a record".to_owned(), record)));
    parts.extend(rows(&run, &disk));
    for (name, bytes) in parts {
        for _ in 0..150 {
            let at = bytes.start + random.below_u64(bytes.end - bytes.start);
            let bit = random.below(8);
            flip(&mut run.medium.lock().disk, at, bit);
            assert!(is_found(run.store().verify()), "bit {bit} of byte {at}, of {name}");
            flip(&mut run.medium.lock().disk, at, bit);
        }
        assert!(!is_found(run.store().verify()), "{name} is whole again");
    }
    // Odd, or ahead of every commit: readers would wait.
    for (byte, bit) in [(0, 0), (5, 0)] {
        flip(&mut run.medium.lock().disk, SEQUENCE + byte, bit);
        assert!(is_found(run.store().verify()), "byte {byte} of the sequence word");
        flip(&mut run.medium.lock().disk, SEQUENCE + byte, bit);
    }
}

#[test]
fn a_check_names_the_elements_that_were_changed_and_no_others() {
    let mut random = Random::new(seed());
    let mut run = filled(&mut random);
    let disk = run.medium.photo().disk;
    for (name, bytes) in rows(&run, &disk) {
        let width = run.region(&name).width() as u64;
        let len = run.region(&name).len();
        for _ in 0..20 {
            let at = random.below_u64(bytes.end - bytes.start);
            flip(&mut run.medium.lock().disk, bytes.start + at, 3);
            let verified = run.store().verify().expect("the disk can be read");
            flip(&mut run.medium.lock().disk, bytes.start + at, 3);
            let [problem] = &verified.problems[..] else { panic!("{:?}", verified.problems) };
            let Place::Region { name: found, elements, .. } = &problem.place else {
                panic!("{problem:?}");
            };
            let is_within = elements.contains(&(at / width)) && elements.end <= len;
            assert!(*found == name && is_within, "element {} of {name}: {problem:?}", at / width);
            assert!((elements.end - elements.start) * width < 4096 + 2 * width, "{problem:?}");
        }
    }
    // Two pages side by side are one problem, the last of many is only counted.
    let (_, bytes) = rows(&run, &disk).swap_remove(1);
    for page in [0, 1, 3] {
        flip(&mut run.medium.lock().disk, bytes.start + page * 4096, 0);
    }
    assert_eq!(run.store().verify().expect("the disk can be read").problems.len(), 2);
}

#[test]
fn a_check_of_a_store_that_tore_no_sector_leaves_no_page_out() {
    let mut run = filled(&mut Random::new(seed()));
    let verified = run.store().verify().expect("the disk can be read");
    let rows: usize = run.now.regions.values().map(|region| region.bytes.len()).sum();
    assert_eq!((verified.is_ok(), verified.bytes_unknown), (true, 0));
    assert!(verified.bytes_checked > rows as u64, "{} bytes", verified.bytes_checked);
    assert_eq!(verified.commit, run.store().commit_id());
}

#[test]
fn a_check_does_not_mind_what_is_not_committed() {
    let mut random = Random::new(seed());
    let mut run = filled(&mut random);
    run.update("numbers", 0, &[1; 9000]).expect("a change");
    run.append("few", &vec![2; 70_000], Growth::Exact).expect("rows");
    run.begin_commit().expect("a commit in flight");
    run.update("numbers", 4000, &[3; 9000]).expect("a change");
    run.truncate("vectors", 5).expect("fewer rows");
    assert!(!is_found(run.store().verify()));
    let reader = Store::read_on(Arc::new(run.medium.reading()), &options());
    assert!(!is_found(reader.expect("a reader").verify()));
}

#[test]
fn pages_that_a_live_store_wrote_are_unknown_until_a_commit_writes_them() {
    let mut random = Random::new(seed());
    let mut run = filled(&mut random);
    run.store().go_live().expect("a live store");
    let check = |run: &mut Run| run.store().verify().expect("the disk can be read");
    let live = check(&mut run);
    assert!(live.is_ok() && live.bytes_unknown > 0, "{live:?}");
    let id = run.id("numbers").expect("a region");
    run.store().write(id, 100, &vec![7; 20_000]).expect("written to the file");
    run.store().commit().expect("a sync");
    let reader = Store::read_on(Arc::new(run.medium.reading()), &options());
    assert!(!is_found(reader.expect("a reader").verify()));
    assert!(check(&mut run).is_ok());
    run.store().close(Close::Commit).1.expect("an orderly close");
    run.end_process();

    let medium = SimulatedMedium::new(run.medium.photo().disk, machine(), Random::new(0));
    let mut store = Store::open_on(Arc::new(medium.clone()), &options()).expect("opened again");
    let before = store.verify().expect("the disk can be read");
    assert!(before.is_ok() && before.bytes_unknown >= live.bytes_unknown, "{before:?}");
    store.write(id, 4096, &[8; 4096]).expect("a change");
    store.commit().expect("a commit");
    let after = store.verify().expect("the disk can be read");
    assert_eq!((after.is_ok(), before.bytes_unknown - after.bytes_unknown), (true, 4096));
    medium.set_ending(true);
}

#[test]
fn a_poisoned_store_is_not_checked() {
    let mut run = filled(&mut Random::new(seed()));
    let fault =
        Fault { operation: Operation::Sync, after: 0, failing: Failing::Device, forever: false };
    run.medium.inject(fault);
    run.append("few", &[2; 9000], Growth::Exact).expect("rows");
    run.store().commit().expect_err("a sync that fails");
    assert_eq!(run.store().verify().expect_err("poisoned").kind(), ErrorKind::Poisoned);
}

#[test]
fn a_page_that_the_disk_cannot_read_is_told_as_a_problem() {
    let mut run = filled(&mut Random::new(seed()));
    // The first pages are read at once, then one by one.
    let mut found = 0;
    for after in 0..60 {
        let (operation, failing) = (Operation::Read, Failing::Device);
        run.medium.inject(Fault { operation, after, failing, forever: true });
        match run.store().verify() {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Io),
            Ok(verified) if verified.is_ok() => break,
            Ok(verified) => {
                found += 1;
                let is_region = |place: &Place| matches!(place, Place::Region { .. });
                assert!(verified.problems.iter().any(|it| is_region(&it.place)), "{verified:?}");
            }
        }
        run.medium.stop_failing();
    }
    assert!(found > 0, "no page was read");
    run.medium.stop_failing();
}
