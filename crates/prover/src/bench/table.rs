//! The table that a run prints: each figure with its ceiling and its target beside it.

use serde::Serialize;

use crate::screen::say;

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The engine, or "–".
    pub engine: &'static str,
    /// What was measured.
    pub what: String,
    /// The figure.
    pub figure: f64,
    /// Its unit.
    pub unit: &'static str,
    /// Median latency.
    pub p50_ms: Option<f64>,
    /// Latency of the slowest hundredth.
    pub p99_ms: Option<f64>,
    /// The ceiling, in the figure's unit.
    pub ceiling: Option<f64>,
    /// What is to be reached, in words, and whether it was.
    pub target: Option<(String, bool)>,
}

impl Line {
    /// A line without latency, ceiling and target.
    pub fn new(
        engine: &'static str,
        what: impl Into<String>,
        figure: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            engine,
            what: what.into(),
            figure,
            unit,
            p50_ms: None,
            p99_ms: None,
            ceiling: None,
            target: None,
        }
    }

    /// With latency.
    pub fn latency(mut self, latency: &crate::latency::LatencySummary) -> Self {
        self.p50_ms = Some(latency.p50_ms);
        self.p99_ms = Some(latency.p99_ms);
        self
    }

    /// With a ceiling.
    pub fn ceiling(mut self, ceiling: f64) -> Self {
        self.ceiling = Some(ceiling);
        self
    }

    /// With the target to reach at least this part of the ceiling.
    pub fn at_least(mut self, part: f64) -> Self {
        if let Some(ceiling) = self.ceiling {
            let reached = self.figure >= part * ceiling;
            self.target = Some((format!(">= {:.0} %", part * 100.0), reached));
        }
        self
    }

    /// With the target to stay at or under a limit.
    pub fn at_most(mut self, limit: f64) -> Self {
        self.target = Some((format!("<= {limit:.2}"), self.figure <= limit));
        self
    }

    fn rank(&self) -> f64 {
        match self.ceiling.filter(|ceiling| *ceiling > 0.0) {
            Some(ceiling) => self.figure / ceiling,
            None => self.figure,
        }
    }

    fn text(&self) -> String {
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), short);
        let part = self.ceiling.filter(|ceiling| *ceiling > 0.0);
        let percent = part.map_or_else(
            || "–".to_owned(),
            |ceiling| format!("{:.0} %", 100.0 * self.figure / ceiling),
        );
        let target = match &self.target {
            None => String::new(),
            Some((words, true)) => format!("{words}  reached"),
            Some((words, false)) => format!("{words}  MISSED"),
        };
        format!(
            "{:<9}{:<48}{:>10} {:<6}{:>9}{:>9}{:>11}{:>8}  {target}",
            self.engine,
            self.what,
            short(self.figure),
            self.unit,
            number(self.p50_ms),
            number(self.p99_ms),
            number(self.ceiling),
            percent
        )
    }
}

/// Of several rounds that measured the same lines in the same order, for each line the one
/// in the middle: by its part of the ceiling, or by its figure where there is none.
pub fn middle(rounds: Vec<Vec<Line>>) -> Vec<Line> {
    let count = rounds.iter().map(Vec::len).min().unwrap_or_default();
    let of_line = |place: usize| {
        let mut lines: Vec<&Line> = rounds.iter().map(|round| &round[place]).collect();
        lines.sort_by(|one, other| one.rank().total_cmp(&other.rank()));
        lines[lines.len() / 2].clone()
    };
    (0..count).map(of_line).collect()
}

/// Three digits at least, no more than are of use.
fn short(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// Prints the whole table.
pub fn print(lines: &[Line]) {
    say(format!(
        "{:<9}{:<48}{:>10} {:<6}{:>9}{:>9}{:>11}{:>8}  target",
        "engine", "what", "figure", "unit", "p50 ms", "p99 ms", "ceiling", "of it"
    ));
    for line in lines {
        say(line.text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_round_is_chosen_line_by_line() {
        let round = |rate: f64, ceiling: f64, memory: f64| {
            vec![
                Line::new("sqlite", "bookings", rate, "/s").ceiling(ceiling),
                Line::new("sqlite", "memory", memory, "MB"),
            ]
        };
        let rounds = vec![
            round(10.0, 20.0, 3.0),
            round(30.0, 40.0, 1.0),
            round(9.0, 10.0, 2.0),
        ];
        let middle = middle(rounds);
        assert_eq!((middle[0].figure, middle[0].ceiling), (30.0, Some(40.0)));
        assert_eq!(middle[1].figure, 2.0);
    }

    #[test]
    fn a_target_is_judged_against_its_ceiling() {
        let line = Line::new("sqlite", "bookings", 70.0, "/s").ceiling(100.0);
        assert_eq!(
            line.clone().at_least(0.6).target.unwrap(),
            (">= 60 %".to_owned(), true)
        );
        assert!(!line.clone().at_least(0.8).target.unwrap().1);
        assert!(
            !Line::new("–", "start", 1200.0, "ms")
                .at_most(1000.0)
                .target
                .unwrap()
                .1
        );
        assert!(line.text().contains("70 %"));
    }
}
