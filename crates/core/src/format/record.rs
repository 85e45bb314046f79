//! A record of the write-ahead log: all that one commit changed.

use super::claim::Claim;
use super::fields::{Fields, PutFields, padding_to_eight};
use super::{Extent, salted_checksum};
use crate::format::directory::RegionId;
use crate::medium::{PAGE_BYTES, Page};
use crate::planted::{Bug, planted};
use std::hash::Hasher as _;
use std::ops::Range;

/// Records begin at multiples of this: writing one never touches a sector of another, on disks
/// with sectors of 512 bytes and of 4 KiB.
pub(crate) const ALIGNMENT: u64 = PAGE_BYTES as u64;

/// What changes are counted in, within a page.
pub(crate) const GRANULE_BYTES: usize = 64;

/// The bitmap of a page that is recorded whole.
pub(crate) const WHOLE_PAGE: u64 = u64::MAX;

pub(super) const MAGIC: u64 = 0x8b1d_5e70_a106_c0de;
/// The fixed part at its start.
pub(super) const HEADER_BYTES: usize = 64;
pub(super) const CHECKSUMMED_FROM: usize = 16;

const _: () = assert!(PAGE_BYTES / GRANULE_BYTES == 64);

/// A run of pages that were written to their place before the record, and only named by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first page, counted from the start of the file.
    pub(crate) page: u64,
    /// The checksum of each page.
    pub(crate) checksums: Vec<u64>,
}

/// A page of which the record holds all or some granules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) page: u64,
    /// Bit *i*: granule *i* is in the record.
    pub(crate) bitmap: u64,
    /// Where the first granule lies in the record.
    pub(crate) at: usize,
}

/// A record being built.
#[derive(Debug)]
pub(crate) struct RecordBuilder {
    bytes: Vec<u8>,
    salt: u64,
}

/// The bytes of a record before its padding.
pub(crate) fn record_bytes(
    directory_bytes: usize,
    length_count: usize,
    runs: impl Iterator<Item = u64>,
    bitmaps: impl Iterator<Item = u64>,
) -> u64 {
    let directory = directory_bytes + padding_to_eight(directory_bytes);
    let lengths = length_count * 16;
    let runs: u64 = runs.map(|pages| 16 + pages * 8).sum();
    let images: u64 =
        bitmaps.map(|bitmap| 16 + u64::from(bitmap.count_ones()) * GRANULE_BYTES as u64).sum();
    (HEADER_BYTES + directory + lengths) as u64 + runs + images
}

impl RecordBuilder {
    /// Begins the record of a commit in an epoch with its salt. `directory` is empty where only lengths changed; `images`
    /// are the page and the bitmap of each image that will be put, in this order.
    pub(crate) fn new(
        (epoch, salt): (u64, u64),
        commit: u64,
        directory: &[u8],
        lengths: &[(RegionId, u64)],
        runs: &[Run],
        images: &[(u64, u64)],
    ) -> Self {
        let count = |len: usize| u32::try_from(len).expect("a record holds less than 2^32 items");
        let salt = used(salt);
        let mut bytes = Vec::with_capacity(in_memory(record_bytes(
            directory.len(),
            lengths.len(),
            runs.iter().map(|run| run.checksums.len() as u64),
            images.iter().map(|image| image.1),
        )));
        bytes.put_u64(MAGIC ^ salt);
        bytes.put_u64(0); // the checksum
        bytes.put_u64(commit);
        bytes.put_u64(0); // the length
        bytes.put_u32(count(lengths.len()));
        bytes.put_u32(count(runs.len()));
        bytes.put_u32(count(images.len()));
        bytes.put_u32(0);
        bytes.put_u64(directory.len() as u64);
        bytes.put_u64(epoch);
        bytes.put(directory);
        bytes.resize(bytes.len() + padding_to_eight(directory.len()), 0);
        for (region, length) in lengths {
            bytes.put_u32(region.0);
            bytes.put_u32(0);
            bytes.put_u64(*length);
        }
        for run in runs {
            bytes.put_u64(run.page);
            bytes.put_u64(run.checksums.len() as u64);
            for checksum in &run.checksums {
                bytes.put_u64(*checksum);
            }
        }
        for (page, bitmap) in images {
            bytes.put_u64(*page);
            bytes.put_u64(*bitmap);
        }
        Self { bytes, salt }
    }

    /// Adds the granules of a page that `bitmap` names. Gives where the first one lies.
    pub(crate) fn put_image(&mut self, bitmap: u64, content: &Page) -> usize {
        let at = self.bytes.len();
        if bitmap == WHOLE_PAGE {
            self.bytes.put(content);
        } else {
            for (index, granule) in content.chunks_exact(GRANULE_BYTES).enumerate() {
                if bitmap & (1 << index) != 0 {
                    self.bytes.put(granule);
                }
            }
        }
        at
    }

