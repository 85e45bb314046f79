//! A model of a file and of private memory over it, changed beside the real ones.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::map::Reservation;
use super::{Folder, Random, medium, system_page_bytes};
use crate::medium::{Medium, Memory, PAGE_BYTES, Role};
use crate::os::{DirtySearch, File};

/// Pages of the machine, and in one piece.
pub(super) const PAGES: usize = 96;
const PIECE: usize = 8;

/// A private mapping of a file, and what both must hold. One byte stands for each page.
pub(super) struct Model {
    file: File,
    memory: Reservation,
    /// Where in the file each piece of memory comes from.
    order: Vec<usize>,
    in_file: Vec<u8>,
    in_memory: Vec<u8>,
    copies: BTreeSet<usize>,
}

impl Model {
    pub(super) fn new(folder: &Folder, name: &str, way: DirtySearch, random: &mut Random) -> Self {
        let file = medium(folder.file(name), way);
        let page = system_page_bytes();
        file.truncate((PAGES * page) as u64).unwrap();
        let mut in_file = vec![0; PAGES];
        for (index, value) in in_file.iter_mut().enumerate() {
            // The others are holes.
            if random.below(3) > 0 {
                *value = random.byte();
                let bytes = vec![*value; page];
                file.write((index * page) as u64, &bytes).unwrap();
            }
        }
        let mut order: Vec<usize> = (0..PAGES / PIECE).collect();
        for index in (1..order.len()).rev() {
            order.swap(index, random.below(index + 1));
        }
        let mut memory = file.reserve(2 * PAGES * page).unwrap();
        let bytes = PIECE * page;
        for (piece, from) in order.iter().enumerate() {
            let from = (from * bytes) as u64;
            memory.map_file(piece * bytes, bytes, from, Role::Private).unwrap();
        }
        let mut model = Self {
            file,
            memory,
            order,
            in_file,
            in_memory: vec![0; PAGES],
            copies: BTreeSet::new(),
        };
        for page in 0..PAGES {
            model.in_memory[page] = model.in_file[model.home(page)];
        }
        model
    }

    /// The page of the file that a page of the memory shows.
    fn home(&self, page: usize) -> usize {
        self.order[page / PIECE] * PIECE + page % PIECE
    }

    fn write(&mut self, page: usize, value: u8) {
        let bytes = vec![value; system_page_bytes()];
        self.memory.write(page * system_page_bytes(), &bytes);
        self.in_memory[page] = value;
        self.copies.insert(page);
    }

    fn write_file(&mut self, page: usize, value: u8) {
        let home = self.home(page);
        let offset = (home * system_page_bytes()) as u64;
        self.file.write(offset, &vec![value; system_page_bytes()]).unwrap();
        self.in_file[home] = value;
        if !self.copies.contains(&page) {
            self.in_memory[page] = value;
        }
    }

    fn drop_copies(&mut self, pages: &BTreeSet<usize>) {
        let parts: Vec<usize> = pages.iter().flat_map(|page| parts(*page)).collect();
        self.memory.drop_copies(&parts).unwrap();
        for page in pages {
            self.copies.remove(page);
            self.in_memory[*page] = self.in_file[self.home(*page)];
        }
    }

    fn find(&self, pages: &Range<usize>) -> Vec<usize> {
        let page = system_page_bytes();
        let mut found = vec![7];
        self.memory.find_copies(pages.start * page, pages.len() * page, &mut found).unwrap();
        assert_eq!(found.remove(0), 7, "what was in the list stays");
        found
    }

    pub(super) fn check(&self, way: DirtySearch, pages: &Range<usize>) {
        let differs = |page: usize| self.in_memory[page] != self.in_file[self.home(page)];
        let expected = pages.clone().filter(|page| match way {
            DirtySearch::Compare => differs(*page),
            _ => self.copies.contains(page),
        });
        let expected: Vec<usize> = expected.flat_map(parts).collect();
        assert_eq!(self.find(pages), expected, "{way:?} in {pages:?}");
        assert_eq!(self.file.dirty_search(), way, "fell back");
        let mut scratch = [0; PAGE_BYTES];
        for page in 0..PAGES {
            for part in parts(page) {
                let bytes = self.memory.page(part, &mut scratch);
                assert_eq!(bytes, &[self.in_memory[page]; PAGE_BYTES], "memory, page {page}");
                let bytes = self.memory.file_page(part, &mut scratch);
                let home = self.home(page);
                assert_eq!(bytes, &[self.in_file[home]; PAGE_BYTES], "file, page {home}");
            }
        }
    }

    pub(super) fn step(&mut self, random: &mut Random) {
        let page = random.below(PAGES);
        match random.below(16) {
            0..=4 => self.write(page, random.byte()),
            5 => self.write(page, self.in_memory[page]),
            6 => random.stretch(PAGES).for_each(|page| self.write(page, 1)),
            7 | 8 => self.write_file(page, random.byte()),
            9 => self.write_file(page, 0),
            10 => self.memory.read(page * system_page_bytes(), &mut [0]),
            11 => self.file.sync().unwrap(),
            12 => self.drop_copies(&self.copies.clone()),
            13 => {
                let pages = random.stretch(PAGES).filter(|_| random.below(2) == 0);
                self.drop_copies(&pages.collect());
            }
            14 => self.drop_copies(&random.stretch(PAGES).collect()),
            _ => {
                let pages = random.stretch(PAGES);
                let range = pages.start * system_page_bytes()..pages.end * system_page_bytes();
                self.memory.remap(&range).unwrap();
                for page in pages {
                    self.copies.remove(&page);
                    self.in_memory[page] = self.in_file[self.home(page)];
                }
            }
        }
    }
}

/// The 4 KiB pages of a page of the machine.
pub(super) fn parts(page: usize) -> impl Iterator<Item = usize> {
    let start = page * system_page_bytes();
    (start..start + system_page_bytes()).step_by(PAGE_BYTES)
}
