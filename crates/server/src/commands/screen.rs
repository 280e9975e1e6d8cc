//! What people see.

use std::io::{self, IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressStyle};

/// Says something on standard output.
pub(super) fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// Says something on standard error, where nobody minds if it is lost.
pub(super) fn complain(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// Whether whoever read our output went away, such as `head`.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// The total of something whose end is not known.
pub(super) const UNKNOWN: u64 = u64::MAX;

/// Shows how far something has come, part by part: a bar on a terminal, a line per part elsewhere.
pub(super) struct Progress {
    part: String,
    bar: Option<ProgressBar>,
    is_terminal: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            part: String::new(),
            bar: None,
            is_terminal: io::stderr().is_terminal(),
        }
    }

    /// So many of so many are done of this part.
    pub(super) fn show(&mut self, part: &str, done: u64, total: u64) {
        if self.part != part {
            self.begin(part, total);
        }
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if done == total => complain(&format!("{part}: {done}")),
            None => {}
        }
        if done >= total
            && let Some(bar) = self.bar.take()
        {
            bar.finish();
        }
    }

    fn begin(&mut self, part: &str, total: u64) {
        part.clone_into(&mut self.part);
        if !self.is_terminal {
            return;
        }
        let (bar, template) = if total == UNKNOWN {
            (
                ProgressBar::no_length(),
                "{prefix:14} {spinner} {pos} {per_sec}",
            )
        } else {
            (
                ProgressBar::new(total),
                "{prefix:14} {wide_bar} {pos}/{len} {per_sec} {eta}",
            )
        };
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(part.to_owned());
        self.bar = Some(bar);
    }
}
