//! Goal: on a full disk an allocation is an error with its number, the file is as before, and what
//! was promised can be written. Method: small file systems, which root mounts, on Linux.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::{Folder, is_ci, medium, skip, system_page_bytes};
use crate::format::directory::ElementKind;
use crate::growth::Growth;
use crate::medium::{Medium, Memory, Role};
use crate::os::DirtySearch;
use crate::{Close, ErrorKind, Options, Store};

const WAY: DirtySearch = DirtySearch::Compare;

/// A command that only root may give. The hosted runners of CI let their user become root, and only
/// there this asks for that.
fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() || !is_ci() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}

fn succeeds(command: &mut Command) -> bool {
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A file system of its own; unmounted at the end.
struct Mount {
    folder: Folder,
}

impl Mount {
    fn new(arguments: &[&str], source: &Path) -> Option<Self> {
        let folder = Folder::new(&std::env::temp_dir());
        let paths = [source, &folder.path];
        if !succeeds(as_root("mount").args(arguments).args(paths)) {
            return None;
        }
        let mount = Self { folder };
        succeeds(as_root("chmod").arg("1777").arg(&mount.folder.path)).then_some(mount)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        succeeds(as_root("umount").arg(&self.folder.path));
    }
}

/// Fills a small file system by allocating: every failure leaves the file as it was.
fn fill(mount: &Mount) {
    let file = medium(mount.folder.file("store"), WAY);
    let path = mount.folder.join("store");
    let mut length = 0;
    let mut step = 1 << 20;
    while step >= 4096 {
        let before = fs::metadata(&path).unwrap();
        match file.allocate(length, step) {
            Ok(()) => length += step,
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(Errno::NOSPC.raw_os_error()), "{error}");
                assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
                assert_eq!(fs::metadata(&path).unwrap().blocks(), before.blocks());
                step /= 2;
            }
        }
        assert_eq!(file.len().unwrap(), length);
    }
    assert!(file.allocate(0, 1 << 40).is_err(), "more than the disk");
    assert_eq!(file.len().unwrap(), length);
    // Every promised block can be written, through memory too: no signal.
    let bytes = usize::try_from(length).unwrap();
    let bytes = bytes / system_page_bytes() * system_page_bytes();
    let mut memory = file.reserve(bytes).unwrap();
    memory.map_file(0, bytes, 0, Role::Shared).unwrap();
    memory.as_mut_slice::<u8>(bytes).fill(3);
    file.sync().unwrap();
    assert!(file.keeps_allocation());
}

#[test]
fn a_full_tmpfs_refuses_and_the_file_stays_as_it_was() {
    match Mount::new(&["-t", "tmpfs", "-o", "size=4m"], Path::new("none")) {
        Some(mount) => fill(&mount),
        None => skip("a full tmpfs", "needs root, or `unshare -rm`, to mount one"),
    }
}

/// ext4 keeps the blocks, and a longer file, of an allocation that failed.
#[test]
fn a_full_ext4_refuses_and_the_file_stays_as_it_was() {
    let folder = Folder::new(&std::env::temp_dir());
    let image = folder.join("image");
    folder.file("image").set_len(16 << 20).unwrap();
    let mount = succeeds(Command::new("mkfs.ext4").arg("-q").arg(&image))
        .then(|| Mount::new(&["-o", "loop"], &image))
        .flatten();
    match mount {
        Some(mount) => fill(&mount),
        None => skip("a full ext4", "needs root, mkfs.ext4 and loop devices"),
    }
}

/// A copy has holes where the store had zeros. Pushing rows over one must not be a signal.
#[test]
fn a_sparse_copy_on_a_full_disk_is_an_error_and_works_with_room() {
    let Some(mount) = Mount::new(&["-t", "tmpfs", "-o", "size=8m"], Path::new("none")) else {
        skip("a sparse copy on a full disk", "needs root");
        return;
    };
    let original = Folder::new(&std::env::temp_dir());
    let (from, to) = (original.join("store"), mount.folder.join("store"));
    let mut store = Store::open(&from, &Options::default()).unwrap();
    let region = store.create_region("rows", ElementKind::U8, 1).unwrap();
    store.grow(region, 3 << 20, Growth::Exact).unwrap();
    store.set_len(region, 5000).unwrap();
    store.write(region, 0, &[1; 5000]).unwrap();
    store.close(Close::Commit).1.unwrap();
    let copied = Command::new("cp").arg("--sparse=always").args([&from, &to]).status();
    assert!(copied.is_ok_and(|status| status.success()), "cp makes a sparse copy");
    let blocks = fs::metadata(&to).unwrap().blocks();
    assert!(blocks * 512 < 1 << 20, "the copy has holes");
    let filler = mount.folder.file("filler");
    let take = |bytes: u64| rustix::fs::fallocate(&filler, FallocateFlags::empty(), 0, bytes);
    let most = (1..2048).rev().find(|pages| take(pages * 4096).is_ok()).unwrap();
    let refused = Store::open(&to, &Options::default()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoSpace, "{refused}");
    // Room for the log, and none for the rows.
    filler.set_len((most - 160) * 4096).unwrap();
    let mut store = Store::open(&to, &Options::default()).unwrap();
    let refused = store.set_len(region, 5001).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoSpace, "{refused}");
    assert!(!store.is_poisoned() && store.len(region).unwrap() == 5000);
    filler.set_len(0).unwrap();
    store.set_len(region, 3 << 20).unwrap();
    take(8 << 20).unwrap_err();
    store.write(region, 5000, &vec![2; (3 << 20) - 5000]).unwrap();
    store.close(Close::Commit).1.unwrap();
}
