//! SQL that runs on both engines from one text.
//!
//! Parameters are written `$1`, `$2`, …. A statement over many rows at once names the rows as
//! `{each}`: PostgreSQL sees `unnest($1::bigint[], …) AS each(…)` and runs once; SQLite sees a
//! one-row select and runs it for each row, which in-process costs next to nothing.

use std::{borrow::Cow, fmt::Write, sync::OnceLock};

use catalogue::{Column, ColumnKind, Table};

/// A statement over a set of rows, whose columns are named once.
pub struct Each {
    sql: Cow<'static, str>,
    columns: Cow<'static, [(&'static str, ColumnKind)]>,
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
}

impl Each {
    /// A statement whose text contains `{each}`, and the columns of `each`.
    pub const fn new(sql: &'static str, columns: &'static [(&'static str, ColumnKind)]) -> Self {
        Self {
            sql: Cow::Borrowed(sql),
            columns: Cow::Borrowed(columns),
            sqlite: OnceLock::new(),
            postgres: OnceLock::new(),
        }
    }

    /// The same for a text that is put together while running.
    pub fn owned(sql: String, columns: Vec<(&'static str, ColumnKind)>) -> Self {
        Self {
            sql: Cow::Owned(sql),
            columns: Cow::Owned(columns),
            sqlite: OnceLock::new(),
            postgres: OnceLock::new(),
        }
    }

    /// Inserts whole rows, in the order of the table's columns.
    pub fn insert(table: &'static Table) -> Self {
        let names = words(table.columns, |column| column.name.to_owned());
        let values = words(table.columns, |column| format!("each.{}", column.name));
        let places = places(1..=table.columns.len());
        let name = table.name;
        Self::both(
            format!("INSERT INTO \"{name}\" ({names}) VALUES ({places})"),
            format!("INSERT INTO \"{name}\" ({names}) SELECT {values} FROM {{each}}"),
            table.columns.iter().collect(),
        )
    }

    /// Sets some columns of rows found by key. A row of `each` is the key columns, then the columns
    /// that are set, both in the order of the table.
    pub fn update(table: &'static Table, set: &[&str]) -> Self {
        let (keys, columns) = keys_and(table, set);
        let first = keys.len() + 1;
        let sets = |of: &dyn Fn(usize, &Column) -> String| {
            let each = columns.iter().enumerate();
            each.map(|(index, column)| of(first + index, column))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let name = table.name;
        Self::both(
            format!(
                "UPDATE \"{name}\" SET {} WHERE {}",
                sets(&|place, column| format!("{} = ?{place}", column.name)),
                on_key(&keys, |place, key| format!("{key} = ?{place}")),
            ),
            format!(
                "UPDATE \"{name}\" SET {} FROM {{each}} WHERE {}",
                sets(&|_, column| format!("{0} = each.{0}", column.name)),
                on_key(&keys, |_, key| format!("\"{name}\".{key} = each.{key}")),
            ),
            keys.iter().chain(&columns).copied().collect(),
        )
    }

    /// Removes rows by key.
    pub fn remove(table: &'static Table) -> Self {
        let (keys, _) = keys_and(table, &[]);
        let name = table.name;
        Self::both(
            format!(
                "DELETE FROM \"{name}\" WHERE {}",
                on_key(&keys, |place, key| format!("{key} = ?{place}")),
            ),
            format!(
                "DELETE FROM \"{name}\" USING {{each}} WHERE {}",
                on_key(&keys, |_, key| format!("\"{name}\".{key} = each.{key}")),
            ),
            keys,
        )
    }

    /// A statement for which each engine has a better form of its own: a one-row `INSERT … VALUES`
    /// needs no statement journal on SQLite, a set of rows needs one round on PostgreSQL.
    fn both(sqlite: String, postgres: String, columns: Vec<&Column>) -> Self {
        let columns = columns.iter().map(|column| (column.name, column.kind));
        let each = Self::owned(postgres, columns.collect());
        Self {
            sqlite: OnceLock::from(sqlite),
            ..each
        }
    }

    /// The columns of `each`, in parameter order.
    pub fn columns(&self) -> &[(&'static str, ColumnKind)] {
        &self.columns
    }

    /// The text for SQLite, run once per row.
    pub(crate) fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| {
            let mut row = String::from("(SELECT ");
            for (index, (name, _)) in self.columns.iter().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                let _ = write!(row, "{comma}?{} AS {name}", index + 1);
            }
            row.push_str(") AS each");
            self.sql.replace("{each}", &row)
        })
    }

    /// The text for PostgreSQL, run once for all rows.
    pub(crate) fn postgres(&self) -> &str {
        self.postgres.get_or_init(|| {
            let (mut arrays, mut names) = (String::new(), String::new());
            for (index, (name, kind)) in self.columns.iter().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                let _ = write!(arrays, "{comma}${}::{}[]", index + 1, postgres_type(*kind));
                let _ = write!(names, "{comma}{name}");
            }
            self.sql
                .replace("{each}", &format!("unnest({arrays}) AS each({names})"))
        })
    }
}

fn words(columns: &[Column], of: impl Fn(&Column) -> String) -> String {
    columns.iter().map(of).collect::<Vec<_>>().join(", ")
}

fn places(of: std::ops::RangeInclusive<usize>) -> String {
    of.map(|place| format!("?{place}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn keys_and(table: &'static Table, set: &[&str]) -> (Vec<&'static Column>, Vec<&'static Column>) {
    let keys = table.columns.iter().filter(|column| column.key);
    let columns = table.columns.iter();
    let columns = columns.filter(|column| !column.key && set.contains(&column.name));
    (keys.collect(), columns.collect())
}

fn on_key(keys: &[&Column], of: impl Fn(usize, &str) -> String) -> String {
    let each = keys.iter().enumerate();
    each.map(|(index, key)| of(index + 1, key.name))
        .collect::<Vec<_>>()
        .join(" AND ")
}

fn postgres_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Int => "bigint",
        ColumnKind::Text => "text",
        ColumnKind::Bytes => "bytea",
    }
}

/// `$1` becomes `?1`: SQLite would take `$1` for a name.
pub(crate) fn for_sqlite(sql: &str) -> Cow<'_, str> {
    if sql.contains('$') {
        Cow::Owned(sql.replace('$', "?"))
    } else {
        Cow::Borrowed(sql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_becomes_a_row_or_an_array() {
        let each = Each::new(
            "INSERT INTO t (a, b) SELECT each.a, each.b FROM {each}",
            &[("a", ColumnKind::Int), ("b", ColumnKind::Text)],
        );
        assert_eq!(
            each.sqlite(),
            "INSERT INTO t (a, b) SELECT each.a, each.b FROM (SELECT ?1 AS a, ?2 AS b) AS each"
        );
        assert_eq!(
            each.postgres(),
            "INSERT INTO t (a, b) SELECT each.a, each.b FROM unnest($1::bigint[], $2::text[]) AS each(a, b)"
        );
    }
}
