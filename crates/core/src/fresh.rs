//! The structures of a file that holds one commit and nothing of before: of a new store, and of one
//! that was compacted.

use crate::checkpoint::write_header;
use crate::commit::write_told;
use crate::format::directory::Structure;
use crate::format::header::{Header, encode_identity};
use crate::format::published::{Published, sequence_after};
use crate::format::{Extent, FIRST_LOG, checksum};
use crate::medium::Medium;
use crate::planted::{Bug, planted};
use std::io;

/// What a file is to hold.
#[derive(Debug)]
pub(crate) struct Fresh<'a> {
    pub(crate) structure: &'a Structure,
    pub(crate) commit: u64,
    /// Whether its opening must look whether it was left in good order.
    pub(crate) is_open: bool,
}

impl Fresh<'_> {
    /// Writes the identity, the directory, what is published, and a header for the log of a new store,
    /// where all is zeros. Durable on return, with everything that was written before.
    pub(crate) fn write<M: Medium>(
        &self,
        medium: &M,
        directory: &[u8],
        directory_offset: u64,
    ) -> io::Result<()> {
        let header = Header {
            epoch: 0,
            base_commit: self.commit,
            data_version: self.structure.data_version,
            log: FIRST_LOG,
            directory: Extent { offset: directory_offset, bytes: directory.len() as u64 },
            directory_checksum: checksum(directory),
            salt: medium.random(),
        };
        let published = Published {
            commit: self.commit,
            epoch: header.epoch,
            boot_id: medium.boot_id(),
            is_open: self.is_open,
        };
        medium.write(0, &encode_identity())?;
        medium.write(directory_offset, directory)?;
        write_told(medium, sequence_after(self.commit), published)?;
        if planted(Bug::RenamedBeforeSync) {
            return medium.write(header.slot_offset(), &header.encode());
        }
        medium.sync()?;
        write_header(medium, &header)
    }
}
