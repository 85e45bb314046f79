//! Goal: the address space is as promised in the eyes of Linux: nothing is inherited, there is no
//! hole, mappings do not pile up, a failure changes nothing. Method: `/proc/self/smaps`, and
//! limits set in a process of the test's own.

use std::fs;
use std::ops::Range;

use super::super::map::Reservation;
use super::super::piece::Content;
use super::{Folder, is_alone, medium, numbered, skip, system_page_bytes};
use crate::medium::{Medium, Memory, PAGE_BYTES, Role};
use crate::os::DirtySearch;

const WAY: DirtySearch = DirtySearch::Compare;

/// Address ranges of this process in `range`, with their flags.
fn mappings(range: &Range<usize>) -> Vec<(Range<usize>, String)> {
    let maps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    for line in maps.lines() {
        if let Some(flags) = line.strip_prefix("VmFlags:") {
            found.last_mut().unwrap().1 = flags.to_owned();
        } else if let Some((ends, _)) = line.split_once(' ')
            && let Some((start, end)) = ends.split_once('-')
        {
            let address = |text| usize::from_str_radix(text, 16).unwrap();
            found.push((address(start)..address(end), String::new()));
        }
    }
    found.retain(|(ends, _)| ends.start < range.end && ends.end > range.start);
    found
}

#[test]
fn no_mapping_is_inherited_by_children_and_the_reservation_has_no_hole() {
    let page = system_page_bytes();
    for folder in Folder::on_each() {
        let file = numbered(&folder, 32);
        let mut memory = file.reserve(64 * page).unwrap();
        let start = memory.base().addr().get();
        let reserved = start..start + 64 * page;
        let check = |memory: &Reservation| {
            let mut end = reserved.start;
            for (range, flags) in mappings(&reserved) {
                assert!(flags.split(' ').any(|flag| flag == "dc"), "{range:x?}:{flags}");
                assert!(range.start <= end, "hole before {range:x?}");
                end = range.end;
            }
            assert!(end >= reserved.end, "hole at the end");
            for piece in memory.pieces() {
                if let Content::File(_) = piece.content {
                    let shown = memory.file_bytes(piece.offset, piece.bytes).as_ptr_range();
                    for (range, flags) in mappings(&(shown.start.addr()..shown.end.addr())) {
                        assert!(flags.split(' ').any(|flag| flag == "dc"), "{range:x?}:{flags}");
                    }
                }
            }
        };
        check(&memory);
        memory.map_file(0, 16 * page, 0, Role::Shared).unwrap();
        check(&memory);
        memory.map_file(0, 8 * page, 0, Role::Private).unwrap();
        memory.map_anonymous(16 * page, 16 * page).unwrap();
        check(&memory);
        let middle = 12 * page;
        memory.map_file(middle, 8 * page, middle as u64, Role::Private).unwrap();
        memory.write(middle, &[1; 100]);
        memory.remap(&(middle..middle + 2 * page)).unwrap();
        check(&memory);
        memory.map_anonymous(0, 64 * page).unwrap();
        check(&memory);
        drop(memory);
        let gone = mappings(&reserved);
        let ours = gone.iter().filter(|(range, _)| range.start == reserved.start);
        assert_eq!(ours.count(), 0, "the address space is given back");
    }
}

/// A shared tail that becomes private page by page must not use up the kernel's mappings.
#[test]
fn the_kernel_joins_what_follows_in_the_file() {
    let page = system_page_bytes();
    for folder in Folder::on_each() {
        let file = medium(folder.file("store"), WAY);
        file.truncate(1_000 * page as u64).unwrap();
        let mut memory = file.reserve(2_000 * page).unwrap();
        memory.map_file(0, 1_000 * page, 0, Role::Shared).unwrap();
        for index in 0..1_000 {
            let offset = index * page;
            memory.write(offset, &[1]);
            memory.map_file(offset, page, offset as u64, Role::Private).unwrap();
            memory.write(offset, &[2]);
        }
        let start = memory.base().addr().get();
        let count = mappings(&(start..start + 2_000 * page)).len();
        assert!(count <= 4, "{count} mappings");
    }
}

/// Where a system call needs more address space than there is left, what was there stays.
#[test]
fn a_mapping_that_fails_leaves_what_was_there() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    if !is_alone("os::tests::kernel::a_mapping_that_fails_leaves_what_was_there", &[]) {
        return;
    }
    let page = system_page_bytes();
    let folder = Folder::new(&std::env::temp_dir());
    let file = numbered(&folder, 4);
    let bytes = 1 << 34;
    let mut memory = file.reserve(bytes).unwrap();
    memory.map_file(0, 4 * page, 0, Role::Private).unwrap();
    memory.write(page, &[77]);
    let status = fs::read_to_string("/proc/self/statm").unwrap();
    let used: u64 = status.split(' ').next().unwrap().parse().unwrap();
    let limit = used * page as u64 + (64 << 20);
    let maximum = getrlimit(Resource::As).maximum;
    setrlimit(Resource::As, Rlimit { current: Some(limit), maximum }).unwrap();
    let error = memory.map_anonymous(0, bytes).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory, "{error}");
    setrlimit(Resource::As, Rlimit { current: maximum, maximum }).unwrap();
    assert_eq!(memory.bytes(page, 2), [77, 1]);
    let start = memory.base().addr().get();
    let mut end = start;
    for (range, _) in mappings(&(start..start + bytes)) {
        assert!(range.start <= end, "hole before {range:x?}");
        end = range.end;
    }
    assert!(end >= start + bytes);
}

/// `madvise` refuses locked memory. It is then mapped anew.
#[test]
#[expect(unsafe_code, reason = "locks mapped memory")]
fn locked_copies_are_dropped_all_the_same() {
    let page = system_page_bytes();
    for folder in Folder::on_each() {
        let file = numbered(&folder, 32);
        let mut memory = file.reserve(32 * page).unwrap();
        memory.map_file(0, 32 * page, 0, Role::Private).unwrap();
        let pages: Vec<usize> = (0..16)
            .flat_map(|index| (2 * index * page..(2 * index + 1) * page).step_by(PAGE_BYTES))
            .collect();
        for offset in &pages {
            memory.write(*offset, &[200]);
        }
        // SAFETY: the range is mapped, and locking it changes no byte.
        let locked = unsafe { rustix::mm::mlock(memory.base().as_ptr().cast(), 32 * page) };
        if let Err(error) = locked {
            return skip("locked copies are dropped all the same", &format!("mlock: {error}"));
        }
        memory.drop_copies(&pages).unwrap();
        for index in 0_u8..32 {
            assert_eq!(memory.bytes(usize::from(index) * page, 1), [index]);
        }
    }
}
