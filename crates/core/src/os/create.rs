//! Creating a store: the name appears when the file behind it is whole, durable and locked.

use std::ffi::OsStr;
use std::fs::File as StdFile;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
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
        draft: fn(&Arc<StdFile>, Mode) -> Result<Draft, Errno>,
        path: &Path,
        options: &Options,
        fill: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<Option<Self>> {
        let failed = |error: Errno, syscall| failed(error, syscall, path);
        let (folder_path, name) = split(path).map_err(|error| failed(error, "open"))?;
        let folder = open_folder(folder_path).map_err(|error| failed(error, "open"))?;
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
        Ok(Some(store.at(path)))
    }
}

/// The folder and the name in it. A path that ends in a slash names no file.
pub(super) fn split(path: &Path) -> Result<(&Path, &OsStr), Errno> {
    let slash = path.as_os_str().as_bytes().last() == Some(&b'/');
    let name = path.file_name().filter(|_| !slash).ok_or(Errno::NOENT)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok((folder.unwrap_or(Path::new(".")), name))
}

/// Opens a folder, to name files in it and to sync the names.
pub(super) fn open_folder(path: &Path) -> Result<Arc<StdFile>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(Arc::new(rustix::fs::open(path, flags, Mode::empty())?.into()))
}

/// A file that has no name yet, or a name for the time being.
#[derive(Debug)]
pub(super) struct Draft {
    file: StdFile,
    folder: Arc<StdFile>,
    /// In the folder; taken away when the draft ends.
    name: Option<PathBuf>,
}

impl Draft {
    pub(super) fn new(folder: &Arc<StdFile>, mode: Mode) -> Result<Self, Errno> {
        Self::nameless(folder, mode)?.map_or_else(|| Self::named(folder, mode), Ok)
    }

    /// A file whose name for the time being is known beforehand, if it must have one.
    pub(super) fn aside(folder: &Arc<StdFile>, mode: Mode, name: PathBuf) -> Result<Self, Errno> {
        let named = || Self::with_name(folder, mode, name);
        Self::nameless(folder, mode)?.map_or_else(named, Ok)
    }

    #[cfg(target_os = "linux")]
    fn nameless(folder: &Arc<StdFile>, mode: Mode) -> Result<Option<Self>, Errno> {
        let file = nameless(folder, mode)?;
        Ok(file.map(|file| Self { file, folder: Arc::clone(folder), name: None }))
    }

    #[cfg(not(target_os = "linux"))]
    fn nameless(_folder: &Arc<StdFile>, _mode: Mode) -> Result<Option<Self>, Errno> {
        Ok(None)
    }

    /// A file beside the one to come. A killed process leaves it behind: nothing opens it.
    fn named(folder: &Arc<StdFile>, mode: Mode) -> Result<Self, Errno> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        for _ in 0..TRIES {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = PathBuf::from(format!(".stoa-{}-{count}.tmp", process::id()));
            match Self::with_name(folder, mode, name) {
                Err(Errno::EXIST) => {}
                answer => return answer,
            }
        }
        Err(Errno::EXIST)
    }

    fn with_name(folder: &Arc<StdFile>, mode: Mode, name: PathBuf) -> Result<Self, Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(folder, &name, flags, mode)?.into();
        Ok(Self { file, folder: Arc::clone(folder), name: Some(name) })
    }

    pub(super) fn file(&self) -> &StdFile {
        &self.file
    }

    /// Gives the file its name; `EXIST` when something has it. Never replaces.
    pub(super) fn publish(mut self, name: &OsStr) -> Result<(), Errno> {
        let Some(own) = &self.name else {
            let link = descriptor_path(&self.file);
            return rustix::fs::linkat(CWD, link, &self.folder, name, AtFlags::SYMLINK_FOLLOW);
        };
        match rustix::fs::linkat(&self.folder, own, &self.folder, name, AtFlags::empty()) {
            // A file system without hard links, such as exFAT.
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
                rename_new(&self.folder, own, name)?;
                self.name = None;
                Ok(())
            }
            answer => answer,
        }
    }

    /// Gives the file a name that another has, in one step, by way of `aside`, a name that nobody
    /// else takes.
    pub(super) fn take_over(mut self, name: &OsStr, aside: PathBuf) -> Result<(), Errno> {
        if self.name.is_none() {
            // What has no name cannot be renamed, and a link replaces nothing.
            let link = descriptor_path(&self.file);
            rustix::fs::linkat(CWD, link, &self.folder, &aside, AtFlags::SYMLINK_FOLLOW)?;
        }
        let own = self.name.get_or_insert(aside);
        rustix::fs::renameat(&self.folder, &*own, &self.folder, name)?;
        self.name = None;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // Nothing can be done about a failure, and the file does no harm.
            let _ = rustix::fs::unlinkat(&self.folder, name, AtFlags::empty());
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
