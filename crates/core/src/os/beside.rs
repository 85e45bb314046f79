//! The file that is written beside a store and takes its place, and its name.
//!
//! The folder syncs apart from the file: until it has, a power cut may bring back the file before.

use std::fs::{self, File as StdFile, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use rustix::fs::{AtFlags, Gid, Mode, Uid};
use rustix::io::Errno;

use super::create::{Draft, open_folder, permissions, split};
use super::file::File;
use super::lock::{Patience, lock_exclusive};
use super::open::{Access, names, open_regular};
use super::sync;
use crate::error::{Error, ErrorKind, Result};

impl File {
    /// A file beside this one, locked, with its permissions, and its owner where the system allows it.
    ///
    /// # Errors
    /// `Unsupported` where the path leads elsewhere by now or the file has other names; `NoSpace`;
    /// `Io`.
    pub(super) fn new_beside(&self) -> Result<Self> {
        let path = self.path().ok_or_else(|| nameless(Path::new("the store")))?;
        let failed = |error: io::Error, syscall| failed(&error, syscall, path);
        let errno = |syscall| move |error: Errno| failed(error.into(), syscall);
        let found = self.inner().metadata().map_err(|error| failed(error, "fstat"))?;
        let real = fs::canonicalize(path).map_err(|error| failed(error, "realpath"))?;
        if !names(&real, self.inner())? {
            return Err(nameless(path));
        }
        if found.nlink() > 1 {
            return Err(linked(path, found.nlink()));
        }
        let (folder_path, _) = split(&real).map_err(errno("open"))?;
        let folder = open_folder(folder_path).map_err(errno("open"))?;
        remove_left(&folder, &found).map_err(errno("unlink"))?;
        // For its owner only until it has the owner and the permissions of the other.
        let draft = Draft::aside(&folder, permissions(0o600), aside(&found));
        let draft = draft.map_err(errno("open"))?;
        take_permissions(draft.file(), &found).map_err(errno("fchmod"))?;
        let descriptor =
            rustix::io::fcntl_dupfd_cloexec(draft.file(), 0).map_err(errno("fcntl"))?;
        lock_exclusive(draft.file(), path, Patience::short())?;
        let beside = Self::with_search(descriptor.into(), self.dirty_search()).at(path);
        *beside.draft().lock().unwrap_or_else(PoisonError::into_inner) = Some(draft);
        Ok(beside)
    }

    /// Gives the name of this file to one that was made beside it.
    ///
    /// # Errors
    /// What the kernel says; the name is this file's still.
    pub(super) fn give_name_to(&self, next: &Self) -> io::Result<()> {
        let draft = next.draft().lock().unwrap_or_else(PoisonError::into_inner).take();
        let (draft, path) = draft.zip(self.path()).ok_or(io::ErrorKind::Unsupported)?;
        let real = fs::canonicalize(path)?;
        let leads_to = |file| names(&real, file).map_err(io::Error::other);
        if !leads_to(self.inner())? {
            return Err(io::Error::other("the path leads to another file by now"));
        }
        let (_, name) = split(&real)?;
        // Its permissions and its owner, too.
        rustix::fs::fsync(next.inner())?;
        match draft.take_over(name, aside(&self.inner().metadata()?)) {
            // What the kernel says need not be what it did.
            Err(error) if !leads_to(next.inner()).unwrap_or(true) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Syncs the folder that the path leads to, and removes what a process that was killed left there
    /// of a file beside this one.
    ///
    /// # Errors
    /// What the kernel says.
    pub(super) fn sync_folder_of_name(&self) -> io::Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        let real = fs::canonicalize(path)?;
        let folder = open_folder(split(&real)?.0)?;
        if let Ok(found) = self.inner().metadata() {
            // It does no harm where it stays.
            let _ = remove_left(&folder, &found);
        }
        Ok(sync::sync_folder(&folder)?)
    }

    /// The file that has the path by now, if it is another.
    ///
    /// # Errors
    /// What opening it for reading fails with.
    pub(super) fn open_successor(&self) -> Result<Option<Self>> {
        let Some(path) = self.path() else { return Ok(None) };
        let failed = |error: io::Error, syscall| {
            let attempt = format!("cannot look for '{}'", path.display());
            Error::from_io(&error, syscall, attempt).with_path(path)
        };
        let now = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            answer => answer.map_err(|error| failed(error, "stat"))?,
        };
        let own = self.inner().metadata().map_err(|error| failed(error, "fstat"))?;
        if (now.dev(), now.ino()) == (own.dev(), own.ino()) {
            return Ok(None);
        }
        let Some(file) = open_regular(path, Access::Read)? else { return Ok(None) };
        Ok(Some(Self::with_search(file, self.dirty_search()).at(path)))
    }
}

/// The name for the time being of what is to take the place of a file. Only who has the lock of that
/// file makes it: what has the name before is left from a process that was killed.
fn aside(found: &Metadata) -> PathBuf {
    PathBuf::from(format!(".stoa-{}.tmp", found.ino()))
}

fn remove_left(folder: &StdFile, found: &Metadata) -> Result<(), Errno> {
    match rustix::fs::unlinkat(folder, aside(found), AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        answer => answer,
    }
}

/// The owner, where this process may give files away, and the permissions. A group that is not that
/// of the file gets no more than everybody.
fn take_permissions(file: &StdFile, like: &Metadata) -> Result<(), Errno> {
    let own = file.metadata().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    if own.uid() != like.uid() {
        let _ = rustix::fs::fchown(file, Some(Uid::from_raw(like.uid())), None);
    }
    let has_group = own.gid() == like.gid()
        || rustix::fs::fchown(file, None, Some(Gid::from_raw(like.gid()))).is_ok();
    let mode = like.permissions().mode();
    let mode = if has_group { mode } else { mode & !0o070 | (mode & 0o007) << 3 };
    let mode: Mode = permissions(mode);
    if own.permissions().mode() & 0o777 == mode.bits() as u32 & 0o777 {
        return Ok(());
    }
    rustix::fs::fchmod(file, mode)
}

fn nameless(path: &Path) -> Error {
    let message = format!(
        "cannot compact '{}': that is the path of another file by now; nothing was changed, open the \
         store where it is",
        path.display()
    );
    Error::new(ErrorKind::Unsupported, message).with_path(path)
}

fn linked(path: &Path, links: u64) -> Error {
    let message = format!(
        "cannot compact '{}': the file has {links} names (hard links), and the others would keep what \
         it was; nothing was changed, remove them first",
        path.display()
    );
    Error::new(ErrorKind::Unsupported, message).with_path(path)
}

fn failed(error: &io::Error, syscall: &'static str, path: &Path) -> Error {
    let attempt = format!("cannot compact '{}'; nothing was changed", path.display());
    Error::from_io(error, syscall, attempt).with_path(path)
}