    /// The finished record, padded to `ALIGNMENT`.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let length = self.bytes.len() as u64;
        self.bytes[24..32].copy_from_slice(&length.to_ne_bytes());
        let mut checksum = salted_checksum(self.salt);
        checksum.write(&self.bytes[CHECKSUMMED_FROM..]);
        self.bytes[8..16].copy_from_slice(&checksum.finish().to_ne_bytes());
        let padded = length.next_multiple_of(ALIGNMENT);
        self.bytes.resize(in_memory(padded), 0);
        self.bytes
    }
}

fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a record fits in memory")
}

/// A record read back, with the bytes it was read from.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) commit: u64,
    pub(crate) epoch: u64,
    /// Its length, padding excluded.
    pub(crate) bytes: u64,
    pub(crate) outline: Outline,
    pub(crate) runs: Vec<Run>,
    pub(crate) images: Vec<Image>,
}

/// What a commit changed but the bytes of elements: it lies at the start of the record.
#[derive(Debug)]
pub(crate) struct Outline {
    /// Where the directory lies in the record; empty where only lengths changed.
    pub(crate) directory: Range<usize>,
    pub(crate) lengths: Vec<(RegionId, u64)>,
}

impl Outline {
    /// Reads it from the start of a record, as many bytes as the claim says it takes or more.
    pub(crate) fn decode(claim: &Claim, bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(bytes);
        fields.take(HEADER_BYTES)?;
        let directory_bytes = usize::try_from(claim.directory_bytes).ok()?;
        let directory = HEADER_BYTES..HEADER_BYTES.checked_add(directory_bytes)?;
        fields.take(directory_bytes)?;
        fields.skip_zeros(padding_to_eight(directory_bytes))?;
        let mut lengths = Vec::new();
        for _ in 0..claim.length_count {
            let region = RegionId(fields.u32()?);
            fields.u32()?;
            lengths.push((region, fields.u64()?));
        }
        Some(Self { directory, lengths })
    }
}

/// The salt as the protocol uses it.
pub(super) fn used(salt: u64) -> u64 {
    if planted(Bug::NoSalt) { 0 } else { salt }
}

impl Record {
    /// Reads the record that `claim` is of from all its bytes, whose checksum was proved. `None`
    /// where they make no sense.
    pub(crate) fn decode(claim: &Claim, bytes: &[u8]) -> Option<Self> {
        if claim.bytes != bytes.len() as u64 {
            return None;
        }
        let outline = Outline::decode(claim, bytes)?;
        let mut fields = Fields::new(bytes);
        fields.take(usize::try_from(claim.outline_bytes()).ok()?)?;
        let mut runs = Vec::new();
        for _ in 0..claim.run_count {
            let (page, count) = (fields.u64()?, fields.u64()?);
            let sums = fields.take(usize::try_from(count.checked_mul(8)?).ok()?)?;
            page.checked_add(count)?;
            let mut sums = Fields::new(sums);
            let checksums = std::iter::from_fn(|| sums.u64()).collect();
            runs.push(Run { page, checksums });
        }
        let image_count = usize::try_from(claim.image_count).ok()?;
        let mut table = Fields::new(fields.take(image_count.checked_mul(16)?)?);
        let mut images = Vec::with_capacity(image_count);
        while table.remaining() > 0 {
            let (page, bitmap) = (table.u64()?, table.u64()?);
            let at = bytes.len() - fields.remaining();
            fields.take(bitmap.count_ones() as usize * GRANULE_BYTES)?;
            images.push(Image { page, bitmap, at });
        }
        (fields.remaining() == 0).then_some(Self {
            commit: claim.commit,
            epoch: claim.epoch,
            bytes: claim.bytes,
            outline,
            runs,
            images,
        })
    }
}

impl Image {
    /// Lays the granules over `target`. `record` is the record's bytes.
    pub(crate) fn apply(&self, record: &[u8], target: &mut Page) {
        let mut at = self.at;
        for (index, granule) in target.chunks_exact_mut(GRANULE_BYTES).enumerate() {
            if self.bitmap & (1 << index) != 0 {
                granule.copy_from_slice(&record[at..at + GRANULE_BYTES]);
                at += GRANULE_BYTES;
            }
        }
    }
}

/// Which granules of two pages differ: bit *i* for granule *i*.
pub(crate) fn differing_granules(one: &Page, other: &Page) -> u64 {
    let pairs = one.chunks_exact(GRANULE_BYTES).zip(other.chunks_exact(GRANULE_BYTES));
    pairs
        .enumerate()
        .fold(0, |bitmap, (index, (one, other))| bitmap | (u64::from(one != other) << index))
}

/// The place of the record that follows one of `bytes` at `head`, within the log.
pub(crate) fn next_head(head: u64, bytes: u64) -> u64 {
    head + bytes.next_multiple_of(ALIGNMENT)
}

/// Whether a record of `bytes` fits into the log behind `head`.
pub(crate) fn fits(log: Extent, head: u64, bytes: u64) -> bool {
    next_head(head, bytes) <= log.bytes
}
