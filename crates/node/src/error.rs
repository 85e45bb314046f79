//! The errors of the core as JavaScript sees them: `code` is the kind, `message` is a JSON text
//! `{"message", "path"?, "syscall"?, "errno"?}` that the TypeScript layer takes apart.

use std::any::Any;
use std::fmt::Write;

use napi::{Env, JsError, Status};
use stoa_core::ErrorKind;

/// The `code` of an error: `ERR_STOA_…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(&'static str);

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl From<Status> for Code {
    /// A failure of Node-API itself has no kind of its own.
    fn from(_: Status) -> Self {
        Self(ErrorKind::Internal.code())
    }
}

/// An error on its way to JavaScript.
pub type Error = napi::Error<Code>;

/// The result of a call from JavaScript.
pub type Result<T> = std::result::Result<T, Error>;

/// The error that JavaScript gets for one of the core.
pub(crate) fn thrown(error: &stoa_core::Error) -> Error {
    Error::new(Code(error.kind().code()), json(error))
}

/// An error of the binding itself.
pub(crate) fn raised(kind: ErrorKind, message: impl Into<String>) -> Error {
    thrown(&stoa_core::Error::new(kind, message))
}

/// The same error for the promise of a task, whose result type has no room for a code: it travels
/// as the finished JavaScript object.
pub(crate) fn rejected(env: Env, error: &stoa_core::Error) -> napi::Error {
    napi::Error::from(JsError::from(thrown(error)).into_unknown(env))
}

/// The error for a panic that was caught where napi-rs catches none.
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> stoa_core::Error {
    let said = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    stoa_core::Error::new(ErrorKind::Internal, format!("a bug of this library: {said}"))
}

/// The details of an error as a JSON object.
fn json(error: &stoa_core::Error) -> String {
    let mut text = String::from("{\"message\":");
    push_string(&mut text, error.message());
    if let Some(path) = error.path() {
        text.push_str(",\"path\":");
        push_string(&mut text, &path.to_string_lossy());
    }
    if let Some(syscall) = error.syscall() {
        text.push_str(",\"syscall\":");
        push_string(&mut text, syscall);
    }
    if let Some(errno) = error.errno() {
        push_formatted(&mut text, format_args!(",\"errno\":{errno}"));
    }
    text.push('}');
    text
}

/// A JSON string literal. A Rust string holds no lone surrogates, so quotes, backslashes and
/// control characters are all that JSON wants escaped (RFC 8259, section 7).
fn push_string(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            control if control < ' ' => {
                push_formatted(text, format_args!("\\u{:04x}", u32::from(control)));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

fn push_formatted(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string cannot fail");
}
