//! Stops one thread between two operations, so that another can act there: the way in which a
//! commit in flight and the program's own writes are interleaved, the same in every run.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

/// After this the owner is taken to wait for the thread that it stopped.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct Visitor {
    thread: ThreadId,
    /// Operations it still passes; `None`: all.
    passes: Option<u64>,
    arrived: Sender<()>,
    go: Receiver<Option<u64>>,
}

/// At most one visitor at a time; every other thread passes.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Option<Visitor>>);

/// The owner's end: tells the visitor to go on.
#[derive(Debug)]
pub(crate) struct Keeper {
    arrived: Receiver<()>,
    go: Sender<Option<u64>>,
}

/// The visitor's end, to be entered on its own thread.
#[derive(Debug)]
pub(crate) struct Ticket {
    arrived: Sender<()>,
    go: Receiver<Option<u64>>,
}

/// A keeper and the ticket for the thread it is to stop.
pub(crate) fn pair() -> (Keeper, Ticket) {
    let (arrived_sender, arrived) = channel();
    let (go, go_receiver) = channel();
    (Keeper { arrived, go }, Ticket { arrived: arrived_sender, go: go_receiver })
}

impl Keeper {
    /// Waits until the visitor stands at the gate: true. False once it has left for good.
    pub(crate) fn wait(&self) -> bool {
        self.arrived.recv().is_ok()
    }

    /// Lets it pass this operation and so many more; `None`: all.
    pub(crate) fn release(&self, passes: Option<u64>) {
        // A visitor that lost its patience has already told of it.
        let _ = self.go.send(passes);
    }
}

impl Gate {
    /// Makes the calling thread the visitor, as long as the visit lives: it stops after so many
    /// operations.
    pub(crate) fn enter(&self, ticket: Ticket, passes: u64) -> Visit<'_> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Visitor {
            thread: std::thread::current().id(),
            passes: Some(passes),
            arrived: ticket.arrived,
            go: ticket.go,
        });
        Visit(self)
    }

    /// Called before every operation.
    pub(crate) fn pass(&self) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = std::thread::current().id();
        if slot.as_ref().is_none_or(|visitor| visitor.thread != thread) {
            return;
        }
        let Some(mut visitor) = slot.take() else {
            return;
        };
        // The lock is not held while the visitor waits: the owner passes here too.
        drop(slot);
        match &mut visitor.passes {
            None => {}
            Some(0) => {
                let _ = visitor.arrived.send(());
                visitor.passes = visitor
                    .go
                    .recv_timeout(PATIENCE)
                    .expect("the owner's thread waits for a commit in flight");
            }
            Some(left) => *left -= 1,
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(visitor);
    }
}

/// The time at the gate. Its end, a panic included, ends the keeper's wait.
#[derive(Debug)]
pub(crate) struct Visit<'a>(&'a Gate);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
