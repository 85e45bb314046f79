//! The structures of a store, one after the other as a reader follows them: what is not as it was
//! written, and the commit that they lead to. Its pages are for `examine_pages`.

use crate::error::{Error, ErrorKind, Result};
use crate::examine_pages::examine_pages;
use crate::format::SLOT_OFFSETS;
use crate::format::fields::Fields;
use crate::format::header::{HEADER_BYTES, Header, check_identity, slot_index};
use crate::format::published::{BLOCK_BYTES, BLOCK_OFFSET, Published, SEQUENCE_OFFSET, is_at_rest};
use crate::found::{read, read_structure};
use crate::medium::Medium;
use crate::recovery::{Recovered, find_last_commit, follow_log};
use crate::report::{Place, Verified};

/// What is known of a file besides what it says.
#[derive(Debug)]
pub(crate) enum Known {
    /// This process writes it, and nothing is on its way: what the file must say of both.
    Own(Published, Header),
    /// A writer of this boot told of the block's commit, and it is home. The next may have begun.
    Told(Published),
    /// Nobody writes it. What was left is for the log to tell, up to this commit.
    Left(Option<u64>),
}

impl Known {
    /// Whether every byte that means something is known to be written.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self, Self::Own(..))
    }
}

/// Checks all of a file. What the system cannot read of the structures is an error.
pub(crate) fn examine<M: Medium>(medium: &M, known: &Known) -> Result<Verified> {
    let mut report = Verified::default();
    let identity = read(medium, 0, HEADER_BYTES)?;
    noted(&mut report, Place::Identity, check_identity(&identity))?;
    report.bytes_checked += HEADER_BYTES as u64;
    let Some(found) = find_state(medium, known, &mut report)? else {
        return Ok(report);
    };
    report.commit = found.commit;
    report.bytes_checked += found.header.directory.bytes + found.log_bytes;
    if let Known::Own(block, _) = known {
        check_published(medium, block, &mut report)?;
    }
    check_other_slot(medium, known, &found.header, &mut report)?;
    examine_pages(medium, &found, known, &mut report)?;
    Ok(report)
}

/// Makes a problem of what is wrong with the file, and hands on any other error.
fn noted<T>(report: &mut Verified, place: Place, result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_damage(&error) => {
            report.add(place, error.message());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_damage(error: &Error) -> bool {
    use ErrorKind::{Corrupt, Endian, Format, Version};
    matches!(error.kind(), Corrupt | Endian | Format | Version)
}

/// Header, directory and log: the commit that they lead to. `None` where one of them does not.
fn find_state<M: Medium>(
    medium: &M,
    known: &Known,
    report: &mut Verified,
) -> Result<Option<Recovered>> {
    let block = match known {
        Known::Own(block, _) | Known::Told(block) => block,
        Known::Left(limit) => {
            // Which header counts is for recovery to say, and with it what is damage.
            let found = find_last_commit(medium, *limit);
            return noted(report, Place::Directory, found);
        }
    };
    let slot = slot_index(block.epoch);
    let mut header = read_slot(medium, slot)?.filter(|header| header.epoch == block.epoch);
    report.bytes_checked += HEADER_BYTES as u64;
    if let Known::Own(_, own) = known
        && header.as_ref() != Some(own)
    {
        header = None;
    }
    if header.is_none() {
        report
            .add(Place::HeaderSlot(slot), "it is not what was written; it is the one that counts");
    }
    let own = if let Known::Own(_, own) = known { Some(own.clone()) } else { None };
    let Some(header) = header.or(own) else { return Ok(None) };
    let state = noted(report, Place::Directory, read_structure(medium, &header))?;
    let Some(state) = state else { return Ok(None) };
    let followed = follow_log(medium, header, state, block.commit);
    let Some(found) = noted(report, Place::Log, followed)? else { return Ok(None) };
    if found.commit == block.commit {
        return Ok(Some(found));
    }
    let message = format!(
        "it is whole up to commit {} and goes up to {}; a store opened after a crash would end there",
        found.commit, block.commit
    );
    report.add(Place::Log, message);
    Ok(None)
}

fn read_slot<M: Medium>(medium: &M, slot: usize) -> Result<Option<Header>> {
    Ok(Header::decode(&read(medium, SLOT_OFFSETS[slot], HEADER_BYTES)?, slot))
}

/// What a writer told other processes last. The word only says that nothing is on its way.
fn check_published<M: Medium>(medium: &M, block: &Published, report: &mut Verified) -> Result<()> {
    let found = Published::decode(&read(medium, BLOCK_OFFSET, BLOCK_BYTES)?);
    report.bytes_checked += BLOCK_BYTES as u64 + 8;
    if found != Some(*block) {
        let message = "it is not what was told last; the next commit writes it anew";
        report.add(Place::Published, message);
    }
    let sequence = Fields::new(&read(medium, SEQUENCE_OFFSET, 8)?).u64().unwrap_or(u64::MAX);
    if !is_at_rest(sequence, block.commit) {
        let message = "its sequence word tells of a commit on its way, and there is none; readers wait \
                       for it until the next commit";
        report.add(Place::Published, message);
    }
    Ok(())
}

/// The header before the one that counts is whole, or was never written. It may be torn where a
/// writer is in the middle of a checkpoint, or was when it ended.
fn check_other_slot<M: Medium>(
    medium: &M,
    known: &Known,
    header: &Header,
    report: &mut Verified,
) -> Result<()> {
    let is_written = match known {
        Known::Own(..) => true,
        Known::Told(block) => !block.is_open,
        Known::Left(_) => was_closed(medium, header)?,
    };
    if !is_written {
        return Ok(());
    }
    let slot = 1 - slot_index(header.epoch);
    report.bytes_checked += HEADER_BYTES as u64;
    let is_as_it_was = match header.epoch.checked_sub(1) {
        Some(epoch) => read_slot(medium, slot)?.is_some_and(|other| other.epoch == epoch),
        None => read(medium, SLOT_OFFSETS[slot], HEADER_BYTES)?.iter().all(|byte| *byte == 0),
    };
    if !is_as_it_was {
        let message = "it is not what was written; it does not count now, and the next checkpoint \
                       writes it anew";
        report.add(Place::HeaderSlot(slot), message);
    }
    Ok(())
}

/// Whether the last writer, in whatever boot, closed the store in good order.
fn was_closed<M: Medium>(medium: &M, header: &Header) -> Result<bool> {
    let block = Published::decode(&read(medium, BLOCK_OFFSET, BLOCK_BYTES)?);
    Ok(block.is_some_and(|block| {
        !block.is_open && block.epoch == header.epoch && block.commit == header.base_commit
    }))
}
