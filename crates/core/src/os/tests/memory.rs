//! Goal: mapped memory is what the traits promise, and no call can reach outside it. Method: the
//! real calls, checked through the file and through what the kernel says of the process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::super::baseline::{Baseline, SharedStretches};
use super::super::map::Reservation;
use super::super::sigbus::Loss;
use super::{Folder, medium, numbered, system_page_bytes};
use crate::medium::{Medium, Memory, PAGE_BYTES, Role};
use crate::os::DirtySearch;

const WAY: DirtySearch = DirtySearch::Compare;

fn panics(call: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(call)).is_err()
}

#[test]
fn private_writes_stay_and_shared_writes_reach_the_file() {
    let page = system_page_bytes();
    for folder in Folder::on_each() {
        let file = numbered(&folder, 4);
        let mut memory = file.reserve(8 * page).unwrap();
        let base = memory.base();
        memory.map_file(0, 2 * page, 0, Role::Private).unwrap();
        let end = 2 * page;
        memory.map_file(end, 2 * page, end as u64, Role::Shared).unwrap();
        memory.write(1, b"private");
        memory.write(2 * page + 1, b"shared");
        let (mut one, mut other) = ([9; 7], [9; 6]);
        file.read(1, &mut one).unwrap();
        file.read(end as u64 + 1, &mut other).unwrap();
        assert_eq!((&one, &other), (&[0; 7], b"shared"));
        memory.read(1, &mut one);
        assert_eq!(&one, b"private");
        memory.map_file(0, page, 0, Role::Private).unwrap();
        memory.read(1, &mut one);
        assert_eq!(one, [0; 7], "mapping anew drops what was private");
        assert_eq!(memory.base(), base);
        assert_eq!(memory.reserved_bytes(), 8 * page);
    }
}

#[test]
fn the_baseline_stays_while_only_the_role_changes() {
    let page = system_page_bytes();
    let folder = Folder::new(&std::env::temp_dir());
    let file = numbered(&folder, 8);
    let mut memory = file.reserve(8 * page).unwrap();
    let address = |memory: &Reservation| memory.file_bytes(3 * page, page).as_ptr();
    memory.map_file(0, 4 * page, 0, Role::Shared).unwrap();
    let first = address(&memory);
    memory.map_file(2 * page, 2 * page, 2 * page as u64, Role::Private).unwrap();
    assert_eq!(address(&memory), first);
    memory.map_file(0, 4 * page, 4 * page as u64, Role::Private).unwrap();
    assert_eq!(memory.file_bytes(3 * page, page)[0], 7);
}

#[test]
fn slices_see_the_file_as_numbers() {
    let page = system_page_bytes();
    let folder = Folder::new(&std::env::temp_dir());
    let file = medium(folder.file("store"), WAY);
    file.truncate(page as u64).unwrap();
    let mut memory = file.reserve(page).unwrap();
    memory.map_file(0, page, 0, Role::Shared).unwrap();
    memory.as_mut_slice::<f64>(page / 8)[page / 8 - 1] = 1.5;
    let mut last = [0; 8];
    file.read(page as u64 - 8, &mut last).unwrap();
    assert_eq!(f64::from_ne_bytes(last).to_bits(), 1.5_f64.to_bits());
    assert_eq!(memory.as_slice::<u32>(page / 4).len(), page / 4);
    assert!(panics(|| {
        memory.as_slice::<u64>(page / 8 + 1);
    }));
    assert!(panics(|| {
        memory.as_slice::<u64>(usize::MAX / 4);
    }));
}

#[test]
fn what_is_not_mapped_cannot_be_reached() {
    let page = system_page_bytes();
    let folder = Folder::new(&std::env::temp_dir());
    let file = numbered(&folder, 4);
    let mut memory = file.reserve(4 * page).unwrap();
    memory.map_file(page, page, 0, Role::Private).unwrap();
    memory.map_anonymous(3 * page, page).unwrap();
    let (mut one, mut other) = ([0; PAGE_BYTES], [0; PAGE_BYTES]);
    for offset in [0, page - 1, 2 * page - 1, 4 * page - 1, 4 * page, usize::MAX - 1] {
        assert!(panics(|| memory.read(offset, &mut [0, 0])), "read at {offset}");
        assert!(panics(|| memory.write(offset, &[0, 0])), "write at {offset}");
    }
    memory.read(page, &mut one[..2]);
    for offset in [0, 2 * page, 4 * page, page + 1] {
        assert!(panics(|| _ = memory.page(offset, &mut one)), "page at {offset}");
        assert!(panics(|| _ = memory.file_page(offset, &mut other)), "file page at {offset}");
    }
    assert!(panics(|| _ = memory.file_page(3 * page, &mut other)), "no file there");
    let mut found = Vec::new();
    assert!(panics(|| memory.find_copies(0, 2 * page, &mut found).unwrap()));
    assert!(panics(|| memory.find_copies(3 * page, page, &mut found).unwrap()));
    assert!(panics(|| memory.drop_copies(&[3 * page]).unwrap()));
    assert!(panics(|| memory.drop_copies(&[0]).unwrap()));
}

