//! What is found in a file at opening: its newest header, its directory, the records of its log.
//! Everything here may be hostile; nothing is written.

use crate::checkpoint::directory_extent;
use crate::error::{Error, ErrorKind, Result};
use crate::format::claim::{CLAIM_BYTES, Claim};
use crate::format::directory::{Lengths, Structure};
use crate::format::header::{HEADER_BYTES, Header, slot_index};
use crate::format::published::Published;
use crate::format::record::{Outline, Record};
use crate::format::{DIRECTORY_AREAS, Extent, PAGE, SLOT_OFFSETS, UNIT_BYTES, checksum};
use crate::medium::{Medium, PAGE_BYTES};
use crate::planted::{Bug, planted};
use crate::region::in_memory;
use std::hash::Hasher as _;
use std::io;

pub(crate) fn corrupt(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the store is damaged: {what}"))
}

pub(crate) fn cannot_read(error: &io::Error) -> Error {
    Error::from_io(error, "pread", "cannot read the store")
}

pub(crate) fn cannot_write(error: &io::Error) -> Error {
    Error::from_io(error, "pwrite", "cannot recover the store; reopening tries again")
}

pub(crate) fn cannot_sync(error: &io::Error) -> Error {
    Error::from_io(error, "fdatasync", "cannot recover the store; reopening tries again")
}

/// Reads up to `bytes`, fewer at the end of the file.
pub(crate) fn read<M: Medium>(medium: &M, offset: u64, bytes: usize) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(bytes).map_err(|_| {
        let message = format!("cannot read {bytes} bytes of it at once: memory is short");
        Error::new(ErrorKind::Limit, message)
    })?;
    buffer.resize(bytes, 0);
    let count = medium.read(offset, &mut buffer).map_err(|error| cannot_read(&error))?;
    buffer.truncate(count);
    Ok(buffer)
}

/// A length claimed by the file, as a length in memory: at most what the file has.
pub(crate) fn claimed<M: Medium>(medium: &M, bytes: u64) -> Result<usize> {
    let file_bytes = medium.len().map_err(|error| cannot_read(&error))?;
    if bytes > file_bytes {
        return Err(corrupt(&format!("it claims {bytes} bytes where the file has {file_bytes}")));
    }
    usize::try_from(bytes).map_err(|_| corrupt("it claims more than the address space"))
}

/// The places that no region may have.
pub(crate) fn reserved_places(header: &Header) -> Vec<Extent> {
    let mut places = vec![header.log];
    places.extend(directory_extent(header.directory));
    places
}

/// Whether the block was written in this boot: then it is exact.
pub(crate) fn is_of_this_boot<M: Medium>(medium: &M, published: &Published) -> bool {
    published.boot_id != 0 && published.boot_id == medium.boot_id()
}

/// The header with the highest epoch that is whole, and the directory that it refers to.
pub(crate) fn newest_state<M: Medium>(
    medium: &M,
    published: Option<&Published>,
) -> Result<(Header, Structure, Lengths)> {
    let mut newest: Option<Header> = None;
    for (index, slot) in SLOT_OFFSETS.into_iter().enumerate() {
        let found = Header::decode(&read(medium, slot, HEADER_BYTES)?, index);
        newest = newest.into_iter().chain(found).max_by_key(|header| header.epoch);
    }
    let header = newest.ok_or_else(|| corrupt("neither of its headers is whole"))?;
    refuse_lost_header(medium, &header, published)?;
    let (structure, lengths) = read_structure(medium, &header)?;
    Ok((header, structure, lengths))
}

/// The directory that a header refers to.
pub(crate) fn read_structure<M: Medium>(
    medium: &M,
    header: &Header,
) -> Result<(Structure, Lengths)> {
    let (structure, lengths) = Structure::decode(&read_directory(medium, header)?)?;
    if structure.data_version != header.data_version {
        return Err(corrupt("its header and its directory disagree about the data version"));
    }
    let end = structure.check_places(&reserved_places(header))?;
    claimed(medium, end)?;
    Ok((structure, lengths))
}

/// The bytes of the directory.
fn read_directory<M: Medium>(medium: &M, header: &Header) -> Result<Vec<u8>> {
    let area = DIRECTORY_AREAS[slot_index(header.epoch)];
    let place = header.directory;
    let is_in_area = place.offset == area.offset && place.bytes <= area.bytes;
    if !is_in_area && !place.offset.is_multiple_of(UNIT_BYTES) {
        return Err(corrupt("its directory lies where none can lie"));
    }
    let length = claimed(medium, place.bytes)?;
    let bytes = read(medium, place.offset, length)?;
    if bytes.len() != length || checksum(&bytes) != header.directory_checksum {
        return Err(corrupt("the checksum of its directory does not match"));
    }
    Ok(bytes)
}

