//! What a reader finds: the newest commit that a writer published, or what the log makes of the
//! file once the writer is gone. Nothing is written, and what is read may change meanwhile.

use crate::error::{Error, ErrorKind, Result};
use crate::format::PAGE;
use crate::format::claim::{CLAIM_BYTES, Claim};
use crate::format::directory::{Lengths, Structure};
use crate::format::header::{HEADER_BYTES, Header, check_identity, slot_index};
use crate::format::live::{LIVE_BYTES, LIVE_OFFSET, LiveBlock};
use crate::format::published::{
    BLOCK_OFFSET, Published, SEQUENCE_OFFSET, commit_of_sequence, is_at_rest,
};
use crate::format::record::{Outline, next_head};
use crate::format::{SLOT_OFFSETS, fields::Fields};
use crate::found::{
    Directory, apply_lengths, cannot_read, corrupt, directory_of, is_of_this_boot, read,
    read_structure, reserved_places,
};
use crate::live::read_told_structure;
use crate::medium::{Medium, Page};
use crate::planted::{Bug, planted};
use crate::recovery::find_last_commit;
use crate::region::in_memory;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// What the writer tells of the file at one moment. Equal at two moments: no committed byte
/// changed between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    sequence: u64,
    block: Option<Published>,
    /// Of this boot.
    live: Option<LiveBlock>,
}

/// A commit as a reader sees it.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) commit: u64,
    pub(crate) structure: Arc<Structure>,
    pub(crate) lengths: Lengths,
    pub(crate) header: Header,
    /// Where the next record of the log begins.
    head: u64,
    /// The moment at which a writer had left it, for recovery to find.
    left_at: Option<Stamp>,
    /// Pages that the log holds and the file may not: they lie over it.
    pub(crate) pages: BTreeMap<u64, Box<Page>>,
    /// The store is live: the structure is what it told, and the lengths lie in a table.
    pub(crate) live: Option<LiveBlock>,
}

/// What a reader wants to know of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Its structure and lengths. Pages may be on their way home.
    Lengths,
    /// All of it, with no page on its way.
    Whole,
}

/// How long a reader waits for a writer that recovers or is writing a commit home.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_micros(20);
const PAUSE_MAX: Duration = Duration::from_millis(2);

/// How often what is read may change meanwhile.
pub(crate) const TRIES: u32 = 1000;

impl Stamp {
    /// Reads it, in one call: the sequence word and the block are written in one, too.
    pub(crate) fn read<M: Medium>(medium: &M) -> Result<Self> {
        let [block_at, live_at] =
            [BLOCK_OFFSET, LIVE_OFFSET].map(|at| in_memory(at - SEQUENCE_OFFSET));
        let bytes = read(medium, SEQUENCE_OFFSET, live_at + LIVE_BYTES)?;
        let live = bytes.get(live_at..).and_then(LiveBlock::decode);
        let sequence = Fields::new(&bytes).u64().unwrap_or(0);
        Ok(Self {
            sequence: if planted(Bug::SnapshotWithoutSequence) { 0 } else { sequence },
            block: bytes.get(block_at..).and_then(Published::decode),
            live: live.filter(|live| live.boot_id == medium.boot_id()),
        })
    }

    /// The block, if this boot wrote it: then it names a commit that is durable.
    fn exact<M: Medium>(&self, medium: &M) -> Option<Published> {
        self.block.filter(|block| is_of_this_boot(medium, block))
    }

    /// The block, if nothing is on its way home.
    pub(crate) fn at_rest<M: Medium>(&self, medium: &M) -> Option<Published> {
        self.exact(medium).filter(|block| !self.is_moving(block))
    }

    /// The newest commit that a writer of this boot told of: of what it left no later one counts.
    pub(crate) fn told_limit<M: Medium>(&self, medium: &M) -> Option<u64> {
        self.exact(medium).map(|block| block.commit.max(commit_of_sequence(self.sequence)))
    }

    /// Whether a commit, or a recovery, is being written home.
    fn is_moving(&self, block: &Published) -> bool {
        !is_at_rest(self.sequence, block.commit)
    }
}

