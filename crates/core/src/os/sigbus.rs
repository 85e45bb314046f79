//! The guard against bus errors. Memory shows a file, and a file can lose what it shows: another
//! process cuts it short, or the disk cannot read a page. The kernel then sends SIGBUS to whoever
//! touches the page, and would end the process. The guard lays zeros there, notes the loss, and lets
//! the program go on; the next call finds the note and refuses.
//!
//! Signals that are about something else go to the handler that was there before.
//!
//! # Safety
//! The handler may interrupt anything, so it takes no lock and allocates nothing. It reads a list
//! of slots that are never freed, and makes one system call. A slot's `end` is written last when it
//! is taken and first when it is given back: the handler believes a slot whose end it has seen.
#![expect(unsafe_code, reason = "handles a signal and replaces memory in it")]

use std::io;
use std::mem;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};

use libc::{c_int, c_void, sigaction, siginfo_t};

/// Slots that are allocated at once.
const CHUNK: usize = 256;

/// After so many faults in one stretch the next ones take twice as many pages at once: a mapping a
/// page could use up all that a process may have.
const FAULTS_PER_DOUBLING: usize = 16;

/// A stretch of memory that is watched.
struct Slot {
    start: AtomicUsize,
    /// 0: the slot is free.
    end: AtomicUsize,
    faults: AtomicUsize,
    /// Set by the handler. Never freed while the process lives.
    lost: AtomicPtr<AtomicBool>,
}

struct Chunk {
    slots: [Slot; CHUNK],
    next: AtomicPtr<Chunk>,
}

/// The list that the handler walks.
static CHUNKS: AtomicPtr<Chunk> = AtomicPtr::new(ptr::null_mut());
/// What no watch uses now.
static FREE: Mutex<Free> = Mutex::new(Free { slots: Vec::new(), flags: Vec::new() });
static PAGE_BYTES: AtomicUsize = AtomicUsize::new(0);
/// The handler before ours.
static FORMER: AtomicPtr<sigaction> = AtomicPtr::new(ptr::null_mut());

struct Free {
    slots: Vec<&'static Slot>,
    flags: Vec<&'static AtomicBool>,
}

/// Whether memory of a file was lost.
#[derive(Debug)]
pub(super) struct Loss(&'static AtomicBool);

/// A stretch of memory that is watched as long as this lives.
pub(super) struct Watch {
    slot: &'static Slot,
    /// The slot refers to its flag.
    _loss: Arc<Loss>,
}

impl Loss {
    /// Nothing was lost yet.
    pub(super) fn new() -> Self {
        let flag = free().flags.pop().unwrap_or_else(|| Box::leak(Box::default()));
        flag.store(false, Ordering::Release);
        Self(flag)
    }

    /// Whether a page that showed the file shows zeros now.
    pub(super) fn has_happened(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for Loss {
    fn drop(&mut self) {
        free().flags.push(self.0);
    }
}

impl Watch {
    /// Watches a stretch of whole pages, which must stay the caller's as long as this lives.
    ///
    /// # Errors
    /// What the kernel says to the handler.
    pub(super) fn new(stretch: Range<usize>, loss: &Arc<Loss>) -> io::Result<Self> {
        install()?;
        let mut free = free();
        if free.slots.is_empty() {
            free.slots.extend(more_slots());
        }
        let slot = free.slots.pop().ok_or(io::ErrorKind::OutOfMemory)?;
        slot.start.store(stretch.start, Ordering::Relaxed);
        slot.faults.store(0, Ordering::Relaxed);
        slot.lost.store(ptr::from_ref(loss.0).cast_mut(), Ordering::Relaxed);
        slot.end.store(stretch.end, Ordering::Release);
        Ok(Self { slot, _loss: Arc::clone(loss) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.slot.end.store(0, Ordering::Release);
        free().slots.push(self.slot);
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Slot { start, end, .. } = self.slot;
        formatter
            .debug_struct("Watch")
            .field("start", start)
            .field("end", end)
            .finish_non_exhaustive()
    }
}

fn free() -> std::sync::MutexGuard<'static, Free> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Another chunk, known to the handler. Called with the free list locked.
fn more_slots() -> impl Iterator<Item = &'static Slot> {
    let slot = || Slot {
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        faults: AtomicUsize::new(0),
        lost: AtomicPtr::new(ptr::null_mut()),
    };
    let chunk: &'static Chunk = Box::leak(Box::new(Chunk {
        slots: std::array::from_fn(|_| slot()),
        next: AtomicPtr::new(CHUNKS.load(Ordering::Acquire)),
    }));
    CHUNKS.store(ptr::from_ref(chunk).cast_mut(), Ordering::Release);
    chunk.slots.iter()
}

/// Makes `handle` the handler, once.
fn install() -> io::Result<()> {
    static ONCE: Once = Once::new();
    static FAILED: AtomicBool = AtomicBool::new(false);
    ONCE.call_once(|| {
        PAGE_BYTES.store(rustix::param::page_size(), Ordering::Release);
        // SAFETY: all bytes zero is a value of this C structure: no flags, an empty mask.
        let mut ours: sigaction = unsafe { mem::zeroed() };
        // SAFETY: as above.
        let mut former: sigaction = unsafe { mem::zeroed() };
        let handler: unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = handle;
        ours.sa_sigaction = handler as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        // SAFETY: both point to local structures; a null pointer asks and changes nothing.
        let asked = unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), &raw mut former) };
        // Before ours can run, it must know where to pass a signal on.
        FORMER.store(Box::into_raw(Box::new(former)), Ordering::Release);
        // SAFETY: `ours` is a whole structure whose handler has the signature that its flags say,
        // and calls only what a handler may call.
        let set = unsafe { libc::sigaction(libc::SIGBUS, &raw const ours, ptr::null_mut()) };
        FAILED.store(asked != 0 || set != 0, Ordering::Release);
    });
    if FAILED.load(Ordering::Acquire) {
        return Err(io::Error::other("the handler of SIGBUS cannot be set"));
    }
    Ok(())
}

