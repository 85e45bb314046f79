//! What the file system under a file promises.

use std::env;
use std::fs::File;

/// Forces private tails for tests: `STOA_TAIL=private`.
const TAIL_VARIABLE: &str = "STOA_TAIL";

/// Whether blocks once allocated stay those of the file, so that a store to a shared mapping never
/// needs a new one. Copy-on-write file systems allocate at each write instead. Asked of a store
/// that holds something: it may touch the first block. What cannot be learnt is no.
pub(super) fn keeps_allocation(file: &File) -> bool {
    !is_forbidden() && writes_in_place(file).unwrap_or(false)
}

/// Whether a test wants it so.
fn is_forbidden() -> bool {
    env::var_os(TAIL_VARIABLE).is_some_and(|value| value == "private")
}

/// Numbers from `linux/magic.h`, and from the sources of ZFS and bcachefs.
#[cfg(target_os = "linux")]
fn writes_in_place(file: &File) -> rustix::io::Result<bool> {
    const BTRFS: i128 = 0x9123_683e;
    const ZFS: i128 = 0x2fc1_2fc1;
    const BCACHEFS: i128 = 0xca45_1a4e;
    const OVERLAY: i128 = 0x794c_7630;
    let stat = rustix::fs::fstatfs(file)?;
    // The field is signed on some machines: the number is its lower half.
    let copies = match i128::from(stat.f_type).rem_euclid(1 << 32) {
        BTRFS | ZFS | BCACHEFS => true,
        // An overlay hands on all but the kind of what is below: btrfs counts no inodes, and the
        // blocks of ZFS are larger than those of any file system that writes in place.
        OVERLAY => stat.f_files == 0 || i128::from(stat.f_bsize) > 64 * 1024,
        _ => false,
    };
    if copies {
        return Ok(false);
    }
    // The first block is there already. File systems that cannot allocate say so even then.
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, 1)?;
    Ok(true)
}

/// Known for two. ZFS copies, and so does APFS what a snapshot or a clone holds: Time Machine
/// takes snapshots without asking.
#[cfg(not(target_os = "linux"))]
fn writes_in_place(file: &File) -> rustix::io::Result<bool> {
    let stat = rustix::fs::fstatfs(file)?;
    let name = stat.f_fstypename.iter().take_while(|byte| **byte != 0);
    let name: Vec<u8> = name.map(|byte| byte.cast_unsigned()).collect();
    Ok(matches!(name.as_slice(), b"ufs" | b"hfs"))
}
