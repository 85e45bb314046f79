//! Opening: which header counts, which records follow it, and bringing the file to that state.

use crate::checkpoint::write_header;
use crate::commit::{write_sequence, write_told};
use crate::error::Result;
use crate::format::directory::{Lengths, Structure};
use crate::format::fields::Fields;
use crate::format::header::{HEADER_BYTES, Header, check_identity, slot_index};
use crate::format::live::{LIVE_OFFSET, LiveBlock};
use crate::format::published::{
    BLOCK_BYTES, BLOCK_OFFSET, Published, SEQUENCE_OFFSET, commit_of_sequence, is_at_rest,
    sequence_after, sequence_during,
};
use crate::format::record::{self, Record, Run};
use crate::format::{DIRECTORY_AREAS, Extent, PAGE, UNIT_BYTES, checksum};
use crate::found::{
    Directory, Places, apply_lengths, are_runs_whole, cannot_sync, cannot_write, corrupt,
    directory_of, is_of_this_boot, newest_state, read, read_record, reserved_places,
};
use crate::live::{find_told, read_live_block};
use crate::medium::{Medium, PAGE_BYTES, Page};
use crate::planted::{Bug, planted};
use crate::region::pieces;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The last commit of a file, and what must be written for the file to show it.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) header: Header,
    pub(crate) commit: u64,
    pub(crate) structure: Structure,
    pub(crate) lengths: Lengths,
    /// The checksum table that the header refers to.
    pub(crate) known_table: Vec<Extent>,
    /// The pages of the structure's regions.
    places: Places,
    /// The last writer did not close in good order, or the log holds commits.
    pub(crate) is_needed: bool,
    /// Pages of the log's records, newest content.
    pub(crate) pages: BTreeMap<u64, Box<Page>>,
    /// Directly written pages of all records, in order, with the checksums they must have.
    pub(crate) runs: Vec<Run>,
    /// The published block, if it is of this boot: it tells which header and which record are
    /// known to be durable.
    exact: Option<Published>,
    /// The sequence word: the commit that was last written home, at least in part, in this boot or
    /// before.
    sequence: u64,
    /// Behind the places where a live store of this boot told what it is, and those of the last
    /// commit: nothing may take them before what it told is in a header.
    live_end: Option<u64>,
    /// A sync of a live store of this boot failed: no page that the page cache shows need be on the
    /// disk.
    has_lost: bool,
    /// The last record, where the page cache may show what the disk does not have.
    in_doubt: Option<InDoubt>,
    /// Up to this commit all is known to be durable.
    certain: u64,
    /// Bytes of the log up to the end of the last record.
    pub(crate) log_bytes: u64,
}

/// A record of which nobody knows whether it is durable.
#[derive(Debug)]
struct InDoubt {
    offset: u64,
    record: Vec<u8>,
    runs: Vec<Run>,
}

/// Finds the last commit, or the newest up to `limit`. Writes nothing.
pub(crate) fn find_last_commit<M: Medium>(medium: &M, limit: Option<u64>) -> Result<Recovered> {
    check_identity(&read(medium, 0, HEADER_BYTES)?)?;
    let published = Published::decode(&read(medium, BLOCK_OFFSET, BLOCK_BYTES)?);
    let (header, structure, lengths) = newest_state(medium, published.as_ref())?;
    let sequence = Fields::new(&read(medium, SEQUENCE_OFFSET, 8)?).u64().unwrap_or(0);
    // A power cut in the first write of an opening may leave garbage in the word alone, for which
    // readers would wait.
    let was_closed_here = published.as_ref().is_some_and(|published| {
        !published.is_open
            && (is_at_rest(sequence, published.commit) || planted(Bug::TornWordTrusted))
            && published.epoch == header.epoch
            && published.commit == header.base_commit
    });
    let mut recovered = Recovered::at_header(header, structure, lengths);
    recovered.is_needed = !was_closed_here;
    recovered.exact = published.filter(|block| is_of_this_boot(medium, block));
    recovered.sequence = sequence;
    recovered.read_log(medium, limit.unwrap_or(u64::MAX))?;
    Ok(recovered)
}

