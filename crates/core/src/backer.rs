//! Backups: a copy of a store under another name, made beside whoever writes it.

use crate::backup::{Backup, cannot_copy, copy_all, refuse_live, settle_copy, state_of};
use crate::commit::Committer;
use crate::committed::read_header;
use crate::error::Result;
use crate::live::read_live_block;
use crate::medium::Medium;
use crate::moment::{Moment, at_a_moment};
use crate::os::File;
use crate::recovery::find_last_commit;
use crate::store::Store;
use std::path::Path;
use std::sync::Arc;

/// Makes backups of a store on any thread.
#[derive(Debug)]
pub struct Backer<M> {
    committer: Arc<Committer<M>>,
    is_reader: bool,
}

impl Store<File> {
    /// Copies the last commit to a new file at `path`, a store of its own. Commits go on meanwhile but
    /// for a moment at the end. Where the file system copies on write, the two share their blocks until
    /// one of them is written. The name appears when the copy is whole and durable.
    ///
    /// # Errors
    /// `Io` with `EEXIST` where something has that name: it stays as it was; `NotFound` for a missing
    /// folder; `NoSpace`; `Unsupported` for a live store; `Poisoned`, `Closed`, `Corrupt`, `Io`; of a
    /// store that reads `Busy` where its writer committed during each try. The store goes on, and
    /// nothing has the name, unless the folder could not be synced at the very end.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        self.backer()?.backup(path)
    }
}

impl<M: Medium> Store<M> {
    /// What makes backups of the store on another thread.
    ///
    /// # Errors
    /// `Poisoned`, `Closed`, `Unsupported`.
    pub fn backer(&self) -> Result<Backer<M>> {
        self.check_usable()?;
        if self.is_live() {
            return Err(refuse_live());
        }
        Ok(Backer { committer: self.committer(), is_reader: self.is_reader() })
    }
}

impl Backer<File> {
    /// Makes a backup.
    ///
    /// # Errors
    /// As [`Store::backup`].
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        self.committer.medium.create_copy(path.as_ref(), |target| self.copy_to(target))
    }
}

impl<M: Medium> Backer<M> {
    /// Copies the last commit to an empty medium, durably.
    ///
    /// # Errors
    /// As [`Store::backup`].
    #[doc(hidden)]
    pub fn copy_to(&self, target: &Arc<M>) -> Result<()> {
        if self.is_reader {
            self.committer.check_process()?;
            self.copy_at_a_moment(target)?;
        } else if let Some(mut backup) = Backup::begin(Arc::clone(&self.committer), target)? {
            while backup.copy_some(target)? {}
            backup.finish(target)?;
        }
        settle_copy(target)
    }

    fn copy_at_a_moment(&self, target: &Arc<M>) -> Result<()> {
        let medium = &*self.committer.medium;
        at_a_moment(medium, |moment| {
            if read_live_block(medium)?.is_some() {
                return Err(refuse_live());
            }
            let found = match moment {
                Moment::Rest(block) => {
                    state_of(medium, &read_header(medium, &block)?, block.commit)?
                }
                Moment::Left(limit) => find_last_commit(medium, limit)?,
            };
            copy_all(medium, target, &found)
        })?;
        target.sync().map_err(|error| cannot_copy(&error))
    }
}
