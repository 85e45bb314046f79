//! One file on a disk that keeps every version of what was not synced yet.
//!
//! Three things are kept apart: what is durable, what reads see (the cache), and per sector of
//! 512 bytes all versions written since it was last made durable. A power cut chooses a version of
//! each such sector, and a length of the file, on its own: sectors reach a disk in any order.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use stoa_core::PAGE_BYTES;

use super::pages::{Pages, SECTOR_BYTES, Sector};
use super::random::Random;

/// More versions of a sector than these tell nothing new; a middle one makes room.
const VERSIONS_MAX: usize = 8;

/// Which un-synced sectors a power cut keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Nothing,
    Everything,
    /// Of each sector any version, the durable one among them.
    AnyVersion,
    /// Of each sector the oldest or the newest.
    OldOrNew,
    OnlyOne,
    AllButOne,
}

/// Whether a power cut tears a sector that was being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tearing {
    None,
    /// One that was to get other bytes than it has.
    Changed,
    Any,
}

pub(crate) const KEPT: [Kept; 6] = [
    Kept::Nothing,
    Kept::Everything,
    Kept::AnyVersion,
    Kept::OldOrNew,
    Kept::OnlyOne,
    Kept::AllButOne,
];

/// One file on a disk with a volatile cache.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    durable: Pages,
    durable_bytes: u64,
    cache: Pages,
    bytes: u64,
    /// Versions not durable yet, oldest first, of each sector that has some.
    pending: BTreeMap<u64, Vec<Arc<Sector>>>,
    /// Lengths not durable yet, oldest first.
    pending_bytes: Vec<u64>,
    /// The same of what the drive got before a reset, and has in its cache: only the power takes
    /// it away.
    held: BTreeMap<u64, Vec<Arc<Sector>>>,
    held_bytes: Vec<u64>,
    /// The file that had the name before, as long as a power cut may bring it back.
    former: Option<Box<Disk>>,
    /// The drive got the name before a reset: its cache goes with the next sync.
    holds_name: bool,
    /// Power cuts and resets so far.
    boots: u64,
}

impl fmt::Debug for Disk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Disk")
            .field("bytes", &self.bytes)
            .field("durable_bytes", &self.durable_bytes)
            .field("pending_bytes", &self.pending_bytes)
            .field("pending_sectors", &self.pending.len())
            .finish_non_exhaustive()
    }
}

fn sectors(offset: u64, bytes: u64) -> Range<u64> {
    let unit = SECTOR_BYTES as u64;
    if bytes == 0 { 0..0 } else { offset / unit..(offset + bytes).div_ceil(unit) }
}

impl Disk {
    /// The number of the boot, from 1 on.
    pub(crate) fn boot_id(&self) -> u64 {
        self.boots + 1
    }

    /// An empty file on the same disk.
    pub(crate) fn beside(&self) -> Self {
        Self { boots: self.boots, ..Self::default() }
    }

    /// Takes the name of another file; not durable yet.
    pub(crate) fn take_name_of(&mut self, former: &Self) {
        assert!(former.former.is_none(), "a file that may lose its name gives it away");
        self.former = Some(Box::new(former.clone()));
    }

    /// The name is this file's for good.
    pub(crate) fn sync_name(&mut self) {
        self.former = None;
        self.holds_name = false;
    }

    /// Whether a power cut may bring back the file that had the name before.
    pub(crate) fn may_lose_name(&self) -> bool {
        self.former.is_some()
    }

    /// Draws whether a cut brings it back.
    fn lost_name(&self, kept: Kept, random: &mut Random) -> Option<&Self> {
        let former = self.former.as_deref()?;
        let is_lost = match kept {
            Kept::Nothing => true,
            Kept::Everything => false,
            _ => random.chance(50),
        };
        is_lost.then_some(former)
    }

    pub(crate) fn len(&self) -> u64 {
        self.bytes
    }