/// What the log says of a commit that is known to be durable, from the state that a header describes:
/// as far as it is whole. Does not look at the pages that it only names.
pub(crate) fn follow_log<M: Medium>(
    medium: &M,
    header: Header,
    (structure, lengths): (Structure, Lengths),
    commit: u64,
) -> Result<Recovered> {
    let mut recovered = Recovered::at_header(header, structure, lengths);
    recovered.certain = commit;
    recovered.read_log(medium, commit)?;
    Ok(recovered)
}

impl Recovered {
    /// The commit that a header describes, before its log was read.
    fn at_header(header: Header, structure: Structure, lengths: Lengths) -> Self {
        Self {
            commit: header.base_commit,
            header,
            known_table: structure.checksums.clone(),
            places: Places::of(&structure),
            structure,
            lengths,
            is_needed: false,
            pages: BTreeMap::new(),
            runs: Vec::new(),
            exact: None,
            sequence: 0,
            live_end: None,
            has_lost: false,
            in_doubt: None,
            certain: 0,
            log_bytes: 0,
        }
    }

    /// Follows the records from the header's commit on: each one more than the last, of the same
    /// epoch, whole. The last one counts only if the pages that it names are whole too; that
    /// there is a next one proves that those of the earlier ones were synced.
    fn read_log<M: Medium>(&mut self, medium: &M, limit: u64) -> Result<()> {
        let (log, salt) = (self.header.log, Some(self.header.salt));
        let mut head = 0;
        let mut next = read_record(medium, log, head, salt)?;
        // A record that does not count must not count later either, when rows like its own are
        // there: a new epoch ends it.
        self.is_needed |= next.is_some();
        while let Some((record, bytes)) = next {
            if record.commit != self.commit + 1 || record.commit > limit {
                break;
            }
            let offset = log.offset + head;
            head = record::next_head(head, record.bytes);
            next = read_record(medium, log, head, salt)?
                .filter(|(following, _)| following.commit == record.commit + 1);
            let is_last = next.is_none();
            let is_certain = record.commit <= self.certain || planted(Bug::NoDirectHash);
            if is_last && !is_certain && !are_runs_whole(medium, &record)? {
                break;
            }
            if !self.apply(medium, &record, &bytes, is_last)? {
                break;
            }
            self.log_bytes = head;
            let is_unknown = |block: Published| {
                block.commit.max(commit_of_sequence(self.sequence)) < record.commit
            };
            if self.exact.is_some_and(is_unknown) {
                self.in_doubt = Some(InDoubt { offset, record: bytes, runs: record.runs });
            }
        }
        Ok(())
    }

    /// Applies a record. False if it is the last and needs a longer file than there is: then it
    /// was never synced.
    fn apply<M: Medium>(
        &mut self,
        medium: &M,
        record: &Record,
        bytes: &[u8],
        is_last: bool,
    ) -> Result<bool> {
        match directory_of(medium, &record.outline, bytes, &self.header)? {
            Directory::Same => {}
            Directory::Beyond if is_last => return Ok(false),
            Directory::Beyond => {
                return Err(corrupt("a commit needs a longer file than there is"));
            }
            Directory::New(structure, lengths) => {
                self.places = Places::of(&structure);
                (self.structure, self.lengths) = (structure, lengths);
            }
        }
        apply_lengths(&self.structure, &mut self.lengths, &record.outline)?;
        for run in &record.runs {
            if !self.places.hold(run.page, run.checksums.len() as u64) {
                return Err(corrupt("a commit names pages that belong to no region"));
            }
        }
        for image in &record.images {
            if !self.places.hold(image.page, 1) {
                return Err(corrupt("a commit changes a page that belongs to no region"));
            }
            let page = match self.pages.entry(image.page) {
                Entry::Occupied(page) => page.into_mut(),
                Entry::Vacant(place) if image.bitmap == record::WHOLE_PAGE => {
                    place.insert(Box::new([0; PAGE_BYTES]))
                }
                Entry::Vacant(place) if planted(Bug::GranulesWithoutFullImage) => {
                    let mut page = Box::new([0; PAGE_BYTES]);
                    let found = read(medium, image.page * PAGE, PAGE_BYTES)?;
                    page[..found.len()].copy_from_slice(&found);
                    place.insert(page)
                }
                Entry::Vacant(_) => {
                    return Err(corrupt("a commit changes a page that no commit holds whole"));
                }
            };
            image.apply(bytes, page);
        }
        self.runs.extend(record.runs.iter().cloned());
        self.commit = record.commit;
        Ok(true)
    }

