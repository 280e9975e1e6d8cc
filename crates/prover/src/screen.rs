//! What a person sees: lines, and progress that moves on a terminal and prints now and
//! then elsewhere. The only place of this crate that writes to the screen.
#![allow(
    clippy::print_stdout,
    reason = "a command line program talks to the screen here"
)]

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a run without a terminal says where it is.
const LINE_PAUSE: Duration = Duration::from_secs(10);

/// Prints a line.
pub fn say(line: impl AsRef<str>) {
    println!("{}", line.as_ref());
}

/// Prints why a run failed, with all its causes, to the error stream.
#[expect(clippy::print_stderr, reason = "the end of a command line program")]
pub fn complain(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

/// Progress of a known number of steps.
#[derive(Debug)]
pub struct Progress {
    what: String,
    total: u64,
    done: u64,
    bar: Option<ProgressBar>,
    began: Instant,
    last_line: Instant,
}

impl Progress {
    /// Begins at zero of `total`.
    pub fn new(what: &str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(what, total));
        let began = crate::watch::instant();
        Self {
            what: what.to_owned(),
            total,
            done: 0,
            bar,
            began,
            last_line: began,
        }
    }

    /// Some steps are done; `detail` says what is going on.
    pub fn advance(&mut self, steps: u64, detail: &str) {
        self.done += steps;
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
            bar.set_message(detail.to_owned());
        } else if self.last_line.elapsed() >= LINE_PAUSE {
            self.last_line = crate::watch::instant();
            say(format!(
                "{}: {} of {} {detail}",
                self.what, self.done, self.total
            ));
        }
    }

    /// The end: says how many steps took how long.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let seconds = self.began.elapsed().as_secs_f64();
        say(format!(
            "{}: {} of {} in {seconds:.1} s",
            self.what, self.done, self.total
        ));
    }
}

fn bar(what: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let style = ProgressStyle::with_template(
        "{prefix} [{bar:40}] {pos}/{len} {elapsed_precise} (left {eta}) {msg}",
    );
    if let Ok(style) = style {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(what.to_owned());
    bar
}
