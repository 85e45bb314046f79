//! Goal: a file takes the place of another in one step, with its lock, or leaves nothing behind.
//! Method: both ways of writing it (a file without a name, one with a name for the time being).

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::Folder;
use super::create::fill;
use crate::error::ErrorKind;
use crate::medium::Medium;
use crate::options::Options;
use crate::os::File;
use crate::os::create::Draft;

#[test]
fn a_file_takes_the_place_of_another_with_its_lock_and_permissions() {
    for folder in Folder::on_each() {
        for draft in [Draft::aside, Draft::with_name] {
            let path = folder.join("store");
            let options = Options::default();
            let file = File::create_locked(&path, &options, fill).unwrap().unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
            drop(file.new_beside_as(draft).unwrap());
            assert_eq!(folder.names(), ["store"], "one that is not wanted is gone");
            let next = file.new_beside_as(draft).unwrap();
            next.write(0, b"compacted").unwrap();
            next.sync().unwrap();
            assert!(file.successor().unwrap().is_none());
            file.replace(&next).unwrap();
            next.sync_name().unwrap();
            assert_eq!(folder.names(), ["store"]);
            assert_eq!(fs::read(&path).unwrap(), b"compacted");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o604);
            assert!(file.successor().unwrap().is_some());
            assert!(next.successor().unwrap().is_none());
            // The lock is on the file that has the name.
            file.unlock();
            let refused = File::open_locked(&path, &options).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Locked);
            // What was replaced replaces nothing any more.
            assert_eq!(file.new_beside().unwrap_err().kind(), ErrorKind::Unsupported);
            drop(next);
            fs::remove_file(&path).unwrap();
        }
    }
}