    /// A live store that was killed lost nothing: what it told of its structure and its lengths, and
    /// the page cache has of its rows, is a commit that is made now.
    pub(crate) fn take_told<M: Medium>(&mut self, medium: &M) -> Result<()> {
        let Some(block) = read_live_block(medium)? else { return Ok(()) };
        self.is_needed = true;
        if !block.tells() {
            self.has_lost = true;
            return Ok(());
        }
        let reserved = reserved_places(&self.header);
        let told = find_told(medium, &block, &reserved)?;
        // The last commit may have regions that were dropped since, and counts until what was told is
        // in a header.
        self.live_end = Some(told.end.max(self.structure.check_places(&reserved)?));
        // It never wrote a page to the log, and none of before counts.
        self.pages.clear();
        if (&self.structure, &self.lengths) != (&told.structure, &told.lengths) {
            self.commit += 1;
            self.places = Places::of(&told.structure);
            (self.structure, self.lengths) = (told.structure, told.lengths);
        }
        Ok(())
    }

    /// Whether no writer had the file open in this boot: then no reader knows another commit.
    pub(crate) fn is_first_of_boot<M: Medium>(&self, medium: &M) -> bool {
        self.exact.is_none() && medium.boot_id() != 0
    }

    /// Brings the file to the last commit and makes it the base of a new log. A cut in the middle
    /// leaves what this began from: it only repeats what the log says, until the new header.
    pub(crate) fn write_back<M: Medium>(&mut self, medium: &M) -> Result<()> {
        let write_sequence =
            |sequence| write_sequence(medium, sequence).map_err(|error| cannot_write(&error));
        if let Some(block) = self.exact.filter(|_| !planted(Bug::FailedSyncUntold)) {
            // A sync that fails in here may lose what is at home.
            let told = block.commit.max(commit_of_sequence(self.sequence));
            write_sequence(sequence_during(told))?;
        }
        self.keep_what_is_read(medium)?;
        self.confirm_header(medium)?;
        self.dispel_doubt(medium)?;
        self.write_again_what_was_lost(medium)?;
        if planted(Bug::RecoveryPublishedBeforeHome) {
            self.publish_home(medium)?;
        } else {
            write_sequence(sequence_during(self.commit))?;
        }
        for (page, content) in &self.pages {
            medium.write(page * PAGE, &content[..]).map_err(|error| cannot_write(&error))?;
        }
        self.repair_table(medium).map_err(|error| cannot_write(&error))?;
        let epoch = self.header.epoch + 1;
        let bytes = self.structure.encode(&self.lengths);
        let area = DIRECTORY_AREAS[slot_index(epoch)];
        let mut directory = Extent { offset: area.offset, bytes: bytes.len() as u64 };
        if directory.bytes > area.bytes {
            directory.offset = self.free_place(medium, directory.bytes)?;
        }
        medium.write(directory.offset, &bytes).map_err(|error| cannot_write(&error))?;
        self.sync(medium)?;
        if self.exact.is_some() {
            write_sequence(sequence_after(self.commit))?;
        } else {
            // Before this writes a header that may be in the cache only. Not sooner: a reader takes
            // what the block names for home.
            self.publish_home(medium)?;
        }
        let header = Header {
            epoch,
            base_commit: self.commit,
            data_version: self.structure.data_version,
            log: self.header.log,
            directory,
            directory_checksum: checksum(&bytes),
            salt: medium.random(),
        };
        write_header(medium, &header).map_err(|error| cannot_write(&error))?;
        self.header = header;
        Ok(())
    }

    /// In a new boot, where no block tells what is durable: after a reset or a panic of the kernel
    /// the drive may show from its volatile cache what no sync brought further, and this builds on
    /// all that it reads. Written again would be too much: what was acknowledged could be torn.
    fn keep_what_is_read<M: Medium>(&self, medium: &M) -> Result<()> {
        if self.exact.is_some() || planted(Bug::NoSyncAfterReset) {
            return Ok(());
        }
        // The word as it is: some file systems send the drive nothing for a file without changes.
        medium
            .write(SEQUENCE_OFFSET, &self.sequence.to_ne_bytes())
            .map_err(|error| cannot_write(&error))?;
        medium.sync().map_err(|error| cannot_sync(&error))
    }

