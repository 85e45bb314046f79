//! What can go wrong, in one enum. Each kind has a code that users match on.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The kinds of failure. The comment says when one occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another writer holds the lock.
    Locked,
    /// A file, folder, table or region that does not exist.
    NotFound,
    /// A store whose checks fail.
    Corrupt,
    /// Not a store at all.
    Format,
    /// A store in the byte order of another machine.
    Endian,
    /// A newer file format or data version.
    Version,
    /// What is asked for differs from what the file holds.
    Schema,
    /// The disk or the quota is full.
    NoSpace,
    /// The store was closed.
    Closed,
    /// A change through a handle that only reads.
    ReadOnly,
    /// An earlier failure left the memory or the disk in doubt: reopen.
    Poisoned,
    /// No consistent view could be had within the tries.
    Busy,
    /// A limit of the address space, of memory or of the format.
    Limit,
    /// The operating system failed a call.
    Io,
    /// This platform, file system or process cannot do it.
    Unsupported,
    /// A bug of this library.
    Internal,
}

impl ErrorKind {
    /// The stable code that users match on.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Locked => "ERR_STOA_LOCKED",
            Self::NotFound => "ERR_STOA_NOT_FOUND",
            Self::Corrupt => "ERR_STOA_CORRUPT",
            Self::Format => "ERR_STOA_FORMAT",
            Self::Endian => "ERR_STOA_ENDIAN",
            Self::Version => "ERR_STOA_VERSION",
            Self::Schema => "ERR_STOA_SCHEMA",
            Self::NoSpace => "ERR_STOA_NO_SPACE",
            Self::Closed => "ERR_STOA_CLOSED",
            Self::ReadOnly => "ERR_STOA_READONLY",
            Self::Poisoned => "ERR_STOA_POISONED",
            Self::Busy => "ERR_STOA_BUSY",
            Self::Limit => "ERR_STOA_LIMIT",
            Self::Io => "ERR_STOA_IO",
            Self::Unsupported => "ERR_STOA_UNSUPPORTED",
            Self::Internal => "ERR_STOA_INTERNAL",
        }
    }
}

/// A failure: its kind, a message that says what was attempted and what to do, and what the
/// operating system said where it said something.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    syscall: Option<&'static str>,
    errno: Option<i32>,
}

/// The result of a call that can fail with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind with its message.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), path: None, syscall: None, errno: None }
    }

    /// What the operating system said to `syscall`, while `attempt` was made. A full disk is
    /// `NoSpace`, no memory is `Limit`, a missing file is `NotFound`; the rest is `Io`.
    #[must_use]
    pub fn from_io(error: &io::Error, syscall: &'static str, attempt: impl fmt::Display) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::NoSpace,
            io::ErrorKind::OutOfMemory => ErrorKind::Limit,
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Self {
            kind,
            message: format!("{attempt}: {error}"),
            path: None,
            syscall: Some(syscall),
            errno: error.raw_os_error(),
        }
    }

    /// The same failure, of opening the store at `path`.
    #[must_use]
    pub(crate) fn at_opening(self, path: &std::path::Path) -> Self {
        self.while_attempting(&format!("cannot open '{}'", path.display())).with_path(path)
    }

    /// The same error, of the file at `path`.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same failure, its message led by what was attempted.
    #[must_use]
    pub(crate) fn while_attempting(mut self, attempt: &str) -> Self {
        if !self.message.starts_with(attempt) {
            self.message = format!("{attempt}: {}", self.message);
        }
        self
    }

    /// The same failure, of another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was attempted, what was found, what to do.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file concerned, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&std::path::Path> {
        self.path.as_deref()
    }

    /// The system call that failed, where one did.
    #[must_use]
    pub fn syscall(&self) -> Option<&'static str> {
        self.syscall
    }

    /// The operating system's error number, where it gave one.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        self.errno
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// What every call says in a forked child.
pub(crate) fn forked() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the store was opened by the process that forked this one; open it here",
    )
}

/// What every call says once memory has lost what it showed.
pub(crate) fn lost() -> Error {
    Error::new(
        ErrorKind::Poisoned,
        "the store is poisoned: its file was cut short by another process, or the disk cannot read a \
         part of it, and zeros are shown there; close it and open it again, it then shows what the \
         file still holds, or says what is missing",
    )
}

/// What every call says that needs the disk after a failure.
pub(crate) fn poisoned() -> Error {
    Error::new(
        ErrorKind::Poisoned,
        "the store is poisoned by an earlier failure: close it and open it again, \
         it then shows the last commit that the disk holds",
    )
}
