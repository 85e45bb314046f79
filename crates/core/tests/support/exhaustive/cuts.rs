//! Every cut of a few classes: of what was not synced nothing is kept, or all, or one write alone,
//! or all but one, or a part of one is garbage, and the rest of it old or new.

use crate::support::disk::Disk;
use crate::support::pages::SECTOR_BYTES;

/// More writes than these are taken together: first those of a page, then those of 64 KiB.
const WRITES_MAX: usize = 40;
/// Of sectors that are no more than these each part of 64 bytes is torn, of others each half.
const TORN_FINELY_MAX: usize = 4;
const TOGETHER: [u64; 3] = [1, 4096 / SECTOR_BYTES as u64, 65_536 / SECTOR_BYTES as u64];

/// What may be kept or lost on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Sectors(Vec<u64>),
    Length,
}

impl Part {
    fn has(&self, sector: u64) -> bool {
        matches!(self, Self::Sectors(sectors) if sectors.contains(&sector))
    }
}

/// How a disk was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Nothing,
    Everything,
    Alone,
    Missing,
    Torn,
}

/// A disk as the next boot finds it.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) disk: Disk,
    pub(crate) class: Class,
    pub(crate) words: String,
}

fn parts(disk: &Disk) -> Vec<Part> {
    let sectors = disk.unsynced();
    let mut parts = Vec::new();
    for together in TOGETHER {
        parts.clear();
        for group in sectors.chunk_by(|one, other| one / together == other / together) {
            parts.push(Part::Sectors(group.to_vec()));
        }
        if parts.len() <= WRITES_MAX {
            break;
        }
    }
    if disk.has_unsynced_length() {
        parts.push(Part::Length);
    }
    parts
}

/// All cuts of a disk, of every class.
pub(crate) fn every_cut(disk: &Disk) -> Vec<Cut> {
    let keep = |class, words: String, keeps: &dyn Fn(u64) -> bool, keeps_length: bool| Cut {
        disk: disk.cut_where(keeps, keeps_length),
        class,
        words,
    };
    let mut cuts = vec![
        keep(Class::Nothing, "nothing kept".to_owned(), &|_| false, false),
        keep(Class::Everything, "all kept".to_owned(), &|_| true, true),
    ];
    let parts = parts(disk);
    for part in &parts {
        let is_length = *part == Part::Length;
        if parts.len() > 1 {
            let words = format!("{part:?} alone kept");
            cuts.push(keep(Class::Alone, words, &|sector| part.has(sector), is_length));
            let words = format!("{part:?} lost");
            cuts.push(keep(Class::Missing, words, &|sector| !part.has(sector), !is_length));
        }
        let Part::Sectors(sectors) = part else { continue };
        let part_bytes =
            if parts.len() <= TORN_FINELY_MAX { SECTOR_BYTES / 8 } else { SECTOR_BYTES / 2 };
        for is_new in [false, true] {
            let whole = disk.cut_where(|sector| is_new || !part.has(sector), true);
            for start in (0..SECTOR_BYTES).step_by(part_bytes) {
                let bytes = start..start + part_bytes;
                let words = format!("{part:?} torn in {bytes:?}, the rest is new: {is_new}");
                let disk = whole.clone().torn(sectors[0], bytes);
                cuts.push(Cut { disk, class: Class::Torn, words });
            }
        }
    }
    cuts
}
