//! Protocol bugs that the power-cut tests plant, to prove that they would find them. Without the
//! feature `planted-bugs` this is nothing.

/// A mistake that one could make in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bug {
    /// A commit is acknowledged before its record is durable.
    NoLogSync,
    /// Pages are written home before the record is durable.
    HomeBeforeLog,
    /// Directly written pages are left to a sync of the record's own range.
    DirectPagesRangeSyncOnly,
    /// The header moves on before the pages are durable at home.
    CheckpointWithoutSync,
    /// Recovery believes a last record without looking at its directly written pages.
    NoDirectHash,
    /// The log is written over while the new header may still be lost.
    HeaderNotSyncedBeforeLogReuse,
    /// Records of an earlier epoch look like those of this one.
    NoSalt,
    /// Every checkpoint overwrites the only header.
    OneHeaderSlot,
    /// A page's first record since the checkpoint holds only what changed.
    GranulesWithoutFullImage,
    /// A page imaged in the log becomes a directly written one before the next checkpoint.
    BoundaryRetreats,
    /// Extents of a dropped region are handed out before the next checkpoint.
    FreedExtentsReusedAtOnce,
    /// Extents that a region gave back are handed out before the commit that says so.
    CutExtentsReusedAtOnce,
    /// A capture is compared with the file while an older capture is still on its way there.
    DiffAgainstFile,
    /// A record is written before that of the commit before it.
    OutOfOrderCommits,
    /// Recovery trusts that what it can read of the last record is also on the disk.
    NoDirectRewriteOnRecovery,
    /// Recovery in a new boot builds on what the drive may hold in its cache alone.
    NoSyncAfterReset,
    /// Recovery builds on a header whose sync may have failed.
    UnpublishedHeaderTrusted,
    /// Pages are written home as they are now, not as they were captured.
    HomeWritesFromMemory,
    /// A page that changed since its capture loses the change when the commit is settled.
    DropWithoutCompare,
    /// A reader shows what the log holds beyond the commit that was published.
    ReaderBeyondPublished,
    /// A reader of what a killed writer left half-way home lays no page of the log over it.
    ReaderWithoutLog,
    /// A reader's snapshot looks at the published block alone, not at the sequence word.
    SnapshotWithoutSequence,
    /// A reader that knows a commit from the log goes back to the published one.
    ReaderGoesBack,
    /// A region that has other extents now is shown where it was.
    ReaderKeepsExtents,
    /// What a reader wrote beside rows hides new ones.
    ReaderKeepsCopies,
    /// A commit is published before its pages are home.
    PublishedBeforeHome,
    /// Pages are written home while the sequence word is even.
    HomeAtRest,
    /// A recovery in a new boot publishes a commit before it is home.
    RecoveryPublishedBeforeHome,
    /// What a failed sync may have lost is told to be at home.
    FailedSyncUntold,
    /// Opening cuts off extents that a reader may still show.
    CutBelowReaders,
    /// A live commit's record is written before the rows that it counts are durable.
    LiveRecordBeforeRows,
    /// A store goes live while the log holds pages of before.
    LiveOverOldLog,
    /// A store goes live on a header that an orderly close vouches for.
    LiveOnClosedHeader,
    /// A live directory is written over the one that the live block names.
    LiveDirectoryInPlace,
    /// Recovery forgets what was told before it is in a header.
    ToldForgottenFirst,
    /// Recovery puts its directory where a live store told its own.
    ToldOverwritten,
    /// A live block counts in a later boot, too.
    ToldInAnotherBoot,
    /// A live store that closes without a commit leaves what was changed in place to chance.
    LiveDiscardWithoutSync,
    /// Recovery trusts what the page cache shows of a live store after a failed sync.
    LiveLossUntold,
    /// A table of lengths that had to move is named only by the next change of the structure.
    LiveTableUntold,
    /// A store goes live with the checksums of before.
    LiveChecksumsKept,
    /// A reader does not ask whether the table of lengths was still one when it had read it.
    LiveTableReadOnce,
    /// What a torn sector of the checksum table says besides is kept.
    TornSectorTrusted,
    /// A new part of the checksum table keeps what was in its place before.
    TableNotCleared,
    /// A backup does not copy again what commits wrote while it was made.
    BackupKeepsOldPages,
    /// A compacted file gets the name of the store before it is durable.
    RenamedBeforeSync,
    /// A commit of a compacted store is acknowledged while its file may still lose its name.
    NameNotSynced,
    /// An opening builds on a file that may still lose its name.
    NameTrusted,
    /// What commits write while a store is compacted is not looked at again.
    CompactionKeepsOldPages,
    /// A compacted heap keeps its strings' former places.
    ViewsNotMoved,
    /// A file that was closed in good order is opened with whatever its sequence word says.
    TornWordTrusted,
    /// Recovery trusts that a new part of the checksum table reached the disk as it was cleared.
    TableNotClearedAgain,
}

#[cfg(feature = "planted-bugs")]
mod switch {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a bug in all stores of this thread, or digs it up.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    pub(crate) fn planted(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(feature = "planted-bugs")]
pub use switch::plant;
#[cfg(feature = "planted-bugs")]
pub(crate) use switch::planted;

#[cfg(not(feature = "planted-bugs"))]
#[inline]
pub(crate) const fn planted(_bug: Bug) -> bool {
    false
}
