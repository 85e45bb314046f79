//! A copy of a store under another name: the name appears when the copy is whole and durable.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rustix::io::Errno;

use super::create::{Draft, open_folder, permissions, split};
use super::file::File;
use super::lock::{Patience, lock_exclusive};
use super::sync;
use crate::error::{Error, Result};

impl File {
    /// Creates the file at `path`, with the permissions of this one, filled by `fill` and synced.
    /// After an error nothing has that name, unless the error is that of syncing the folder at the
    /// very end. What has the name already is left as it is.
    ///
    /// # Errors
    /// What `fill` gives; `NotFound` for a missing folder; `NoSpace`; else `Io` with the error number,
    /// of which `EEXIST` says that something has the name.
    pub(crate) fn create_copy(
        &self,
        path: &Path,
        fill: impl FnOnce(&Arc<Self>) -> Result<()>,
    ) -> Result<()> {
        let failed = |error: io::Error, syscall| failed(&error, syscall, path);
        let errno = |syscall| move |error: Errno| failed(error.into(), syscall);
        let (folder_path, name) = split(path).map_err(errno("open"))?;
        // Before anything is copied; the name is taken with the same care at the end.
        if std::fs::symlink_metadata(path).is_ok() {
            return Err(failed(Errno::EXIST.into(), "open"));
        }
        let folder = open_folder(folder_path).map_err(errno("open"))?;
        let mode = self.inner().metadata().map_err(|error| failed(error, "fstat"))?;
        let mode = permissions(mode.permissions().mode());
        let draft = Draft::new(&folder, mode).map_err(errno("open"))?;
        let descriptor =
            rustix::io::fcntl_dupfd_cloexec(draft.file(), 0).map_err(errno("fcntl"))?;
        lock_exclusive(draft.file(), path, Patience::short())?;
        let copy = Arc::new(Self::with_search(descriptor.into(), self.dirty_search()));
        fill(&copy).map_err(|error| error.while_attempting(&attempt(path)).with_path(path))?;
        draft.publish(name).map_err(errno("link"))?;
        sync::sync_folder(&folder).map_err(errno("fsync"))
    }

    /// Shares all blocks with an empty file. False where the file system cannot.
    pub(super) fn share_blocks(&self, target: &Self) -> io::Result<bool> {
        #[cfg(target_os = "linux")]
        match rustix::fs::ioctl_ficlone(target.inner(), self.inner()) {
            Ok(()) => return Ok(true),
            Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::IO)) => return Err(error.into()),
            // There are many ways to say that it cannot.
            Err(_) => {}
        }
        let _ = target;
        Ok(false)
    }
}

fn attempt(path: &Path) -> String {
    format!("cannot back up to '{}'", path.display())
}

fn failed(error: &io::Error, syscall: &'static str, path: &Path) -> Error {
    Error::from_io(error, syscall, attempt(path)).with_path(path)
}
