//! The description of a stored kind, and the helpers that its derive calls.

use serde::{Serialize, de::DeserializeOwned};

use crate::value::{ColumnKind, ColumnValue, Row, Value};

/// One typed column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The column's name, the same as the struct's field.
    pub name: &'static str,
    /// What the column holds.
    pub kind: ColumnKind,
    /// Whether the column is part of the primary key.
    pub key: bool,
}

/// A table: its name and its columns in the order in which rows carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The table's name, singular.
    pub name: &'static str,
    /// All columns, key columns marked.
    pub columns: &'static [Column],
}

/// A struct that the store can keep. Derive it; never write it by hand.
pub trait Kind: Sized + Send + Sync {
    /// The table that keeps this kind.
    const TABLE: &'static Table;
    /// The word in the key column `kind` by which this kind's rows are told from those of the others
    /// that share its table; none for a kind with a table of its own.
    const ONLY: Option<&'static str>;
    /// The row's version where the kind has one; an update must name the version it read.
    fn version(&self) -> Option<i64>;
    /// Sets the version after a write.
    fn set_version(&mut self, version: i64);
    /// The row, in the order of [`Table::columns`].
    fn to_row(&self) -> Row;
    /// Rebuilds the struct from a row in the order of [`Table::columns`].
    fn from_row(row: Row) -> Result<Self, Malformed>;
}

/// A row in the store that does not fit its kind: a migration went wrong, or somebody wrote by hand.
#[derive(Debug, thiserror::Error)]
#[error("table {table}, column {column}: {problem}")]
pub struct Malformed {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What was found.
    pub problem: String,
}

/// Walks the cells of a row in column order.
pub struct Cells {
    table: &'static str,
    cells: std::vec::IntoIter<Value>,
}

impl Cells {
    /// Starts at the first column of `row`.
    pub fn of(table: &'static str, row: Row) -> Self {
        Self {
            table,
            cells: row.into_iter(),
        }
    }

    /// Takes the next cell as a `T`.
    pub fn next<T: ColumnValue>(&mut self, column: &'static str) -> Result<T, Malformed> {
        let value = self
            .cells
            .next()
            .ok_or_else(|| self.malformed(column, "the row is too short"))?;
        let found = value.type_name();
        T::from_value(value).ok_or_else(|| self.malformed(column, &format!("it cannot be {found}")))
    }

    /// Takes the next cell, which must be this word.
    pub fn word(&mut self, column: &'static str, word: &str) -> Result<(), Malformed> {
        let found: String = self.next(column)?;
        if found == word {
            Ok(())
        } else {
            Err(self.malformed(column, &format!("expected {word}, not {found}")))
        }
    }

    /// Takes the last cell as the JSON document.
    pub fn document<T: DeserializeOwned>(&mut self) -> Result<T, Malformed> {
        let text: String = self.next("doc")?;
        serde_json::from_str(&text).map_err(|error| self.malformed("doc", &error.to_string()))
    }

    fn malformed(&self, column: &'static str, problem: &str) -> Malformed {
        Malformed {
            table: self.table,
            column,
            problem: problem.to_owned(),
        }
    }
}

/// The JSON document of a kind. Kinds consist of plain data, so writing them cannot fail.
pub fn document<T: Serialize>(written: &T) -> Value {
    Value::Text(
        serde_json::to_string(written).expect("a kind's document is plain data with text keys"),
    )
}