#[test]
fn nothing_is_mapped_outside_the_reservation_or_the_file() {
    let page = system_page_bytes();
    let folder = Folder::new(&std::env::temp_dir());
    let file = numbered(&folder, 4);
    let mut memory = file.reserve(4 * page).unwrap();
    for (offset, bytes) in [(0, 5 * page), (4 * page, page), (5 * page, 0), (1, page)] {
        assert!(panics(|| memory.map_anonymous(offset, bytes).unwrap()));
        assert!(panics(|| memory.map_file(offset, bytes, 0, Role::Private).unwrap()));
    }
    assert!(panics(|| memory.map_anonymous(page, usize::MAX / page * page).unwrap()));
    assert!(panics(|| memory.map_file(0, page, 1, Role::Private).unwrap()));
    let error = memory.map_file(0, 2 * page, 3 * page as u64, Role::Shared).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    let far = u64::MAX / page as u64 * page as u64;
    assert!(memory.map_file(0, 2 * page, far, Role::Shared).is_err());
    memory.map_file(4 * page, 0, 0, Role::Private).unwrap();
    assert!(memory.pieces().is_empty());
    assert_eq!(file.reserve(1 << 60).unwrap_err().kind(), std::io::ErrorKind::OutOfMemory);
    assert_eq!(file.reserve(usize::MAX).unwrap_err().kind(), std::io::ErrorKind::OutOfMemory);
}

#[test]
fn zeros_cover_what_was_there_and_leave_the_file() {
    let page = system_page_bytes();
    for folder in Folder::on_each() {
        let file = numbered(&folder, 4);
        let mut memory = file.reserve(8 * page).unwrap();
        memory.map_file(0, 2 * page, 0, Role::Private).unwrap();
        memory.map_file(2 * page, 2 * page, 2 * page as u64, Role::Shared).unwrap();
        memory.map_anonymous(0, 8 * page).unwrap();
        assert!(memory.bytes(0, 8 * page).iter().all(|byte| *byte == 0));
        memory.write(3 * page, &[9; 8]);
        let mut byte = [0];
        file.read(3 * page as u64, &mut byte).unwrap();
        assert_eq!(byte, [3]);
    }
}

#[test]
fn memory_can_move_to_another_thread_and_outlive_the_file() {
    let page = system_page_bytes();
    let folder = Folder::new(&std::env::temp_dir());
    let file = numbered(&folder, 2);
    let mut memory = file.reserve(2 * page).unwrap();
    memory.map_file(0, page, 0, Role::Private).unwrap();
    drop(file);
    std::thread::spawn(move || {
        memory.map_file(page, page, page as u64, Role::Private).unwrap();
        memory.write(page, &[5]);
        memory.drop_copies(&[page]).unwrap();
        assert_eq!(memory.bytes(page, 2), [1, 1]);
    })
    .join()
    .unwrap();
}

/// What macOS and FreeBSD rely on; the list works on every system.
#[test]
fn a_barrier_forgets_shared_memory_only_when_it_held_and_the_memory_is_gone() {
    let page = system_page_bytes();
    let folder = Folder::new(&std::env::temp_dir());
    let file = folder.file("store");
    file.set_len(4 * page as u64).unwrap();
    let stretches = SharedStretches::default();
    let baseline = Arc::new(Baseline::new(&file, 0, 4 * page, &Arc::new(Loss::new())).unwrap());
    let kept = stretches.add(Arc::clone(&baseline), 0, page);
    let left = stretches.add(baseline, page as u64, 3 * page);
    drop(left);
    let failure = || Err(std::io::Error::from_raw_os_error(5));
    assert!(stretches.flush_then(failure).is_err());
    assert_eq!(stretches.len(), 2, "a failed barrier forgets nothing");
    stretches.flush_then(|| Ok(())).unwrap();
    assert_eq!(stretches.len(), 1, "memory that is gone is forgotten");
    drop(kept);
    stretches.flush_then(|| Ok(())).unwrap();
    assert_eq!(stretches.len(), 0);
}
