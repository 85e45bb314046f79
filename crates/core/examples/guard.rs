//! The core paths whose instructions `npm run guard` counts: `guard PATH REPEATS FOLDER`. What a path costs is the
//! difference of two runs that repeat it differently, so that making its files does not count.

use std::path::Path;
use std::process::ExitCode;
use stoa_core::{MmapVec, Options, Result};

/// Elements of the files that are there before: a few growths and many pages.
const LENGTH: usize = 100_000;
/// Elements of one repeat of `push`: 64 pages of 4 KiB, each of which faults.
const PUSHED: usize = 32_768;

fn filled(folder: &Path) -> Result<MmapVec<f64>> {
    let mut values = MmapVec::open(folder.join("guard.stoa"), &Options::default())?;
    values.extend_from_slice(&vec![1.5; LENGTH])?;
    values.commit()?;
    Ok(values)
}

/// A row that is pushed, and a commit of it alone.
fn commit(folder: &Path, repeats: usize) -> Result<()> {
    let mut values = filled(folder)?;
    for _ in 0..repeats {
        values.push(2.5)?;
        values.commit()?;
    }
    values.close()
}

/// Values on pages of their own, and a commit of them.
fn scattered(folder: &Path, repeats: usize) -> Result<()> {
    let mut values = filled(folder)?;
    for repeat in 0..repeats {
        for index in (0..LENGTH).step_by(LENGTH / 64) {
            values[index] += 1.0 + f64::from(u8::from(repeat % 2 == 0));
        }
        values.commit()?;
    }
    values.close()
}

/// Pushes onto pages that are not in memory, growths included.
fn push(folder: &Path, repeats: usize) -> Result<()> {
    let mut values = filled(folder)?;
    for _ in 0..repeats {
        for _ in 0..PUSHED {
            values.push(2.5)?;
        }
    }
    values.close()
}

/// A file that is opened, read and closed.
fn open(folder: &Path, repeats: usize) -> Result<()> {
    filled(folder)?.close()?;
    for _ in 0..repeats {
        let values = MmapVec::<f64>::open(folder.join("guard.stoa"), &Options::default())?;
        assert_eq!(values.get(LENGTH / 2), Some(&1.5), "what was committed");
        values.close()?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let (Some(path), Some(Ok(repeats)), Some(folder)) =
        (arguments.get(1), arguments.get(2).map(|text| text.parse()), arguments.get(3))
    else {
        eprintln!("guard PATH REPEATS FOLDER");
        return ExitCode::FAILURE;
    };
    let folder = Path::new(folder);
    let done = match path.as_str() {
        "commit" => commit(folder, repeats),
        "scattered" => scattered(folder, repeats),
        "push" => push(folder, repeats),
        "open" => open(folder, repeats),
        _ => {
            eprintln!("no path has the name {path}");
            return ExitCode::FAILURE;
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