/// The handler.
unsafe extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel gives a valid structure to a handler with SA_SIGINFO.
    let told = unsafe { &*info };
    // SAFETY: a signal that is about memory has an address; of others it is not looked at.
    let (code, address) = (told.si_code, unsafe { told.si_addr() });
    // SAFETY: the place of this thread's error number, which the program may be about to read.
    let saved = unsafe { *errno() };
    let is_ours = is_about_a_page(code) && cover(address.addr());
    // SAFETY: as above.
    unsafe { *errno() = saved };
    if !is_ours {
        // SAFETY: the arguments are those of this handler.
        unsafe { pass_on(signal, code, info, context) };
    }
}

/// Whether the kernel says that a page is missing. Linux has another code for broken memory.
fn is_about_a_page(code: c_int) -> bool {
    const ADDRESS: c_int = 2;
    const OBJECT: c_int = 3;
    code == ADDRESS || cfg!(not(target_os = "linux")) && code == OBJECT
}

/// Lays zeros over the page at an address that is watched, and notes the loss.
fn cover(address: usize) -> bool {
    let page_bytes = PAGE_BYTES.load(Ordering::Acquire);
    let mut chunk = CHUNKS.load(Ordering::Acquire);
    // SAFETY: chunks are leaked: a pointer that was published stays valid.
    while let Some(list) = unsafe { chunk.as_ref() } {
        for slot in &list.slots {
            let end = slot.end.load(Ordering::Acquire);
            let start = slot.start.load(Ordering::Relaxed);
            if address < start || address >= end {
                continue;
            }
            let page = address - address % page_bytes;
            let doublings = slot.faults.fetch_add(1, Ordering::Relaxed) / FAULTS_PER_DOUBLING;
            let bytes = u32::try_from(doublings)
                .ok()
                .and_then(|doublings| page_bytes.checked_shl(doublings))
                .unwrap_or(usize::MAX)
                .clamp(page_bytes, end - page);
            if !lay_zeros(page, bytes) {
                return false;
            }
            // SAFETY: the flag of a slot that is taken lives as long as the slot is, and flags are
            // never freed.
            if let Some(lost) = unsafe { slot.lost.load(Ordering::Relaxed).as_ref() } {
                lost.store(true, Ordering::Release);
            }
            return true;
        }
        chunk = list.next.load(Ordering::Acquire);
    }
    false
}

fn lay_zeros(page: usize, bytes: usize) -> bool {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    const NO_RESERVE: c_int = libc::MAP_NORESERVE;
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    const NO_RESERVE: c_int = 0;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED | NO_RESERVE;
    let target = ptr::with_exposed_provenance_mut::<c_void>(page);
    // SAFETY: the stretch is watched, in whole pages: it belongs to a mapping of this crate, whose
    // owner is prepared for its content to change. The call is one system call.
    let address = unsafe { libc::mmap(target, bytes, access, flags, -1, 0) };
    address == target
}

/// Calls the handler that was there before, or lets the signal have its usual effect.
///
/// # Safety
/// The arguments are those that the kernel gave to this crate's handler.
unsafe fn pass_on(signal: c_int, code: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: set once, before the handler, and never freed.
    let Some(former) = (unsafe { FORMER.load(Ordering::Acquire).as_ref() }) else {
        return;
    };
    // What the kernel says of memory cannot be ignored; what a process sends can.
    let is_sent = code <= 0;
    match former.sa_sigaction {
        libc::SIG_IGN if is_sent => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: all bytes zero is the default handler, with no flags and an empty mask.
            let default: sigaction = unsafe { mem::zeroed() };
            // SAFETY: the structure is whole. Back in the program the fault comes again, and ends it.
            unsafe { libc::sigaction(signal, &raw const default, ptr::null_mut()) };
            if is_sent {
                // SAFETY: sends a signal to this thread, which is delivered after the handler.
                unsafe { libc::raise(signal) };
            }
        }
        handler if former.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: the flag says that the address is that of such a function.
            let call: unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                unsafe { mem::transmute(handler) };
            // SAFETY: the arguments are those of the kernel.
            unsafe { call(signal, info, context) };
        }
        handler => {
            // SAFETY: without the flag it is the address of a function of one argument.
            let call: unsafe extern "C" fn(c_int) = unsafe { mem::transmute(handler) };
            // SAFETY: the argument is that of the kernel.
            unsafe { call(signal) };
        }
    }
}

/// Where this thread's error number lies.
fn errno() -> *mut c_int {
    #[cfg(target_os = "linux")]
    // SAFETY: the call has no conditions.
    let place = unsafe { libc::__errno_location() };
    #[cfg(not(target_os = "linux"))]
    // SAFETY: the call has no conditions.
    let place = unsafe { libc::__error() };
    place
}
