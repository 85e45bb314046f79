//! Creating a store: the name appears when the file behind it is whole, durable and locked.

use std::ffi::OsStr;
use std::fs::File as StdFile;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::file::File;
use super::lock::{Patience, lock_exclusive};
use super::open::refuse_dangling;
use super::sync;
use crate::error::{Error, Result};
use crate::medium::Medium;
use crate::options::Options;

/// Names tried for a temporary file. Each is taken only if a killed process of the same number
/// left it behind.
const TRIES: u32 = 64;

impl File {
    /// Creates the file at `path` with the permission bits of `options` (less the umask), filled
    /// by `fill`, synced and locked. `None` when something has that name by then: open it instead.
    /// After an error nothing has that name, unless the error is that of syncing the folder at the
    /// very end: then a whole store has it, which a power cut may take away.
    ///
    /// # Errors
    /// What `fill` gives; `NotFound` for a missing folder or a symbolic link to nothing;
    /// `NoSpace`; else `Io` with the error number.
    pub(crate) fn create_locked(
        path: &Path,
        options: &Options,
        fill: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<Option<Self>> {
        Self::create_as(|folder, mode| Draft::new(folder, mode), path, options, fill)
    }

    /// The same for a file beside it that is named later: the way of file systems without nameless
    /// files.
    #[cfg(test)]
    pub(super) fn create_beside(
        path: &Path,
        options: &Options,
        fill: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<Option<Self>> {
        Self::create_as(|folder, mode| Draft::named(folder, mode), path, options, fill)
    }

    fn create_as(
        draft: fn(&StdFile, Mode) -> Result<Draft<'_>, Errno>,
        path: &Path,
        options: &Options,
        fill: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<Option<Self>> {
        let failed = |error: Errno, syscall| failed(error, syscall, path);
        let (folder_path, name) = split(path).map_err(|error| failed(error, "open"))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(folder_path, flags, Mode::empty());
        let folder = StdFile::from(folder.map_err(|error| failed(error, "open"))?);
        let draft = draft(&folder, permissions(options.mode));
        let draft = draft.map_err(|error| failed(error, "open"))?;

        let descriptor = rustix::io::fcntl_dupfd_cloexec(&draft.file, 0)
            .map_err(|error| failed(error, "fcntl"))?;
        lock_exclusive(&draft.file, path, Patience::short())?;
        let store = Self::new(descriptor.into(), options.dirty_search)
            .map_err(|error| error.with_path(path))?;
        fill(&store)?;
        store
            .sync()
            .map_err(|error| Error::from_io(&error, "fsync", attempt(path)).with_path(path))?;
        match draft.publish(name) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                refuse_dangling(path)?;
                return Ok(None);
            }
            Err(error) => return Err(failed(error, "link")),
        }
        sync::sync_folder(&folder).map_err(|error| failed(error, "fsync"))?;
        Ok(Some(store))
    }
}

/// The folder and the name in it. A path that ends in a slash names no file.
pub(super) fn split(path: &Path) -> Result<(&Path, &OsStr), Errno> {
    let slash = path.as_os_str().as_bytes().last() == Some(&b'/');
    let name = path.file_name().filter(|_| !slash).ok_or(Errno::NOENT)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok((folder.unwrap_or(Path::new(".")), name))
}

/// A file that has no name yet, or a name for the time being.
pub(super) struct Draft<'a> {
    file: StdFile,
    folder: &'a StdFile,
    /// In the folder; taken away when the draft ends.
    name: Option<PathBuf>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(folder: &'a StdFile, mode: Mode) -> Result<Self, Errno> {
        #[cfg(target_os = "linux")]
        if let Some(file) = nameless(folder, mode)? {
            return Ok(Self { file, folder, name: None });
        }
        Self::named(folder, mode)
    }

    /// A file beside the one to come. A killed process leaves it behind: nothing opens it.
    fn named(folder: &'a StdFile, mode: Mode) -> Result<Self, Errno> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        for _ in 0..TRIES {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = PathBuf::from(format!(".stoa-{}-{count}.tmp", process::id()));
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            match rustix::fs::openat(folder, &name, flags, mode) {
                Ok(file) => {
                    return Ok(Self { file: file.into(), folder, name: Some(name) });
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Errno::EXIST)
    }

    pub(super) fn file(&self) -> &StdFile {
        &self.file
    }

    /// Gives the file its name; `EXIST` when something has it. Never replaces.
    pub(super) fn publish(mut self, name: &OsStr) -> Result<(), Errno> {
        let Some(own) = &self.name else {
            let link = descriptor_path(&self.file);
            return rustix::fs::linkat(CWD, link, self.folder, name, AtFlags::SYMLINK_FOLLOW);
        };
        match rustix::fs::linkat(self.folder, own, self.folder, name, AtFlags::empty()) {
            // A file system without hard links, such as exFAT.
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
                rename_new(self.folder, own, name)?;
                self.name = None;
                Ok(())
            }
            answer => answer,
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // Nothing can be done about a failure, and the file does no harm.
            let _ = rustix::fs::unlinkat(self.folder, name, AtFlags::empty());
        }
    }
}

/// A file without a name, or `None` where the file system has none or `/proc`, which names it, is
/// not there.
#[cfg(target_os = "linux")]
fn nameless(folder: &StdFile, mode: Mode) -> Result<Option<StdFile>, Errno> {
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    match rustix::fs::openat(folder, ".", flags, mode) {
        Ok(file) => {
            let file = StdFile::from(file);
            Ok(std::fs::symlink_metadata(descriptor_path(&file)).is_ok().then_some(file))
        }
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn descriptor_path(file: &StdFile) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_new(folder: &StdFile, from: &Path, to: &OsStr) -> Result<(), Errno> {
    let flags = rustix::fs::RenameFlags::NOREPLACE;
    rustix::fs::renameat_with(folder, from, folder, to, flags)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_new(_folder: &StdFile, _from: &Path, _to: &OsStr) -> Result<(), Errno> {
    Err(Errno::OPNOTSUPP)
}

/// The permission bits alone. The type is narrower off Linux.
pub(super) fn permissions(mode: u32) -> Mode {
    [
        (0o400, Mode::RUSR),
        (0o200, Mode::WUSR),
        (0o100, Mode::XUSR),
        (0o040, Mode::RGRP),
        (0o020, Mode::WGRP),
        (0o010, Mode::XGRP),
        (0o004, Mode::ROTH),
        (0o002, Mode::WOTH),
        (0o001, Mode::XOTH),
    ]
    .into_iter()
    .filter_map(|(bit, flag)| (mode & bit != 0).then_some(flag))
    .collect()
}

fn attempt(path: &Path) -> String {
    format!("cannot create '{}'", path.display())
}

fn failed(error: Errno, syscall: &'static str, path: &Path) -> Error {
    Error::from_io(&io::Error::from(error), syscall, attempt(path)).with_path(path)
}
