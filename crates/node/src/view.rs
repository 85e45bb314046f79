//! One external `ArrayBuffer` over the memory of a region: made, emptied, and watched until nothing
//! can use it. This is the binding's only unsafe code.
//!
//! # Safety
//!
//! A buffer holds a bare pointer, so its memory must stay mapped until the buffer is *over*:
//! V8 has freed the backing store (the finaliser says so), and the `ArrayBuffer` that was made here
//! is collected. Either alone is not enough. The buffer is collected, yet its backing store lives
//! on, after `transfer()`. The backing store is freed, yet an operation on the thread pool (zlib,
//! fs) still uses the pointer, after a detach: such an operation keeps its buffer object alive.
//! `open` and `remains` hold the address space until then. At the end of an environment all
//! finalisers run, over or not, so nothing asks any more then.
#![expect(unsafe_code, reason = "Node-API wants raw pointers here")]

use std::ffi::c_void;
use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use napi::{Env, Unknown, sys};
use stoa_core::{Error, ErrorKind, Memory, Reservation, Result};

/// A buffer that was handed to JavaScript.
pub(crate) struct View {
    /// The first byte it shows, in the reservation.
    base: NonNull<u8>,
    /// Weak, so that it keeps nothing alive. Valid until `forget` or the end of the environment.
    reference: sys::napi_ref,
    /// Set by the finaliser, on any thread.
    finalised: Arc<AtomicBool>,
}

// SAFETY: the methods take the environment, which exists on its own thread only, so `reference` is
// used there only. Elsewhere a view can only be dropped, which frees the flag, and that is atomic.
// Nobody reads through `base`; it is compared.
unsafe impl Send for View {}

impl View {
    /// A new buffer over `bytes` of `memory` from `offset` on, all of which must be mapped for
    /// reading and writing and stay so until the buffer is over: the caller keeps `memory` for that
    /// long.
    ///
    /// # Errors
    /// `Unsupported` where the runtime forbids external buffers, `Internal` where it fails
    /// otherwise. Nothing is left behind then.
    pub(crate) fn create<'env>(
        env: &'env Env,
        memory: &Reservation,
        offset: usize,
        bytes: usize,
    ) -> Result<(Unknown<'env>, Self)> {
        let reserved_bytes = memory.reserved_bytes();
        assert!(
            0 < bytes && bytes <= reserved_bytes && offset <= reserved_bytes - bytes,
            "a window lies in its reservation"
        );
        let Some(base) = NonNull::new(memory.base().as_ptr().wrapping_add(offset)) else {
            unreachable!("a reservation does not wrap around the address space");
        };
        let finalised = Arc::new(AtomicBool::new(false));
        let hint = Arc::into_raw(Arc::clone(&finalised)).cast_mut().cast::<c_void>();
        let data = base.as_ptr().cast::<c_void>();
        let mut buffer = ptr::null_mut();
        // SAFETY: `env` is the environment of the call that runs now. `data` is `offset` behind the
        // base of a reservation, and `bytes` from there on lie in it (asserted, without overflow),
        // so `data` is not null. The caller keeps them mapped until the buffer is over.
        // `finalise` takes the one reference to the flag that `hint` is.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(
                env.raw(),
                data,
                bytes,
                Some(finalise),
                hint,
                &raw mut buffer,
            )
        };
        if status != sys::Status::napi_ok {
            // Some runtimes run the finaliser after a failure, now or later, and some never do. So
            // the flag's reference is given up: a few bytes lost, on a path that is not repeated.
            clear_exception(*env);
            return Err(refusal(status, bytes));
        }
        let mut reference = ptr::null_mut();
        // SAFETY: `buffer` is the value that was made just now, in a handle scope still open. The
        // count 0 makes the reference weak.
        let status =
            unsafe { sys::napi_create_reference(env.raw(), buffer, 0, &raw mut reference) };
        if status != sys::Status::napi_ok {
            // Nobody has seen the buffer. Emptied, it never uses its pointer, watched or not.
            clear_exception(*env);
            detach(*env, buffer);
            return Err(refusal(status, bytes));
        }
        // SAFETY: `buffer` is a value of this environment, in a handle scope that the caller of
        // this function opened and that outlives `'env`.
        let value = unsafe { Unknown::from_raw_unchecked(env.raw(), buffer) };
        Ok((value, Self { base, reference, finalised }))
    }

    /// Whether this is a buffer over that memory. Of memory that was retired as much is left as was
    /// ever shown, so the buffer's first byte lies in it.
    pub(crate) fn shows(&self, memory: &Reservation) -> bool {
        let offset = self.base.as_ptr().addr().checked_sub(memory.base().as_ptr().addr());
        offset.is_some_and(|offset| offset < memory.reserved_bytes())
    }

    /// Empties the buffer, and every typed array over it, unless JavaScript moved its memory to
    /// another buffer or collected it.
    pub(crate) fn detach(&self, env: Env) {
        let Some(buffer) = self.buffer(env) else {
            return;
        };
        let mut data = ptr::null_mut();
        let mut bytes = 0;
        // SAFETY: `buffer` is a live `ArrayBuffer` of this environment, and both results are local.
        let status = unsafe {
            sys::napi_get_arraybuffer_info(env.raw(), buffer, &raw mut data, &raw mut bytes)
        };
        if status == sys::Status::napi_ok && data.cast() == self.base.as_ptr() {
            detach(env, buffer);
        }
    }

    /// Whether nothing can use the pointer any more: see the safety section of this file.
    pub(crate) fn is_over(&self, env: Env) -> bool {
        self.finalised.load(Ordering::Acquire) && self.buffer(env).is_none()
    }

    /// Frees the reference. Without this it lives until the environment ends.
    pub(crate) fn forget(self, env: Env) {
        // SAFETY: `reference` was created in this environment, and is deleted once, as `self` ends
        // here. A failure leaves it to the environment.
        unsafe { sys::napi_delete_reference(env.raw(), self.reference) };
    }

    /// The buffer object, unless it was collected.
    fn buffer(&self, env: Env) -> Option<sys::napi_value> {
        let mut buffer = ptr::null_mut();
        // SAFETY: `reference` was created in this environment and is not deleted: only `forget`
        // does that, and it takes `self`.
        let status =
            unsafe { sys::napi_get_reference_value(env.raw(), self.reference, &raw mut buffer) };
        assert!(status == sys::Status::napi_ok, "a reference that was not deleted has a value");
        (!buffer.is_null()).then_some(buffer)
    }
}

