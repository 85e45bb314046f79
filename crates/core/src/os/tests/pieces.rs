//! Goal: a reservation shows what was mapped last at each place, whatever lay there before, and
//! its list says so. Method: random mappings beside a model of one entry a page.

use std::ops::Range;

use super::super::map::Reservation;
use super::super::piece::Content;
use super::super::runs::runs;
use super::{Folder, Random, medium, system_page_bytes};
use crate::medium::{Medium, Memory, PAGE_BYTES, Role};
use crate::os::DirtySearch;

const PAGES: usize = 40;

/// What the file's page of that number is filled with: never 0.
fn fill(page: usize) -> u8 {
    u8::try_from(page + 1).unwrap()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shown {
    Nothing,
    Zeros,
    /// A page of the file.
    File(usize, Role),
}

/// What the list says of each page.
fn listed(memory: &Reservation) -> Vec<Shown> {
    let page_bytes = system_page_bytes();
    let mut shown = vec![Shown::Nothing; PAGES];
    let mut end = 0;
    for piece in memory.pieces() {
        assert!(piece.bytes > 0 && piece.offset >= end, "empty or out of order: {piece:?}");
        end = piece.end();
        let pages = piece.offset / page_bytes..end / page_bytes;
        for (index, shown) in shown[pages].iter_mut().enumerate() {
            *shown = match &piece.content {
                Content::Anonymous => Shown::Zeros,
                Content::File(content) => {
                    let first = usize::try_from(content.file_offset).unwrap() / page_bytes;
                    Shown::File(first + index, content.role)
                }
            };
        }
    }
    shown
}

#[test]
fn the_last_mapping_of_a_page_is_what_it_shows() {
    let mut random = Random::new("the last mapping of a page is what it shows");
    let page_bytes = system_page_bytes();
    let in_bytes = |pages: &Range<usize>| (pages.start * page_bytes, pages.len() * page_bytes);
    for folder in Folder::on_each() {
        let file = medium(folder.file("store"), DirtySearch::Compare);
        for page in 0..PAGES {
            let bytes = vec![fill(page); page_bytes];
            file.write((page * page_bytes) as u64, &bytes).unwrap();
        }
        for _ in 0..30 {
            let mut memory = file.reserve(PAGES * page_bytes).unwrap();
            let mut model = vec![Shown::Nothing; PAGES];
            for _ in 0..40 {
                let pages = random.stretch(PAGES);
                let (offset, bytes) = in_bytes(&pages);
                let kind = random.below(4);
                let from = random.below(PAGES - pages.len() + 1);
                // Where it was mapped anyway, half of the time: then only the role changes.
                let from = if random.below(2) == 0 { pages.start } else { from };
                if kind == 0 {
                    memory.map_anonymous(offset, bytes).unwrap();
                    model[pages].fill(Shown::Zeros);
                } else {
                    let role = if kind == 1 { Role::Shared } else { Role::Private };
                    let file_offset = (from * page_bytes) as u64;
                    memory.map_file(offset, bytes, file_offset, role).unwrap();
                    for (index, page) in pages.enumerate() {
                        model[page] = Shown::File(from + index, role);
                    }
                }
                assert_eq!(listed(&memory), model);
                check_bytes(&memory, &model);
            }
            let stretch = random.stretch(PAGES);
            let (offset, bytes) = in_bytes(&stretch);
            let mapped = model[stretch].iter().all(|shown| *shown != Shown::Nothing);
            assert_eq!(memory.covering(offset, bytes).is_some(), mapped);
        }
    }
}

fn check_bytes(memory: &Reservation, model: &[Shown]) {
    let page_bytes = system_page_bytes();
    let mut scratch = [0; PAGE_BYTES];
    for (page, shown) in model.iter().enumerate() {
        for offset in (page * page_bytes..(page + 1) * page_bytes).step_by(PAGE_BYTES) {
            let value = match shown {
                Shown::Nothing => continue,
                Shown::Zeros => 0,
                Shown::File(from, _) => fill(*from),
            };
            assert_eq!(memory.page(offset, &mut scratch), &[value; PAGE_BYTES]);
            if value > 0 {
                assert_eq!(memory.file_page(offset, &mut scratch), &[value; PAGE_BYTES]);
            }
        }
    }
}

/// As a commit does: more and more of the shared tail becomes private.
#[test]
fn neighbours_that_show_one_stretch_are_one_piece() {
    let page_bytes = system_page_bytes();
    for folder in Folder::on_each() {
        let file = medium(folder.file("store"), DirtySearch::Compare);
        file.truncate((PAGES * page_bytes) as u64).unwrap();
        let mut memory = file.reserve(PAGES * page_bytes).unwrap();
        memory.map_file(0, PAGES * page_bytes, 0, Role::Shared).unwrap();
        for page in 0..PAGES - 1 {
            let offset = page * page_bytes;
            memory.map_file(offset, page_bytes, offset as u64, Role::Private).unwrap();
            assert_eq!(memory.pieces().len(), 2);
        }
        let offset = (PAGES - 1) * page_bytes;
        memory.map_file(offset, page_bytes, offset as u64, Role::Private).unwrap();
        assert_eq!(memory.pieces().len(), 1);
    }
}

#[test]
fn runs_are_the_pages_of_the_machine_that_are_named_whole() {
    let mut random = Random::new("runs are the pages of the machine that are named whole");
    for system_page_bytes in [PAGE_BYTES, 4 * PAGE_BYTES, 16 * PAGE_BYTES] {
        let ratio = system_page_bytes / PAGE_BYTES;
        assert_eq!(runs(&[], system_page_bytes), []);
        for _ in 0..200 {
            let sparse = 1 + random.below(4 * ratio);
            let named: Vec<bool> = (0..20 * ratio).map(|_| random.below(sparse) > 0).collect();
            let pages: Vec<usize> = (0..named.len())
                .filter(|page| named[*page])
                .map(|page| page * PAGE_BYTES)
                .collect();
            let mut expected: Vec<Range<usize>> = Vec::new();
            for (index, parts) in named.chunks(ratio).enumerate() {
                let start = index * system_page_bytes;
                if !parts.iter().all(|named| *named) {
                    continue;
                }
                match expected.last_mut() {
                    Some(last) if last.end == start => last.end += system_page_bytes,
                    _ => expected.push(start..start + system_page_bytes),
                }
            }
            assert_eq!(runs(&pages, system_page_bytes), expected);
        }
    }
}

#[test]
#[should_panic(expected = "pages must ascend")]
fn pages_out_of_order_are_refused() {
    runs(&[PAGE_BYTES, 0], PAGE_BYTES);
}
