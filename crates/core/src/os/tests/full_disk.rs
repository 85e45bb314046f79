//! Goal: on a full disk an allocation is an error with its number, the file is as before, and what
//! was promised can be written. Method: small file systems, which root mounts, on Linux.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::io::Errno;

use super::{Folder, is_ci, medium, skip, system_page_bytes};
use crate::medium::{Medium, Memory, Role};
use crate::os::DirtySearch;

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
