//! The program `tabard-verify` as a function, so that `tabard verify` is the same one.
//!
//! Findings go to standard output, progress to standard error. The exit code is 0 when
//! every rule is kept, 1 when an entry breaks one, 2 when the journal cannot be read or
//! the arguments make no sense.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::process::ExitCode;

use crate::checker::{CheckError, Checker, Head, Report, check};

/// Journals smaller than this are checked too fast for progress to be of use, in bytes.
const PROGRESS_FROM: u64 = 32 * 1024 * 1024;

/// Without a known size, progress is shown every so many entries.
const ENTRIES_PER_STEP: u64 = 250_000;

const HELP: &str = "\
tabard-verify proves that an exported journal was never tampered with and never sold
anything twice. It needs no database and no server: only the file.

Usage: tabard-verify [OPTIONS] FILE
       tabard-verify [OPTIONS] -          reads standard input

Options:
      --after EARLIER  also demand that FILE continues the export EARLIER, so that
                       nothing which stood there has been cut off or rewritten
      --json           print the report, or the violation, as one line of JSON
      --quiet          no progress
  -h, --help           this text

What is proved, for each lane:
  form         each line is one JSON object with exactly the fields of an entry
  opening      the first entry opens the lane, and no other does
  sequence     1, 2, 3, … without a gap
  chain, hash  each entry carries SHA-256(previous hash || its content)
  values       quantities are positive, periods end after they start
  capacity     an entry names the capacity that was last set
  overbooked   what is taken never exceeds capacity, unless the entry is marked
  mark         an entry is marked as overbooked only where capacity is exceeded
  taken_twice  an allocation that takes is not taking already
  given_twice  an allocation that gives back has taken, and not given back since
  given        what is given back is exactly what was taken
  continued    with --after: every earlier chain is the beginning of its chain now

A chain that lost its end is still a chain: keep an export, or note down the
fingerprint, and compare with it later.

Exit code: 0 all rules are kept; 1 an entry breaks a rule, and the first one is named;
2 the file cannot be read.

Example:
  tabard export --tenant 42 > journal.jsonl
  tabard-verify journal.jsonl
";

/// Runs the program with the arguments after its name.
pub fn run(
    arguments: impl IntoIterator<Item = String>,
    output: &mut impl Write,
    progress: &mut impl Write,
) -> ExitCode {
    let code = match Wish::from_arguments(arguments) {
        Ok(Wish::Help) => write!(output, "{HELP}").map(|()| 0),
        Ok(Wish::Verify(options)) => verify(&options, output, progress),
        Err(complaint) => writeln!(progress, "{complaint}\nTry: tabard-verify --help").map(|()| 2),
    };
    // Nobody reads what we print any more: there is nothing left to do but to end.
    ExitCode::from(code.unwrap_or(2))
}

enum Wish {
    Help,
    Verify(Options),
}

#[derive(Default)]
struct Options {
    file: String,
    after: Option<String>,
    json: bool,
    quiet: bool,
}

impl Wish {
    fn from_arguments(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Options::default();
        let mut files = Vec::new();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "-h" | "--help" => return Ok(Self::Help),
                "--json" => options.json = true,
                "--quiet" => options.quiet = true,
                "--after" => {
                    let earlier = arguments.next();
                    options.after = Some(earlier.ok_or("--after needs a file.")?);
                }
                "-" => files.push(argument),
                unknown if unknown.starts_with('-') => {
                    return Err(format!("There is no option {unknown}."));
                }
                _ => files.push(argument),
            }
        }
        match files.len() {
            1 => options.file = files.remove(0),
            0 => return Err("Which file? Give its name, or - for standard input.".to_owned()),
            _ => return Err("One file at a time, please.".to_owned()),
        }
        Ok(Self::Verify(options))
    }
}

