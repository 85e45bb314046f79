//! What a check of a store found.

use crate::format::directory::RegionId;
use std::ops::Range;

/// Problems that are told one by one; more of them tell nothing new.
const PROBLEMS_MAX: usize = 100;

/// What a check of a store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The commit that was checked.
    pub commit: u64,
    /// Bytes of the file that were compared with a checksum.
    pub bytes_checked: u64,
    /// Bytes of committed pages of which no checksum is known: written by a live store, or of a
    /// sector of the checksum table that a power cut tore.
    pub bytes_unknown: u64,
    /// What is wrong, in the order of the file's parts; at most a hundred.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more_problems: u64,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What was found.
    pub message: String,
}

/// A part of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The first bytes of the file.
    Identity,
    /// One of the two headers, 0 or 1.
    HeaderSlot(usize),
    /// The list of regions and the metadata.
    Directory,
    /// The log of the commits since the last checkpoint.
    Log,
    /// What the writer tells other processes.
    Published,
    /// The checksums of pages.
    ChecksumTable,
    /// Elements of a region.
    Region {
        /// Its number.
        id: RegionId,
        /// Its name.
        name: String,
        /// Those that may have been changed.
        elements: Range<u64>,
    },
}

impl Verified {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn add(&mut self, place: Place, message: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { place, message: message.into() });
        } else {
            self.more_problems += 1;
        }
    }
}
