//! Lines of a log on their way out.
//!
//! Who logs puts a line behind the others and goes on; a thread takes all that has gathered and writes it at
//! once. Waking that thread for every line, as a channel does, took 7 % of a busy server's processor time.
//! Nothing is left out: where lines come faster than they can be written, who logs waits.

use std::{
    io::{self, Write},
    mem,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// How long lines gather. A reader of the log does not see the difference.
const GATHER: Duration = Duration::from_millis(10);
/// How much may wait, in bytes.
const MOST_WAITING: usize = 4 * 1024 * 1024;

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    ending: bool,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There are lines again, or it ends.
    some: Condvar,
    /// The lines were taken.
    room: Condvar,
}

/// Where lines are put. Clones put theirs into the same log.
#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

/// Keeps lines flowing; when it is dropped, what waits is written out.
pub(super) struct Thread {
    shared: Arc<Shared>,
    writing: Option<JoinHandle<()>>,
}

/// Starts a thread that writes lines to `out`.
///
/// # Errors
/// When the system has no thread left.
pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<(Lines, Thread)> {
    let shared = Arc::new(Shared::default());
    let taken = Arc::clone(&shared);
    let writing = thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_all(&taken, out))?;
    let lines = Lines(Arc::clone(&shared));
    let writing = Some(writing);
    Ok((lines, Thread { shared, writing }))
}

fn write_all(shared: &Shared, mut out: impl Write) {
    let mut taken = Vec::new();
    loop {
        let mut waiting = shared.waiting.lock();
        while waiting.lines.is_empty() && !waiting.ending {
            shared.some.wait(&mut waiting);
        }
        if !waiting.ending {
            // More lines gather until it ends, or until somebody waits for room.
            shared.some.wait_for(&mut waiting, GATHER);
        }
        mem::swap(&mut waiting.lines, &mut taken);
        let ending = waiting.ending;
        drop(waiting);
        shared.room.notify_all();
        // A log that nobody reads any more is no reason to stop serving, and there is nowhere to say so.
        let _ = out.write_all(&taken).and_then(|()| out.flush());
        taken.clear();
        if ending {
            return;
        }
    }
}

impl Lines {
    fn put(&self, line: &[u8]) {
        let mut waiting = self.0.waiting.lock();
        while waiting.lines.len() >= MOST_WAITING && !waiting.ending {
            self.0.some.notify_one();
            self.0.room.wait(&mut waiting);
        }
        let first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        drop(waiting);
        if first {
            self.0.some.notify_one();
        }
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.shared.waiting.lock().ending = true;
        self.shared.some.notify_one();
        self.shared.room.notify_all();
        if let Some(writing) = self.writing.take() {
            // A thread that panicked has nothing left to write.
            let _ = writing.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was written, and a lock that a test may hold to let nothing through.
    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_of_every_thread_is_there_when_the_log_has_ended() {
        let out = Out::default();
        let (lines, log) = start(out.clone()).unwrap();
        let writers: Vec<_> = (0..8)
            .map(|number| {
                let mut lines = lines.clone();
                thread::spawn(move || {
                    for count in 0..1_000 {
                        lines
                            .write_all(format!("{number} {count}\n").as_bytes())
                            .unwrap();
                    }
                })
            })
            .collect();
        writers
            .into_iter()
            .for_each(|writer| writer.join().unwrap());
        drop(log);
        let text = String::from_utf8(out.0.lock().clone()).unwrap();
        let mut next = [0; 8];
        for line in text.lines() {
            let (number, count) = line.split_once(' ').unwrap();
            let next = &mut next[number.parse::<usize>().unwrap()];
            assert_eq!(
                count.parse(),
                Ok(*next),
                "the lines of a thread keep their order"
            );
            *next += 1;
        }
        assert_eq!(next, [1_000; 8]);
    }

    #[test]
    fn who_logs_waits_while_too_much_waits_and_nothing_is_left_out() {
        let out = Out::default();
        let held = out.0.lock();
        let (lines, log) = start(out.clone()).unwrap();
        let line = vec![b'x'; MOST_WAITING / 4];
        let mut writer = lines.clone();
        let writing = thread::spawn(move || {
            for _ in 0..12 {
                writer.write_all(&line).unwrap();
            }
        });
        while lines.0.waiting.lock().lines.len() < MOST_WAITING {
            thread::yield_now();
        }
        assert!(lines.0.waiting.lock().lines.len() < 2 * MOST_WAITING);
        assert!(!writing.is_finished());
        drop(held);
        writing.join().unwrap();
        drop(log);
        assert_eq!(out.0.lock().len(), 3 * MOST_WAITING);
    }
}
