//! Goal: blocks are promised or refused with the file as before; zeroing and writing change what
//! they name and nothing else. Method: real files beside a model; a refusal put in place of the
//! kernel's answer.

use std::fs::{self, File as StdFile};
use std::os::unix::fs::MetadataExt;

use rustix::io::Errno;

use super::super::allocate::{Allocation, allocate, allocate_by};
use super::super::filesystem;
use super::{Folder, Random, is_alone, medium, system_page_bytes};
use crate::medium::Medium;
use crate::os::DirtySearch;

const WAY: DirtySearch = DirtySearch::Compare;

#[test]
fn allocation_makes_the_file_longer_with_blocks_of_zeros_and_keeps_what_it_holds() {
    for folder in Folder::on_each() {
        let file = medium(folder.file("store"), WAY);
        file.write(0, &[7; 5000]).unwrap();
        file.allocate(4096, 1 << 20).unwrap();
        let found = fs::metadata(folder.join("store")).unwrap();
        assert_eq!(found.len(), (1 << 20) + 4096);
        assert!(found.blocks() * 512 >= 1 << 20);
        let mut bytes = vec![1; 1 << 20];
        assert_eq!(file.read(0, &mut bytes).unwrap(), 1 << 20);
        assert!(bytes[..5000].iter().all(|byte| *byte == 7));
        assert!(bytes[5000..].iter().all(|byte| *byte == 0));
        file.allocate(0, 4096).unwrap();
        file.allocate(10, 0).unwrap();
        assert_eq!(file.len().unwrap(), (1 << 20) + 4096, "never shorter");
        assert!(file.allocate(u64::MAX, 2).is_err());
        assert!(file.allocate(1 << 62, 1 << 62).is_err());
        assert_eq!(file.len().unwrap(), (1 << 20) + 4096, "as before the failure");
    }
}

#[test]
fn reading_stops_at_the_end_and_writing_is_whole() {
    let mut random = Random::new("reading stops at the end and writing is whole");
    for folder in Folder::on_each() {
        let file = medium(folder.file("store"), WAY);
        let bytes: Vec<u8> = (0..300_000).map(|_| random.byte()).collect();
        file.write(11, &bytes).unwrap();
        let mut read = vec![0; 400_000];
        assert_eq!(file.read(11, &mut read).unwrap(), bytes.len());
        assert_eq!(read[..bytes.len()], bytes);
        assert_eq!(file.read(1 << 40, &mut read).unwrap(), 0);
        file.write_durable(100_011, &vec![5; 150_000]).unwrap();
        file.sync().unwrap();
        file.read(11, &mut read).unwrap();
        assert_eq!(read[..100_000], bytes[..100_000]);
        assert!(read[100_000..250_000].iter().all(|byte| *byte == 5));
        assert_eq!(read[250_000..300_000], bytes[250_000..]);
        file.truncate(5).unwrap();
        assert_eq!(file.len().unwrap(), 5);
        file.write_durable(0, &[]).unwrap();
    }
}

#[test]
fn allocating_what_is_there_changes_nothing_and_fills_holes() {
    for folder in Folder::on_each() {
        let file = medium(folder.file("store"), WAY);
        let page = system_page_bytes() as u64;
        file.write(3 * page, &[7; 100]).unwrap();
        file.truncate(16 * page).unwrap();
        let blocks = || fs::metadata(folder.join("store")).unwrap().blocks();
        let before = blocks();
        file.allocate(0, 16 * page).unwrap();
        assert!(blocks() > before && blocks() * 512 >= 16 * page, "the holes have blocks");
        assert_eq!(file.len().unwrap(), 16 * page);
        let mut bytes = vec![1; system_page_bytes()];
        file.read(3 * page, &mut bytes).unwrap();
        assert!(bytes[..100].iter().all(|byte| *byte == 7) && bytes[100..].iter().all(|b| *b == 0));
    }
}

#[test]
fn without_the_promise_zeros_are_written_and_said_to_be_no_promise() {
    let folder = Folder::new(&std::env::temp_dir());
    let file = folder.file("store");
    let refused = |error: Errno| move |_: &StdFile, _, _, _| Err(error);
    for error in [Errno::OPNOTSUPP, Errno::INVAL] {
        let length = file.metadata().unwrap().len();
        let answer = allocate_by(refused(error), &file, length, 100_000);
        assert_eq!(answer.unwrap(), Allocation::Written);
        assert_eq!(file.metadata().unwrap().len(), length + 100_000);
    }
    assert!(file.metadata().unwrap().blocks() * 512 >= 200_000);
    let answer = allocate_by(refused(Errno::DQUOT), &file, 0, 300_000);
    assert_eq!(answer.unwrap_err().kind(), std::io::ErrorKind::QuotaExceeded);
    assert_eq!(file.metadata().unwrap().len(), 200_000);
    assert_eq!(allocate(&file, 0, 300_000).unwrap(), Allocation::Promised);
}

#[test]
fn the_environment_forbids_to_trust_allocations() {
    let name = "os::tests::allocate::the_environment_forbids_to_trust_allocations";
    let folder = Folder::new(&std::env::temp_dir());
    let file = folder.file("store");
    file.set_len(4096).unwrap();
    if is_alone(name, &[("STOA_TAIL", "private")]) {
        assert!(!filesystem::keeps_allocation(&file));
        let file = medium(file, WAY);
        file.allocate(0, 8192).unwrap();
        assert!(!file.keeps_allocation());
    }
}