/// Takes out the buffers that are over.
pub(crate) fn prune(views: &mut Vec<View>, env: Env) {
    for view in views.extract_if(.., |view| view.is_over(env)) {
        view.forget(env);
    }
}

impl fmt::Debug for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("View").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Runs when the backing store is freed: in Node as a task of its own or at the end of the
/// environment, in Bun inside a detach, in Deno on any thread. So it touches the flag alone.
unsafe extern "C" fn finalise(_: sys::napi_env, _: *mut c_void, hint: *mut c_void) {
    // SAFETY: `hint` is the reference that `create` gave up for this one call.
    let finalised = unsafe { Arc::from_raw(hint.cast::<AtomicBool>()) };
    finalised.store(true, Ordering::Release);
}

/// Detaches a buffer of this environment. If that fails, the buffer stays as it is, over memory
/// that stays.
fn detach(env: Env, buffer: sys::napi_value) {
    // SAFETY: `buffer` is a live `ArrayBuffer` of this environment, in an open handle scope.
    unsafe { sys::napi_detach_arraybuffer(env.raw(), buffer) };
}

/// Takes an exception that a failed call left, so that the error that follows is the one seen.
fn clear_exception(env: Env) {
    let mut exception = ptr::null_mut();
    // SAFETY: `env` is the environment of the call that runs now; the result is local. Without an
    // exception the call gives `undefined`.
    unsafe { sys::napi_get_and_clear_last_exception(env.raw(), &raw mut exception) };
}

fn refusal(status: sys::napi_status, bytes: usize) -> Error {
    if status == sys::Status::napi_no_external_buffers_allowed {
        Error::new(
            ErrorKind::Unsupported,
            "cannot show the file's memory: this runtime forbids external buffers (Electron's \
             memory cage does); open the store in a plain Node.js process, such as a child process",
        )
    } else {
        Error::new(
            ErrorKind::Internal,
            format!("cannot make a buffer of {bytes} bytes: Node-API answered status {status}"),
        )
    }
}