    /// What reads see. Bytes behind the end are zero.
    pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) {
        self.cache.read(offset, buffer);
    }

    /// Changes the cache and queues the new versions. Writing the same bytes again queues them
    /// too: a kernel does not compare.
    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8]) {
        self.extend(offset + bytes.len() as u64);
        self.cache.write(offset, bytes);
        for sector in sectors(offset, bytes.len() as u64) {
            let versions = self.pending.entry(sector).or_default();
            if versions.len() == VERSIONS_MAX {
                versions.remove(VERSIONS_MAX / 2);
            }
            versions.push(Arc::new(*self.cache.sector(sector)));
        }
    }

    pub(crate) fn zero(&mut self, offset: u64, bytes: u64) {
        let zeros = vec![0; bytes as usize];
        self.write(offset, &zeros);
    }

    /// Makes the file at least `bytes` long.
    pub(crate) fn extend(&mut self, bytes: u64) {
        if bytes > self.bytes {
            self.bytes = bytes;
            self.pending_bytes.push(bytes);
        }
    }

    /// Cuts the file to `bytes`. What was behind may come back as old data only if the cut does
    /// not keep the new length.
    pub(crate) fn truncate(&mut self, bytes: u64) {
        if bytes < self.bytes {
            self.zero(bytes, self.bytes - bytes);
            self.bytes = bytes;
            self.pending_bytes.push(bytes);
            self.cache.cut(bytes);
        }
    }

    /// Makes just these bytes durable: of every sector they touch, the newest version.
    pub(crate) fn sync_range(&mut self, offset: u64, bytes: u64) {
        for sector in sectors(offset, bytes) {
            let held = self.held.remove(&sector);
            let newest = self.pending.remove(&sector).or(held).and_then(|mut all| all.pop());
            if let Some(newest) = newest {
                self.durable.set_sector(sector, &newest);
            }
        }
    }

    /// Makes all durable.
    pub(crate) fn sync(&mut self) {
        let held = std::mem::take(&mut self.held);
        for (sector, versions) in held.into_iter().chain(std::mem::take(&mut self.pending)) {
            if let Some(newest) = versions.last() {
                self.durable.set_sector(sector, newest);
            }
        }
        self.durable_bytes = self.bytes;
        self.pending_bytes.clear();
        self.held_bytes.clear();
        self.durable.cut(self.bytes);
        if self.holds_name {
            self.sync_name();
        }
    }

    /// A sync that fails as Linux fails: of what was pending any part is durable, all of it counts
    /// as clean from now on, and the cache goes on to show it. Lengths stay pending: they are the
    /// journal's, which either writes them later or stops the file system.
    pub(crate) fn fail_sync(&mut self, range: Option<(u64, u64)>, random: &mut Random) {
        let failed: Vec<u64> = match range {
            None => self.pending.keys().copied().collect(),
            Some((offset, bytes)) => sectors(offset, bytes).collect(),
        };
        let percent = *random.pick(&[0, 50, 100]);
        for sector in failed {
            let Some(versions) = self.pending.remove(&sector) else {
                continue;
            };
            if random.chance(percent) {
                let kept = random.pick(&versions);
                self.durable.set_sector(sector, kept);
                self.held.remove(&sector);
            }
        }
    }

    /// All versions that are not durable, oldest first.
    fn versions(&self) -> BTreeMap<u64, Vec<Arc<Sector>>> {
        let mut versions = self.held.clone();
        for (&sector, pending) in &self.pending {
            versions.entry(sector).or_default().extend(pending.iter().cloned());
        }
        versions
    }

    /// Cuts the power: the disk as the next boot finds it.
    pub(crate) fn cut(&self, kept: Kept, tearing: Tearing, random: &mut Random) -> Self {
        if let Some(former) = self.lost_name(kept, random) {
            return former.cut(kept, tearing, random);
        }
        let versions = self.versions();
        let mut disk = self.stop(&versions, kept, random);
        if tearing != Tearing::None {
            self.tear(&versions, &mut disk.cache, tearing, random);
            disk.cache.cut(disk.bytes);
        }
        disk.durable = disk.cache.clone();
        disk.durable_bytes = disk.bytes;
        disk.held.clear();
        disk.held_bytes.clear();
        disk.sync_name();
        disk
    }

    /// Sectors of which the newest version is not what is durable.
    pub(crate) fn unsynced(&self) -> Vec<u64> {
        let differs = |(sector, versions): (u64, Vec<Arc<Sector>>)| {
            let newest = versions.last().expect("a pending sector has a version");
            (**newest != *self.durable.sector(sector)).then_some(sector)
        };
        self.versions().into_iter().filter_map(differs).collect()
    }

    pub(crate) fn has_unsynced_length(&self) -> bool {
        self.bytes != self.durable_bytes
    }

    /// Cuts the power and keeps exactly these sectors, in their newest version.
    pub(crate) fn cut_where(&self, keeps: impl Fn(u64) -> bool, keeps_length: bool) -> Self {
        let mut pages = self.durable.clone();
        for (sector, versions) in self.versions() {
            if let Some(newest) = versions.last().filter(|_| keeps(sector)) {
                pages.set_sector(sector, newest);
            }
        }
        let bytes = if keeps_length { self.bytes } else { self.durable_bytes };
        pages.cut(bytes);
        Self {
            durable: pages.clone(),
            durable_bytes: bytes,
            cache: pages,
            bytes,
            boots: self.boots + 1,
            ..Self::default()
        }
    }

    /// The same disk, as a cut left it, with garbage in a part of one sector.
    pub(crate) fn torn(mut self, sector: u64, part: Range<usize>) -> Self {
        let mut bytes = *self.durable.sector(sector);
        Random::new(sector).fill(&mut bytes[part]);
        self.durable.set_sector(sector, &bytes);
        self.durable.cut(self.bytes);
        self.cache = self.durable.clone();
        self
    }

    /// A reset, or a panic of the kernel: its cache is gone, and the drive, which has kept its
    /// power, shows what it got until then, durable or not.
    pub(crate) fn reset(&self, kept: Kept, random: &mut Random) -> Self {
        if let Some(former) = self.lost_name(kept, random) {
            return former.reset(kept, random);
        }
        self.stop(&self.versions(), kept, random)
    }

    /// What the drive got: of each sector some version, and the ones before it.
    fn stop(&self, all: &BTreeMap<u64, Vec<Arc<Sector>>>, kept: Kept, random: &mut Random) -> Self {
        let mut pages = self.durable.clone();
        let mut held = BTreeMap::new();
        let lengths: Vec<u64> = std::iter::once(self.durable_bytes)
            .chain(self.held_bytes.iter().copied())
            .chain(self.pending_bytes.iter().copied())
            .collect();
        // The length is one more thing that may or may not be kept.
        let one = random.below(all.len() + usize::from(lengths.len() > 1));
        let choose = |index: usize, count: usize, random: &mut Random| match kept {
            Kept::Nothing => 0,
            Kept::Everything => count,
            Kept::AnyVersion => random.below(count + 1),
            Kept::OldOrNew => count * random.below(2),
            Kept::OnlyOne => {
                if index == one {
                    count
                } else {
                    0
                }
            }
            Kept::AllButOne => {
                if index == one {
                    0
                } else {
                    count
                }
            }
        };
        for (index, (&sector, versions)) in all.iter().enumerate() {
            let count = choose(index, versions.len(), random);
            if let Some(newest) = versions[..count].last() {
                pages.set_sector(sector, newest);
                held.insert(sector, versions[..count].to_vec());
            }
        }
        let count = choose(all.len(), lengths.len() - 1, random);
        pages.cut(lengths[count]);
        Self {
            durable: self.durable.clone(),
            durable_bytes: self.durable_bytes,
            cache: pages,
            bytes: lengths[count],
            pending: BTreeMap::new(),
            pending_bytes: Vec::new(),
            held,
            held_bytes: lengths[1..=count].to_vec(),
            former: self.former.as_ref().map(|former| {
                let boots = self.boots + 1;
                Box::new(Self { boots, ..(**former).clone() })
            }),
            holds_name: self.former.is_some(),
            boots: self.boots + 1,
        }
    }

    /// Fills a part of one sector that was being written with garbage.
    fn tear(
        &self,
        all: &BTreeMap<u64, Vec<Arc<Sector>>>,
        pages: &mut Pages,
        tearing: Tearing,
        random: &mut Random,
    ) {
        let is_torn = |sector: u64, versions: &[Arc<Sector>]| {
            let durable = self.durable.sector(sector);
            tearing == Tearing::Any || versions.iter().any(|version| **version != *durable)
        };
        let torn: Vec<u64> = all
            .iter()
            .filter(|&(&sector, versions)| is_torn(sector, versions))
            .map(|(&sector, _)| sector)
            .collect();
        if torn.is_empty() {
            return;
        }
        let sector = *random.pick(&torn);
        let mut bytes = **random.pick(&all[&sector]);
        let start = random.below(SECTOR_BYTES - 1);
        let end = random.between(start + 1, SECTOR_BYTES);
        random.fill(&mut bytes[start..end]);
        if random.chance(50) {
            bytes[end..].copy_from_slice(&pages.sector(sector)[end..]);
        }
        pages.set_sector(sector, &bytes);
    }

    /// Takes clean pages out of the cache, but for the one at `spared`: what a failed sync lost
    /// shows now.
    pub(crate) fn evict(&mut self, spared: u64, random: &mut Random) {
        let percent = *random.pick(&[0, 50, 100]);
        for page in 0..self.cache.count() {
            if page as u64 == spared / PAGE_BYTES as u64 {
                continue;
            }
            let first = (page * PAGE_BYTES / SECTOR_BYTES) as u64;
            let end = first + (PAGE_BYTES / SECTOR_BYTES) as u64;
            let is_clean = self.pending.range(first..end).next().is_none();
            if is_clean && random.chance(percent) {
                self.cache.copy_page(page, &self.durable);
                for (&sector, versions) in self.held.range(first..end) {
                    let newest = versions.last().expect("what is held has a version");
                    self.cache.set_sector(sector, newest);
                }
            }
        }
        self.cache.cut(self.bytes);
    }
}
