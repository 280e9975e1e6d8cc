//! Processes: who belongs to a server, who is still alive, and signals.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// One process as the system lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    id: i32,
    parent: i32,
    is_dead: bool,
}

/// Sends a signal; a process that has ended already is no error.
pub(crate) fn signal(id: i32, signal: Signal) {
    if let Some(id) = Pid::from_raw(id) {
        let _ = kill_process(id, signal);
    }
}

/// The processes whose parent is `id`.
pub(crate) fn children_of(id: i32) -> Vec<i32> {
    let children = all().into_iter().filter(|process| process.parent == id);
    children.map(|process| process.id).collect()
}

/// Waits until none of these runs any more; `false` when some still do after a while.
pub(crate) fn wait_for_end(ids: &[i32]) -> bool {
    (0..500).any(|_| {
        let running = all()
            .into_iter()
            .any(|process| ids.contains(&process.id) && !process.is_dead);
        if running {
            thread::sleep(Duration::from_millis(10));
        }
        !running
    })
}

fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return all_by_ps();
    };
    let found: Vec<Process> = entries
        .flatten()
        .filter_map(|entry| {
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            from_stat(&stat)
        })
        .collect();
    if found.is_empty() { all_by_ps() } else { found }
}

/// Reads `/proc/ID/stat`: the name stands in parentheses and may hold any character.
fn from_stat(stat: &str) -> Option<Process> {
    let (id, rest) = stat.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    Some(Process {
        id: id.parse().ok()?,
        parent: fields.next()?.parse().ok()?,
        is_dead: matches!(state, "Z" | "X"),
    })
}

fn all_by_ps() -> Vec<Process> {
    let output = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,stat="])
        .output();
    let listed = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&listed)
        .lines()
        .filter_map(from_ps)
        .collect()
}

fn from_ps(line: &str) -> Option<Process> {
    let mut fields = line.split_whitespace();
    Some(Process {
        id: fields.next()?.parse().ok()?,
        parent: fields.next()?.parse().ok()?,
        is_dead: fields.next()?.starts_with('Z'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_from_its_stat_whatever_its_name_holds() {
        let process = from_stat("42 (a) b (c) S 7 42 42 0 -1").unwrap();
        assert_eq!(
            (process.id, process.parent, process.is_dead),
            (42, 7, false)
        );
        assert!(from_stat("42 (postgres) Z 1 42").unwrap().is_dead);
        assert_eq!(from_stat("nonsense"), None);
    }

    #[test]
    fn a_process_is_read_from_a_line_of_ps() {
        let process = from_ps("  42     7 Ss").unwrap();
        assert_eq!(
            (process.id, process.parent, process.is_dead),
            (42, 7, false)
        );
    }

    #[test]
    fn our_own_children_are_found_and_their_end_is_noticed() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let id = i32::try_from(child.id()).unwrap();
        let myself = i32::try_from(std::process::id()).unwrap();
        assert!(children_of(myself).contains(&id));
        signal(id, Signal::KILL);
        assert!(wait_for_end(&[id]));
        child.wait().unwrap();
    }
}
