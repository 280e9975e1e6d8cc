//! What a person sees: lines, a line that counts, and how long things took.
//!
//! The only place of this crate that prints and that reads the clock.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Prints one line, which the test runner may keep to itself.
#[cfg(test)]
pub fn say(line: &str) {
    println!("{line}");
}

/// Prints one line.
#[cfg(not(test))]
pub fn say(line: &str) {
    // Nobody may be reading any more, and the work goes on all the same.
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints one line where complaints go.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether a person watches, so that a line may be written over.
pub fn is_watched() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// Measures one step.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    began: Instant,
}

impl Stopwatch {
    /// Starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place of xtask that reads the clock, for the duration of its steps"
    )]
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// What has passed since.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

/// A duration in the unit that a person would choose.
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds >= 60 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// A count that grows: one line written over for a person, now and then a line elsewhere.
#[derive(Debug)]
pub struct Counter {
    noun: &'static str,
    every: u64,
    count: u64,
    is_watched: bool,
}

impl Counter {
    /// Counts `noun` from zero; where nobody watches, every so many get a line.
    pub fn new(noun: &'static str, every: u64) -> Self {
        Self {
            noun,
            every,
            count: 0,
            is_watched: is_watched(),
        }
    }

    /// Counts one more.
    pub fn advance(&mut self) {
        self.count += 1;
        let text = format!("   {} {} …", self.count, self.noun);
        if self.is_watched {
            let mut output = io::stdout().lock();
            let _ = write!(output, "\r{text:40}");
            let _ = output.flush();
        } else if self.count.is_multiple_of(self.every) {
            say(&text);
        }
    }

    /// Clears the line, so that something else can be printed.
    pub fn step_aside(&self) {
        if self.is_watched && self.count > 0 {
            let _ = write!(io::stdout().lock(), "\r{:40}\r", "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_a_persons() {
        assert_eq!(in_words(Duration::from_millis(840)), "0.8 s");
        assert_eq!(in_words(Duration::from_secs(187)), "3 min 07 s");
    }
}
