//! The calls of the engine to the simulated medium.

use std::io;

use stoa_core::{Error, Medium, PAGE_BYTES};

use super::disk::Disk;
use super::fault::{Failing, Operation};
use super::memory::SimulatedMemory;
use super::random::Random;
use super::simulated::{Seat, SimulatedMedium, power_is_out};

/// A write that fails half way: some leading pages of it, never all, are in the cache. A kernel
/// copies page by page.
fn write_some(disk: &mut Disk, offset: u64, bytes: &[u8], random: &mut Random) {
    let pages = (bytes.len() as u64).div_ceil(PAGE_BYTES as u64);
    let end = (offset / PAGE_BYTES as u64 + random.below_u64(pages)) * PAGE_BYTES as u64;
    disk.write(offset, &bytes[..end.saturating_sub(offset) as usize]);
}

impl Medium for SimulatedMedium {
    type Memory = SimulatedMemory;

    fn len(&self) -> io::Result<u64> {
        let state = self.lock();
        if state.is_out() { Err(power_is_out()) } else { Ok(state.file(self.file()).len()) }
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.lock();
        if state.is_out() {
            return Err(power_is_out());
        }
        if let Some(failing) = state.call(self.seat(), Operation::Read) {
            return Err(failing.error());
        }
        let disk = state.file(self.file());
        let count = disk.len().saturating_sub(offset).min(buffer.len() as u64) as usize;
        disk.read(offset, &mut buffer[..count]);
        Ok(count)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.operate(
            Operation::Write,
            (offset, bytes.len() as u64),
            |disk| disk.write(offset, bytes),
            |_| (),
            |disk, random| write_some(disk, offset, bytes, random),
        )
    }

    fn write_durable(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        self.operate(
            Operation::WriteDurable,
            (offset, length),
            |disk| {
                assert!(
                    offset + length <= disk.len(),
                    "write_durable of {length} bytes at {offset}, behind the end of the file"
                );
                disk.write(offset, bytes);
            },
            |disk| disk.sync_range(offset, length),
            |disk, random| {
                disk.write(offset, bytes);
                disk.fail_sync(Some((offset, length)), random);
            },
        )
    }

    fn sync(&self) -> io::Result<()> {
        self.operate(
            Operation::Sync,
            (0, 0),
            |_| (),
            Disk::sync,
            |disk, random| disk.fail_sync(None, random),
        )
    }

    fn allocate(&self, offset: u64, bytes: u64) -> io::Result<()> {
        let end = offset + bytes;
        {
            let state = self.lock();
            if end > state.machine.capacity_bytes && end > state.file(self.file()).len() {
                return Err(Failing::Full.error());
            }
        }
        self.operate(
            Operation::Allocate,
            (offset, bytes),
            |disk| disk.extend(end),
            |_| (),
            |_, _| (),
        )
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        self.operate(
            Operation::Truncate,
            (bytes, 0),
            |disk| disk.truncate(bytes),
            |_| (),
            |_, _| (),
        )
    }

    fn reserve(&self, bytes: usize) -> io::Result<SimulatedMemory> {
        let mut state = self.lock();
        if let Some(failing) = state.call(self.seat(), Operation::Reserve) {
            return Err(failing.error());
        }
        state.memories += 1;
        let place = (self.seat(), self.file().unwrap_or(state.named));
        Ok(SimulatedMemory::new(self.shared(), place, state.memories, bytes, &state.machine))
    }

    fn boot_id(&self) -> u64 {
        self.lock().file(self.file()).boot_id()
    }

    fn random(&self) -> u64 {
        self.lock().random.next()
    }

    fn keeps_allocation(&self) -> bool {
        self.lock().machine.keeps_allocation
    }

    fn system_page_bytes(&self) -> usize {
        self.lock().machine.system_page_bytes
    }

    fn has_writer(&self) -> io::Result<bool> {
        assert_eq!(self.seat(), Seat::Reader, "a writer asks whether there is one");
        let state = self.lock();
        // A file that was replaced is nobody's.
        Ok(state.has_writer && self.file().is_none_or(|file| file == state.named))
    }

    fn create_beside(&self) -> stoa_core::Result<Self> {
        let created = self.create_file();
        created.map_err(|error| Error::from_io(&error, "open", "create a file beside the store"))
    }

    fn replace(&self, next: &Self) -> io::Result<()> {
        self.rename_over(next)
    }

    fn sync_name(&self) -> io::Result<()> {
        assert!(self.has_name(), "the name of another file is synced");
        self.operate(Operation::SyncName, (0, 0), |_| (), Disk::sync_name, |_, _| ())
    }

    fn successor(&self) -> stoa_core::Result<Option<Self>> {
        Ok((!self.has_name()).then(|| self.reading()))
    }

    fn unlock(&self) {
        if self.seat() == Seat::Writer && self.has_name() {
            self.set_writer(false);
        }
    }
}
