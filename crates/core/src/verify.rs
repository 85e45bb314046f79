//! Checking a store: that every committed byte, and every structure that leads to it, is as it was
//! written.

use crate::commit::{Applied, Committer};
use crate::error::Result;
use crate::examine::{Known, examine};
use crate::medium::Medium;
use crate::moment::{Moment, at_a_moment};
use crate::report::Verified;
use crate::store::Store;
use std::sync::Arc;

/// Checks a store on any thread.
#[derive(Debug)]
pub struct Verifier<M> {
    committer: Arc<Committer<M>>,
    is_reader: bool,
}

impl<M: Medium> Store<M> {
    /// Checks every committed byte of the store against its checksum, and every structure that leads
    /// to it. Changes that are not committed do not matter. Reads all of the file that counts.
    ///
    /// # Errors
    /// `Poisoned`, `Closed`, `Io`, `Limit`; on a store that reads `Busy` where its writer committed
    /// during each try. What is wrong with the file is no error, but in what this gives.
    pub fn verify(&mut self) -> Result<Verified> {
        self.verifier()?.verify()
    }

    /// What checks the store on another thread.
    ///
    /// # Errors
    /// `Poisoned`, `Closed`.
    pub fn verifier(&self) -> Result<Verifier<M>> {
        self.check_usable()?;
        Ok(Verifier { committer: self.committer(), is_reader: self.is_reader() })
    }
}

impl<M: Medium> Verifier<M> {
    /// Checks the newest commit. Commits that are captured meanwhile wait until this is done.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub fn verify(&self) -> Result<Verified> {
        let medium = &*self.committer.medium;
        if self.is_reader {
            self.committer.check_process()?;
            return at_a_moment(medium, |moment| {
                let known = match moment {
                    Moment::Rest(block) => Known::Told(block),
                    Moment::Left(limit) => Known::Left(limit),
                };
                examine(medium, &known)
            });
        }
        self.committer.hold(|applied: &Applied| {
            let block = self.committer.block(applied, true);
            examine(medium, &Known::Own(block, applied.header.clone()))
        })
    }
}