    /// The page cache may show a header although the sync that should have brought it to the disk
    /// failed, or was never waited for. What it refers to was durable before, and nothing builds on
    /// it yet; so it is written again, and until that is durable the header before holds.
    ///
    /// The block says so before this writes what is not: a process killed in here must not leave a
    /// header that looks as good as the one it builds on.
    fn confirm_header<M: Medium>(&self, medium: &M) -> Result<()> {
        let is_in_doubt = self.exact.is_some_and(|block| block.epoch < self.header.epoch);
        if !is_in_doubt {
            return Ok(());
        }
        if !planted(Bug::UnpublishedHeaderTrusted) {
            write_header(medium, &self.header).map_err(|error| cannot_write(&error))?;
        }
        medium
            .write(BLOCK_OFFSET, &self.block(medium).encode())
            .map_err(|error| cannot_write(&error))
    }

    /// In one write: the word and the block are read in one, too.
    fn publish_home<M: Medium>(&self, medium: &M) -> Result<()> {
        write_told(medium, sequence_after(self.commit), self.block(medium))
            .map_err(|error| cannot_write(&error))
    }

    fn block<M: Medium>(&self, medium: &M) -> Published {
        let (commit, epoch) = (self.commit, self.header.epoch);
        Published { commit, epoch, boot_id: medium.boot_id(), is_open: true }
    }

    /// The page cache may show a record, and the pages that it names, although the sync that
    /// should have brought them to the disk failed: the kernel marks such pages clean. So they are
    /// written once more, and synced before anything builds on them. The commit was never
    /// acknowledged: if the power goes out here it may be lost, and nothing else.
    fn dispel_doubt<M: Medium>(&self, medium: &M) -> Result<()> {
        let Some(in_doubt) = &self.in_doubt else { return Ok(()) };
        if planted(Bug::NoDirectRewriteOnRecovery) {
            return Ok(());
        }
        for run in &in_doubt.runs {
            let bytes = run.checksums.len() as u64 * PAGE;
            rewrite(medium, Extent { offset: run.page * PAGE, bytes })?;
        }
        medium.write(in_doubt.offset, &in_doubt.record).map_err(|error| cannot_write(&error))?;
        self.sync(medium)
    }

    /// A sync that fails takes with it what a live store wrote. The next recovery must not take for
    /// granted what the page cache shows.
    fn sync<M: Medium>(&self, medium: &M) -> Result<()> {
        medium.sync().map_err(|error| {
            if self.live_end.is_some() {
                let lost = LiveBlock::lost(medium.boot_id());
                // Where this cannot be written the sync has failed all the same.
                let _no_worse = medium.write(LIVE_OFFSET, &lost);
            }
            cannot_sync(&error)
        })
    }

    /// After a failed sync of a live store every page of it may be in the page cache alone, taken
    /// for clean. What this opening shows must not be another after a power cut.
    fn write_again_what_was_lost<M: Medium>(&self, medium: &M) -> Result<()> {
        if !self.has_lost {
            return Ok(());
        }
        for (id, entry) in &self.structure.regions {
            let length = self.lengths.get(id).copied().unwrap_or(0);
            let used = (length * entry.width()).next_multiple_of(PAGE);
            for (_, extent) in pieces(entry, 0, used) {
                rewrite(medium, extent)?;
            }
        }
        Ok(())
    }

    /// A place behind everything, for a directory too large for the area beside its slot.
    fn free_place<M: Medium>(&self, medium: &M, bytes: u64) -> Result<u64> {
        let end = self.structure.check_places(&reserved_places(&self.header))?;
        let told_end = self.live_end.filter(|_| !planted(Bug::ToldOverwritten));
        let end = end.max(told_end.unwrap_or(0));
        let offset = end.next_multiple_of(UNIT_BYTES);
        let bytes = bytes.next_multiple_of(UNIT_BYTES);
        medium.allocate(offset, bytes).map_err(|error| cannot_write(&error))?;
        Ok(offset)
    }
}

/// Writes pages again as they are, so that the next sync cannot pass over them.
fn rewrite<M: Medium>(medium: &M, extent: Extent) -> Result<()> {
    for offset in (extent.offset..extent.end()).step_by(PAGE_BYTES) {
        let content = read(medium, offset, PAGE_BYTES)?;
        medium.write(offset, &content).map_err(|error| cannot_write(&error))?;
    }
    Ok(())
}