/// A power cut leaves the header before only if nothing was built on the next. Where something
/// was, the next was durable, and was lost by damage: the one before is of the past.
pub(crate) fn refuse_lost_header<M: Medium>(
    medium: &M,
    header: &Header,
    published: Option<&Published>,
) -> Result<()> {
    if planted(Bug::HeaderNotSyncedBeforeLogReuse) {
        return Ok(());
    }
    // A log always begins with a record, never with a value.
    let first = read_record(medium, header.log, 0, None)?;
    let is_newer = |epoch: u64| epoch > header.epoch;
    if published.is_some_and(|published| is_newer(published.epoch))
        || first.is_some_and(|(record, _)| is_newer(record.epoch))
    {
        return Err(corrupt("its newest header is gone"));
    }
    Ok(())
}

/// The record at `head` of the log, if it is whole and of the epoch with this salt; `None`: of any.
/// Its bytes are taken into memory only when they are known to be a record.
pub(crate) fn read_record<M: Medium>(
    medium: &M,
    log: Extent,
    head: u64,
    salt: Option<u64>,
) -> Result<Option<(Record, Vec<u8>)>> {
    if head >= log.bytes {
        return Ok(None);
    }
    let offset = log.offset + head;
    let first = read(medium, offset, CLAIM_BYTES)?;
    let claim = Claim::decode(&first);
    let Some(claim) = claim.filter(|claim| salt.is_none_or(|salt| claim.has_salt(salt))) else {
        return Ok(None);
    };
    let file_bytes = medium.len().map_err(|error| cannot_read(&error))?;
    if claim.bytes > (log.bytes - head).min(file_bytes) || !claim.adds_up(file_bytes / PAGE) {
        return Ok(None);
    }
    let end = offset + claim.bytes;
    let mut hash = claim.hash(&first);
    let mut bytes = first;
    let mut at = offset + CLAIM_BYTES as u64;
    while at < end {
        let part = read(medium, at, in_memory((end - at).min(READ_BYTES)))?;
        if part.is_empty() {
            return Ok(None);
        }
        hash.write(&part);
        at += part.len() as u64;
        if claim.bytes <= READ_BYTES {
            bytes.extend(part);
        }
    }
    if !claim.is_proved_by(&hash) {
        return Ok(None);
    }
    if claim.bytes > READ_BYTES {
        bytes = read(medium, offset, in_memory(claim.bytes))?;
    }
    Ok(Record::decode(&claim, &bytes).map(|record| (record, bytes)))
}

/// Longer records are read twice: to check them, piece by piece, and to use them.
const READ_BYTES: u64 = 1 << 20;

/// What a record says of regions.
#[derive(Debug)]
pub(crate) enum Directory {
    /// Nothing.
    Same,
    /// They need a longer file than there is.
    Beyond,
    New(Structure, Lengths),
}

/// Reads the directory in a record.
pub(crate) fn directory_of<M: Medium>(
    medium: &M,
    outline: &Outline,
    record: &[u8],
    header: &Header,
) -> Result<Directory> {
    if outline.directory.is_empty() {
        return Ok(Directory::Same);
    }
    let (structure, lengths) = Structure::decode(&record[outline.directory.clone()])?;
    let end = structure.check_places(&reserved_places(header))?;
    if end > medium.len().map_err(|error| cannot_read(&error))? {
        return Ok(Directory::Beyond);
    }
    Ok(Directory::New(structure, lengths))
}

/// Takes over the lengths in a record.
pub(crate) fn apply_lengths(
    structure: &Structure,
    lengths: &mut Lengths,
    outline: &Outline,
) -> Result<()> {
    for (region, length) in &outline.lengths {
        let entry = structure.regions.get(region);
        let entry = entry.ok_or_else(|| corrupt("a commit changes an unknown region"))?;
        let used = length.checked_mul(entry.width());
        if used.is_none_or(|used| used > entry.capacity_bytes()) {
            return Err(corrupt(&format!("'{}' is longer than its extents", entry.name)));
        }
        lengths.insert(*region, *length);
    }
    Ok(())
}

/// Whether the pages that a record only names are in the file as it says.
pub(crate) fn are_runs_whole<M: Medium>(medium: &M, record: &Record) -> Result<bool> {
    for run in &record.runs {
        for (page, expected) in (run.page..).zip(&run.checksums) {
            let Some(offset) = page.checked_mul(PAGE) else {
                return Ok(false);
            };
            let found = read(medium, offset, PAGE_BYTES)?;
            if found.len() != PAGE_BYTES || checksum(&found) != *expected {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Which pages of the file belong to regions.
#[derive(Debug)]
pub(crate) struct Places(Vec<Extent>);

impl Places {
    pub(crate) fn of(structure: &Structure) -> Self {
        let of_regions = structure.regions.values().flat_map(|entry| &entry.extents);
        let mut extents: Vec<Extent> = of_regions.copied().collect();
        extents.sort_unstable();
        Self(extents)
    }

    pub(crate) fn hold(&self, page: u64, count: u64) -> bool {
        let Some(from) = page.checked_mul(PAGE) else {
            return false;
        };
        let Some(to) = count.checked_mul(PAGE).and_then(|bytes| from.checked_add(bytes)) else {
            return false;
        };
        let index = self.0.partition_point(|extent| extent.end() <= from);
        self.0.get(index).is_some_and(|extent| extent.offset <= from && to <= extent.end())
    }
}