fn verify(options: &Options, output: &mut impl Write, progress: &mut impl Write) -> io::Result<u8> {
    let result = earlier_heads(options, progress).and_then(|heads| {
        let mut checker = Checker::continuing(heads);
        check_file(&options.file, &mut checker, options.quiet, progress)
    });
    match result {
        Ok(report) => print_report(&report, options.json, output).map(|()| 0),
        Err(CheckError::Violation(violation)) => {
            if options.json {
                writeln!(output, "{}", serde_json::to_string(&violation)?)?;
            } else {
                writeln!(output, "BROKEN  {}: {violation}", options.file)?;
            }
            Ok(1)
        }
        Err(CheckError::Unreadable(error)) => {
            writeln!(progress, "{}: {error}", options.file)?;
            Ok(2)
        }
    }
}

/// The earlier export is checked too: the end of a broken chain proves nothing.
fn earlier_heads(options: &Options, progress: &mut impl Write) -> Result<Vec<Head>, CheckError> {
    let Some(earlier) = &options.after else {
        return Ok(Vec::new());
    };
    let mut checker = Checker::new();
    check_file(earlier, &mut checker, options.quiet, progress)?;
    Ok(checker.heads())
}

fn check_file(
    file: &str,
    checker: &mut Checker,
    quiet: bool,
    progress: &mut impl Write,
) -> Result<Report, CheckError> {
    if file == "-" {
        let mut meter = Meter::new(None, quiet, progress);
        return check_reader(&mut io::stdin().lock(), checker, &mut meter);
    }
    let opened = File::open(file)?;
    let metadata = opened.metadata()?;
    let size = metadata.is_file().then_some(metadata.len());
    let mut meter = Meter::new(size, quiet, progress);
    check_reader(
        &mut BufReader::with_capacity(1 << 20, opened),
        checker,
        &mut meter,
    )
}

fn check_reader(
    reader: &mut impl BufRead,
    checker: &mut Checker,
    meter: &mut Meter<'_, impl Write>,
) -> Result<Report, CheckError> {
    let result = check(reader, checker, |bytes, checker| {
        meter.show(bytes, checker.entries());
    });
    meter.clear();
    result
}

fn print_report(report: &Report, json: bool, output: &mut impl Write) -> io::Result<()> {
    if json {
        return writeln!(output, "{}", serde_json::to_string(report)?);
    }
    writeln!(
        output,
        "OK  {} entries in {} lanes keep every rule.\n    \
         {} taken, {} given back, {} live; {} entries marked as overbooked, {} of them live.\n    \
         fingerprint {}",
        report.entries,
        report.lanes,
        report.takes,
        report.gives,
        report.live_allocations,
        report.overbooked,
        report.live_overbooked,
        report.fingerprint
    )
}

/// Shows how far the check is: one line that moves on a terminal, plain lines elsewhere.
struct Meter<'a, W: Write> {
    size: Option<u64>,
    on_terminal: bool,
    quiet: bool,
    next: u64,
    output: &'a mut W,
}

impl<'a, W: Write> Meter<'a, W> {
    fn new(size: Option<u64>, quiet: bool, output: &'a mut W) -> Self {
        let small = size.is_some_and(|size| size < PROGRESS_FROM);
        let mut meter = Self {
            size,
            on_terminal: io::stderr().is_terminal(),
            quiet: quiet || small,
            next: 0,
            output,
        };
        meter.next = meter.step();
        meter
    }

    /// Bytes between two lines where the size is known, else entries.
    fn step(&self) -> u64 {
        let parts = if self.on_terminal { 100 } else { 10 };
        self.size.map_or(ENTRIES_PER_STEP, |size| size / parts)
    }

    fn show(&mut self, bytes: u64, entries: u64) {
        let done = if self.size.is_some() { bytes } else { entries };
        if self.quiet || done < self.next {
            return;
        }
        self.next = done + self.step();
        let share = self
            .size
            .map(|size| format!("{:3} %  ", bytes * 100 / size));
        let share = share.unwrap_or_default();
        let (start, end) = if self.on_terminal {
            ("\r", "")
        } else {
            ("", "\n")
        };
        // Progress that cannot be shown is no reason to stop checking.
        let _ = write!(self.output, "{start}{share}{entries} entries checked{end}");
        let _ = self.output.flush();
    }

    fn clear(&mut self) {
        if self.on_terminal && !self.quiet {
            let _ = write!(self.output, "\r{:60}\r", "");
        }
    }
}
