//! Opening a store by its path, with the lock.

use std::fs::{self, File as StdFile, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::io::Errno;

use super::file::File;
use super::lock::{Patience, lock_exclusive};
use crate::error::{Error, ErrorKind, Result};
use crate::options::Options;

/// How often the file behind a path may be replaced while it is opened. Only a loop of renames
/// reaches this.
const TRIES: usize = 100;

impl File {
    /// Opens an existing file for reading and writing and takes its lock, trying for some
    /// milliseconds and for the wait of `options` more, or once when they say so. `None` when there is no such file or no
    /// such folder.
    ///
    /// # Errors
    /// `Locked`; `Format` for what is not a regular file; `NotFound` for a symbolic link to
    /// nothing; `Busy` when the file is replaced again and again; else `Io` with the error number.
    pub(crate) fn open_locked(path: &Path, options: &Options) -> Result<Option<Self>> {
        let patience = Patience::new(options);
        for _ in 0..TRIES {
            let Some(file) = open_regular(path, Access::Write)? else {
                return Ok(None);
            };
            lock_exclusive(&file, path, patience)?;
            // Whoever waits may win the lock of a file that has been replaced meanwhile.
            if names(path, &file)? {
                let store = Self::new(file, options.dirty_search);
                return store.map(|it| Some(it.at(path))).map_err(|error| error.with_path(path));
            }
        }
        let message = format!(
            "cannot open '{}': the file was replaced {TRIES} times meanwhile; try again",
            path.display()
        );
        Err(Error::new(ErrorKind::Busy, message).with_path(path))
    }

    /// Opens an existing file for reading, without its lock.
    ///
    /// # Errors
    /// `NotFound`; `Format` for what is not a regular file; else `Io` with the error number.
    pub(crate) fn open_reading(path: &Path, options: &Options) -> Result<Self> {
        let file = open_regular(path, Access::Read)?.ok_or_else(|| Self::missing(path))?;
        let file = Self::new(file, options.dirty_search).map_err(|error| error.with_path(path))?;
        Ok(file.at(path))
    }

    /// The same for reading and writing.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn open_sharing(path: &Path, options: &Options) -> Result<Self> {
        let file = open_regular(path, Access::Write)?.ok_or_else(|| Self::missing(path))?;
        Self::new(file, options.dirty_search).map_err(|error| error.with_path(path))
    }

    /// The error of a path that names nothing.
    pub(crate) fn missing(path: &Path) -> Error {
        failed(&io::Error::from(Errno::NOENT), "open", path)
    }
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Opens without touching what is not a regular file: opening a device can have effects, and a
/// fifo or a device may wait for somebody.
pub(super) fn open_regular(path: &Path, access: Access) -> Result<Option<StdFile>> {
    match fs::metadata(path) {
        Ok(found) => require_regular(path, &found)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            refuse_dangling(path)?;
            return Ok(None);
        }
        Err(error) => return Err(failed(&error, "stat", path)),
    }
    // std adds O_CLOEXEC. O_NONBLOCK and O_NOCTTY matter only if a fifo or a terminal has taken
    // the place of the file since.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let opened = StdFile::options()
        .read(true)
        .write(access == Access::Write)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    match opened {
        Ok(file) => {
            let found = file.metadata().map_err(|error| failed(&error, "fstat", path))?;
            require_regular(path, &found)?;
            Ok(Some(file))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(&error, "open", path)),
    }
}

/// Whether the path still leads to this very file.
pub(super) fn names(path: &Path, file: &StdFile) -> Result<bool> {
    let held = file.metadata().map_err(|error| failed(&error, "fstat", path))?;
    match fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(&error, "stat", path)),
    }
}

/// `Format` for what cannot be a store by its kind.
fn require_regular(path: &Path, found: &Metadata) -> Result<()> {
    let kind = found.file_type();
    let is = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    let message = format!(
        "cannot open '{}': it is {is}, and a store is a regular file; give the path of a store",
        path.display()
    );
    Err(Error::new(ErrorKind::Format, message).with_path(path))
}

/// `NotFound` for a symbolic link whose target is missing: creating the store through it would
/// either replace the link or make a file somewhere else.
pub(super) fn refuse_dangling(path: &Path) -> Result<()> {
    let Ok(target) = fs::read_link(path) else {
        return Ok(());
    };
    if fs::metadata(path).is_ok() {
        return Ok(());
    }
    let message = format!(
        "cannot open '{}': it is a symbolic link to '{}', which does not exist; remove the link \
         or make what it leads to",
        path.display(),
        target.display()
    );
    let missing = io::Error::from(Errno::NOENT);
    Err(Error::from_io(&missing, "stat", message).with_path(path))
}

/// What the kernel said of the path.
fn failed(error: &io::Error, syscall: &'static str, path: &Path) -> Error {
    Error::from_io(error, syscall, format!("cannot open '{}'", path.display())).with_path(path)
}