/// Finds the newest commit, and the moment at which it was that. `known` is what was found
/// before: of the same epoch only the records since are read.
pub(crate) fn find_committed<M: Medium>(
    medium: &M,
    known: Option<&Committed>,
    wanted: Wanted,
) -> Result<(Stamp, Option<Committed>)> {
    if known.is_none() {
        check_identity(&read(medium, 0, HEADER_BYTES)?)?;
    }
    let since = Instant::now();
    let mut pause = PAUSE;
    let mut tries = 0;
    loop {
        let stamp = Stamp::read(medium)?;
        let found = look(medium, &stamp, known, wanted, since.elapsed() < PATIENCE);
        // What was read while the file changed means nothing, errors included.
        if Stamp::read(medium)? != stamp {
            tries += 1;
            if tries < TRIES {
                continue;
            }
            return Err(busy("the writer commits faster than it can be read"));
        }
        match found? {
            Look::Found(committed) => return Ok((stamp, committed.map(|boxed| *boxed))),
            Look::Wait => {
                thread::sleep(pause);
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

/// The outcome of one look.
enum Look {
    /// `None`: nothing was committed since what is known.
    Found(Option<Box<Committed>>),
    Wait,
}

fn look<M: Medium>(
    medium: &M,
    stamp: &Stamp,
    known: Option<&Committed>,
    wanted: Wanted,
    is_patient: bool,
) -> Result<Look> {
    // Also while a writer begins to recover: it has not told anything yet, so nothing has changed.
    if known.is_some_and(|known| known.left_at == Some(*stamp)) {
        return Ok(Look::Found(None));
    }
    let exact = stamp.exact(medium);
    let live = stamp.live.filter(LiveBlock::tells);
    if let (Some(block), Some(live)) = (&exact, &live) {
        return find_live(medium, block, live, known).map(Look::Found);
    }
    if let Some(block) = exact.filter(|block| !stamp.is_moving(block)) {
        return find_published(medium, &block, known).map(Look::Found);
    }
    if has_writer(medium)? {
        if wanted == Wanted::Lengths {
            match (exact, known) {
                // A recovery may not have told again yet what a reader found in the log.
                (Some(block), Some(known))
                    if known.commit >= block.commit && !planted(Bug::ReaderGoesBack) =>
                {
                    return Ok(Look::Found(None));
                }
                (None, Some(_)) => return Ok(Look::Found(None)),
                (Some(block), _) => return find_published(medium, &block, known).map(Look::Found),
                (None, None) => {}
            }
        }
        if is_patient {
            return Ok(Look::Wait);
        }
        if exact.is_none() {
            return Err(busy("a writer has been recovering it for a while; try again later"));
        }
    }
    // The writer is gone, or stuck: what it left half written is in the log. Of this boot nothing
    // counts that it did not tell.
    let found = find_last_commit(medium, stamp.told_limit(medium))?;
    Ok(Look::Found(Some(Box::new(Committed {
        commit: found.commit,
        structure: Arc::new(found.structure),
        lengths: found.lengths,
        header: found.header,
        head: 0,
        left_at: Some(*stamp),
        pages: found.pages,
        live: None,
    }))))
}

pub(crate) fn has_writer<M: Medium>(medium: &M) -> Result<bool> {
    medium.has_writer().map_err(|error| Error::from_io(&error, "flock", "cannot try its lock"))
}

/// The commit that the block names. Its records are durable and whole, for the block is written
/// after them; so their pages need not be read.
fn find_published<M: Medium>(
    medium: &M,
    block: &Published,
    known: Option<&Committed>,
) -> Result<Option<Box<Committed>>> {
    let is_of_log = |known: &&Committed| known.left_at.is_none() && known.live.is_none();
    let known = known.filter(is_of_log).filter(|known| known.header.epoch == block.epoch);
    if known.is_some_and(|known| known.commit == block.commit) {
        return Ok(None);
    }
    let mut committed =
        known.map_or_else(|| Committed::at_header(medium, block), |it| Ok(it.again()))?;
    while committed.commit < block.commit {
        committed.follow(medium)?;
    }
    while planted(Bug::ReaderBeyondPublished) && committed.follow(medium).is_ok() {}
    if committed.commit > block.commit && !planted(Bug::ReaderBeyondPublished) {
        return Err(corrupt("its header is newer than the commit that its writer published"));
    }
    Ok(Some(Box::new(committed)))
}

/// The last commit of a live store, with the structure that it told since. Its lengths are to be
/// read from the table.
fn find_live<M: Medium>(
    medium: &M,
    block: &Published,
    live: &LiveBlock,
    known: Option<&Committed>,
) -> Result<Option<Box<Committed>>> {
    let is_known = |known: &Committed| known.commit == block.commit && known.live == Some(*live);
    if known.is_some_and(is_known) {
        return Ok(None);
    }
    let header = read_header(medium, block)?;
    let structure = read_told_structure(medium, live, &reserved_places(&header))?;
    Ok(Some(Box::new(Committed {
        commit: block.commit,
        structure: Arc::new(structure),
        lengths: Lengths::new(),
        header,
        head: 0,
        left_at: None,
        pages: BTreeMap::new(),
        live: Some(*live),
    })))
}

/// The header that the block names.
pub(crate) fn read_header<M: Medium>(medium: &M, block: &Published) -> Result<Header> {
    let slot = slot_index(block.epoch);
    let header = Header::decode(&read(medium, SLOT_OFFSETS[slot], HEADER_BYTES)?, slot);
    let header = header.filter(|header| header.epoch == block.epoch);
    header.ok_or_else(|| corrupt("its newest header is gone"))
}

impl Committed {
    /// The commit of the header that the block names.
    fn at_header<M: Medium>(medium: &M, block: &Published) -> Result<Self> {
        let header = read_header(medium, block)?;
        let (structure, lengths) = read_structure(medium, &header)?;
        Ok(Self {
            commit: header.base_commit,
            structure: Arc::new(structure),
            lengths,
            header,
            head: 0,
            left_at: None,
            pages: BTreeMap::new(),
            live: None,
        })
    }

    /// The same, to go on from. No page of the log lies over it.
    fn again(&self) -> Self {
        Self {
            structure: Arc::clone(&self.structure),
            lengths: self.lengths.clone(),
            header: self.header.clone(),
            pages: BTreeMap::new(),
            ..*self
        }
    }

    /// Takes over the next record of the log, but for its pages.
    fn follow<M: Medium>(&mut self, medium: &M) -> Result<()> {
        let lost = || corrupt("its log ends before the commit that its writer published");
        let (log, head) = (self.header.log, self.head);
        let left = log.bytes.checked_sub(head).ok_or_else(lost)?;
        let offset = log.offset + head;
        // Most outlines lie in the first page.
        let mut bytes = read(medium, offset, in_memory(left.min(PAGE)))?;
        let claim = Claim::decode(&bytes).ok_or_else(lost)?;
        let file_pages = medium.len().map_err(|error| cannot_read(&error))? / PAGE;
        let is_next = claim.has_salt(self.header.salt) && claim.commit == self.commit + 1;
        // Each region once: what a record claims is not proved here by its checksum.
        let has_more_lengths = claim.length_count as usize > self.structure.regions.len();
        if !is_next || has_more_lengths || claim.bytes > left || !claim.adds_up(file_pages) {
            return Err(lost());
        }
        let outline_bytes = in_memory(claim.outline_bytes());
        debug_assert!(outline_bytes >= CLAIM_BYTES, "an outline follows the claim");
        if bytes.len() < outline_bytes {
            bytes = read(medium, offset, outline_bytes)?;
        }
        let outline = Outline::decode(&claim, &bytes).ok_or_else(lost)?;
        match directory_of(medium, &outline, &bytes, &self.header)? {
            Directory::Same => {}
            Directory::Beyond => return Err(lost()),
            Directory::New(structure, lengths) => {
                (self.structure, self.lengths) = (Arc::new(structure), lengths);
            }
        }
        apply_lengths(&self.structure, &mut self.lengths, &outline)?;
        self.commit = claim.commit;
        self.head = next_head(head, claim.bytes);
        Ok(())
    }
}

pub(crate) fn busy(what: &str) -> Error {
    Error::new(ErrorKind::Busy, format!("cannot read the store: {what}"))
}
