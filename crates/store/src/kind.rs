//! Insert, update, get, list and remove, written once for every kind.

use std::{collections::HashMap, sync::LazyLock};

use catalogue::{ColumnKind, Kind, Row, Table, Value};
use parking_lot::RwLock;

use crate::{
    error::{Error, Result},
    statement::Each,
    tx::Tx,
};

/// `alias.a, alias.b, …, alias.doc`.
pub(crate) fn columns_of<K: Kind>(alias: &str) -> String {
    let names = K::TABLE
        .columns
        .iter()
        .map(|column| format!("{alias}.{}", column.name));
    names.collect::<Vec<_>>().join(", ")
}

/// A select of whole rows of a kind whose columns `by` equal those of `{each}`.
pub(crate) fn select_each<K: Kind>(alias: &str, by: &[&str], rest: &str) -> String {
    let on = by
        .iter()
        .map(|name| format!("{alias}.{name} = each.{name}"))
        .collect::<Vec<_>>()
        .join(" AND ");
    let only = only::<K>(alias).map_or_else(String::new, |only| format!(" AND {only}"));
    format!(
        "SELECT {} FROM {{each}} JOIN \"{}\" {alias} ON {on}{only}{rest}",
        columns_of::<K>(alias),
        K::TABLE.name
    )
}

/// What tells the rows of a kind from those of the others that share its table.
fn only<K: Kind>(alias: &str) -> Option<String> {
    K::ONLY.map(|word| format!("{alias}.kind = '{word}'"))
}

/// The statements of one table.
pub(crate) struct TableStatements {
    pub(crate) insert: Each,
    pub(crate) update: Each,
    pub(crate) remove: Each,
}

/// The statements of a table, made once.
pub(crate) fn statements(table: &'static Table) -> &'static TableStatements {
    type Made = RwLock<HashMap<&'static str, &'static TableStatements>>;
    static MADE: LazyLock<Made> = LazyLock::new(Default::default);
    if let Some(made) = MADE.read().get(table.name) {
        return made;
    }
    // Tables are few and known when compiling, so what is leaked here is bounded.
    MADE.write()
        .entry(table.name)
        .or_insert_with(|| Box::leak(Box::new(TableStatements::new(table))))
}

impl TableStatements {
    fn new(table: &'static Table) -> Self {
        let plain = table.columns.iter().filter(|column| !column.key);
        Self {
            insert: Each::insert(table),
            update: Each::update(table, &plain.map(|column| column.name).collect::<Vec<_>>()),
            remove: Each::remove(table),
        }
    }
}

/// One condition of a find.
#[derive(Clone, Debug)]
pub enum Condition {
    /// The column equals the value; with [`Value::Null`], it is empty.
    Is(&'static str, Value),
    /// The column is one of the values; nothing matches an empty list.
    In(&'static str, Vec<Value>),
    /// The column is at least the value.
    From(&'static str, Value),
    /// The column is at most the value.
    To(&'static str, Value),
    /// The text column contains the text, which stands in it in the same case.
    Contains(&'static str, String),
    /// The same, in whatever case the letters a to z are: both engines know no others here.
    ContainsInAnyCase(&'static str, String),
    /// Both columns hold the same.
    Same(&'static str, &'static str),
    /// The column is one of the column `of` in those rows of a table that meet a condition, which has to
    /// name the tenant.
    Among {
        /// The column.
        column: &'static str,
        /// The table.
        table: &'static str,
        /// Its column.
        of: &'static str,
        /// What its rows must meet.
        condition: Box<Condition>,
    },
    /// This does not hold; what is empty holds nothing.
    Not(Box<Condition>),
    /// One of these holds.
    Any(Vec<Condition>),
    /// All of these hold.
    All(Vec<Condition>),
}

impl Condition {
    /// Writes the condition as SQL and its values as parameters.
    pub(crate) fn write(&self, sql: &mut String, parameters: &mut Vec<Value>) {
        let place = |value: &Value, parameters: &mut Vec<Value>| {
            parameters.push(value.clone());
            format!("${}", parameters.len())
        };
        match self {
            Condition::Is(column, Value::Null) => sql.push_str(&format!("{column} IS NULL")),
            Condition::Is(column, value) => {
                let place = place(value, parameters);
                sql.push_str(&format!("{column} = {place}{}", said(column, [value])));
            }
            Condition::In(_, values) if values.is_empty() => sql.push_str("1 = 0"),
            Condition::In(column, values) => {
                let places: Vec<String> = values
                    .iter()
                    .map(|value| place(value, parameters))
                    .collect();
                let said = said(column, values);
                sql.push_str(&format!("{column} IN ({}){said}", places.join(", ")));
            }
            Condition::From(column, value) => {
                let place = place(value, parameters);
                sql.push_str(&format!("{column} >= {place}"));
            }
            Condition::To(column, value) => {
                let place = place(value, parameters);
                sql.push_str(&format!("{column} <= {place}"));
            }
            Condition::Contains(column, text) => {
                let place = place(&Value::Text(format!("%{}%", escaped(text))), parameters);
                sql.push_str(&format!("{column} LIKE {place} ESCAPE '\\'"));
            }
            Condition::ContainsInAnyCase(column, text) => {
                let text = escaped(&text.to_ascii_lowercase());
                let place = place(&Value::Text(format!("%{text}%")), parameters);
                sql.push_str(&format!("LOWER({column}) LIKE {place} ESCAPE '\\'"));
            }
            Condition::Same(column, other) => sql.push_str(&format!("{column} = {other}")),
            Condition::Among {
                column,
                table,
                of,
                condition,
            } => {
                sql.push_str(&format!(
                    "{column} IN (SELECT j.{of} FROM \"{table}\" j WHERE "
                ));
                condition.write(sql, parameters);
                sql.push(')');
            }
            Condition::Not(condition) => {
                sql.push('(');
                condition.write(sql, parameters);
                sql.push_str(") IS NOT TRUE");
            }
            Condition::Any(conditions) => joined(conditions, " OR ", "1 = 0", sql, parameters),
            Condition::All(conditions) => joined(conditions, " AND ", "1 = 1", sql, parameters),
        }
    }
}

/// Columns whose index leaves out rows where they are empty.
const INDEXED_IF_NOT_EMPTY: &[&str] = &["external_reference", "reference", "email", "phone"];

/// Says what follows from the values anyway, but what an engine must be told to use such an index.
fn said<'a>(column: &str, values: impl IntoIterator<Item = &'a Value>) -> String {
    let says = |value: &Value| matches!(value, Value::Text(text) if !text.is_empty());
    if INDEXED_IF_NOT_EMPTY.contains(&column) && values.into_iter().all(says) {
        format!(" AND {column} <> ''")
    } else {
        String::new()
    }
}

fn joined(
    conditions: &[Condition],
    word: &str,
    empty: &str,
    sql: &mut String,
    parameters: &mut Vec<Value>,
) {
    if conditions.is_empty() {
        return sql.push_str(empty);
    }
    sql.push('(');
    for (index, condition) in conditions.iter().enumerate() {
        if index > 0 {
            sql.push_str(word);
        }
        condition.write(sql, parameters);
    }
    sql.push(')');
}

/// `%`, `_` and `\` stand for themselves in a LIKE pattern.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

impl Tx {
    /// Inserts rows of a kind.
    pub async fn insert<K: Kind + 'static>(&mut self, kinds: &[K]) -> Result<()> {
        let rows: Vec<Row> = kinds.iter().map(Kind::to_row).collect();
        self.write_each(&[(&statements(K::TABLE).insert, &rows)])
            .await?;
        Ok(())
    }

    /// Writes a kind over its row. A kind with a version must carry the one it was read with, and
    /// gets the next.
    pub async fn update<K: Kind + 'static>(&mut self, kind: &mut K) -> Result<()> {
        let table = K::TABLE;
        if let Some(version) = kind.version() {
            let (sql, parameters) = version_bump(table, kind, version);
            if self.execute(&sql, &parameters).await? != 1 {
                return Err(Error::Stale { table: table.name });
            }
            kind.set_version(version + 1);
        }
        let rows = [kind.to_row()];
        let changed = self
            .write_each(&[(&statements(table).update, &rows)])
            .await?;
        if changed == [1] {
            Ok(())
        } else {
            Err(Error::Stale { table: table.name })
        }
    }

    /// Removes rows by key: the key columns, in table order, without the word of a kind that shares
    /// its table.
    pub async fn remove<K: Kind + 'static>(&mut self, keys: &[Row]) -> Result<u64> {
        let remove = &statements(K::TABLE).remove;
        let changed = match K::ONLY {
            None => self.write_each(&[(remove, keys)]).await?,
            Some(word) => {
                let mut keys = keys.to_vec();
                keys.iter_mut().for_each(|key| key.insert(1, word.into()));
                self.write_each(&[(remove, &keys)]).await?
            }
        };
        Ok(changed.into_iter().sum())
    }

    /// How many rows meet a condition.
    pub async fn count<K: Kind>(&self, condition: &Condition) -> Result<u64> {
        let (mut sql, mut parameters) = (String::new(), Vec::new());
        from_where::<K>("count(*)", condition, &mut sql, &mut parameters);
        let rows = self.query(&sql, &parameters).await?;
        match rows.first().and_then(|row| row.first()) {
            Some(Value::Int(count)) => Ok(u64::try_from(*count).unwrap_or(0)),
            _ => Err(Error::Refused("a count answered no number".to_owned())),
        }
    }

    /// The one row with this key: the key columns, in table order, without the word of a kind that
    /// shares its table.
    pub async fn get<K: Kind>(&self, key: &[Value]) -> Result<Option<K>> {
        Ok(self
            .find::<K>(&has_key::<K>(key), "", Some(1), 0)
            .await?
            .pop())
    }

    /// The same, and nobody else changes the row before this transaction has ended: what is read
    /// here may be merged with and written back.
    pub async fn get_locked<K: Kind>(&mut self, key: &[Value]) -> Result<Option<K>> {
        let (mut sql, parameters) = selected::<K>(&has_key::<K>(key));
        sql.push_str(self.lock_rows());
        let rows = self.query(&sql, &parameters).await?;
        Ok(Self::kinds(rows)?.pop())
    }

    /// Rows that meet a condition, in the order of `order` (`a, b DESC`; empty for any).
    pub async fn find<K: Kind>(
        &self,
        condition: &Condition,
        order: &str,
        limit: Option<u64>,
        offset: u64,
    ) -> Result<Vec<K>> {
        let (mut sql, mut parameters) = selected::<K>(condition);
        page_of(&mut sql, &mut parameters, order, limit, offset);
        self.query_as(&sql, &parameters, |row| Ok(K::from_row(row)?))
            .await
    }

    /// The same, each with the cell that `beside` answers for it: an expression over the row `k`.
    pub(crate) async fn find_beside<K: Kind>(
        &self,
        beside: &str,
        condition: &Condition,
        order: &str,
        limit: Option<u64>,
        offset: u64,
    ) -> Result<Vec<(K, Value)>> {
        let what = format!("{}, {beside}", columns_of::<K>("k"));
        let (mut sql, mut parameters) = (String::new(), Vec::new());
        from_where::<K>(&what, condition, &mut sql, &mut parameters);
        page_of(&mut sql, &mut parameters, order, limit, offset);
        let with_cell = |mut row: Row| {
            let cell = row.pop().unwrap_or(Value::Null);
            Ok((K::from_row(row)?, cell))
        };
        self.query_as(&sql, &parameters, with_cell).await
    }

    /// Rows whose columns `by` equal one of `keys`, in any order.
    pub async fn find_each<K: Kind>(
        &self,
        by: &[(&'static str, ColumnKind)],
        keys: &[Row],
    ) -> Result<Vec<K>> {
        let names: Vec<&str> = by.iter().map(|(name, _)| *name).collect();
        let each = Each::owned(select_each::<K>("k", &names, ""), by.to_vec());
        let rows = self.read_each(&each, keys).await?;
        Self::kinds(rows)
    }
}

/// Puts rows into an order, and keeps so many of them.
fn page_of(
    sql: &mut String,
    parameters: &mut Vec<Value>,
    order: &str,
    limit: Option<u64>,
    offset: u64,
) {
    if !order.is_empty() {
        sql.push_str(" ORDER BY ");
        sql.push_str(order);
    }
    for (word, number) in [("LIMIT", limit), ("OFFSET", (offset > 0).then_some(offset))] {
        if let Some(number) = number {
            parameters.push(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
            sql.push_str(&format!(" {word} ${}", parameters.len()));
        }
    }
}

/// A select of whole rows that meet a condition, with its parameters.
fn selected<K: Kind>(condition: &Condition) -> (String, Vec<Value>) {
    let (mut sql, mut parameters) = (String::new(), Vec::new());
    from_where::<K>(&columns_of::<K>("k"), condition, &mut sql, &mut parameters);
    (sql, parameters)
}

fn from_where<K: Kind>(
    what: &str,
    condition: &Condition,
    sql: &mut String,
    parameters: &mut Vec<Value>,
) {
    let table = K::TABLE.name;
    sql.push_str(&format!("SELECT {what} FROM \"{table}\" k WHERE "));
    if let Some(only) = only::<K>("k") {
        sql.push_str(&only);
        sql.push_str(" AND ");
    }
    condition.write(sql, parameters);
}

/// The condition of one row: the key columns, in table order. The word of a kind that shares its table
/// is said with every select.
fn has_key<K: Kind>(key: &[Value]) -> Condition {
    let columns = K::TABLE.columns.iter();
    let columns =
        columns.filter(|column| column.key && (K::ONLY.is_none() || column.name != "kind"));
    let each = columns
        .zip(key)
        .map(|(column, value)| Condition::Is(column.name, value.clone()));
    Condition::All(each.collect())
}

/// Counts a row's version up, if it is still the one that was read.
fn version_bump<K: Kind>(table: &Table, kind: &K, version: i64) -> (String, Vec<Value>) {
    let mut parameters = Vec::new();
    let mut conditions = String::new();
    for (column, value) in table.columns.iter().zip(kind.to_row()) {
        if column.key {
            parameters.push(value);
            conditions.push_str(&format!("{} = ${} AND ", column.name, parameters.len()));
        }
    }
    parameters.push(version.into());
    let sql = format!(
        "UPDATE \"{}\" SET version = version + 1 WHERE {conditions}version = ${}",
        table.name,
        parameters.len()
    );
    (sql, parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_text_is_data_and_no_pattern() {
        let (mut sql, mut parameters) = (String::new(), Vec::new());
        Condition::Contains("search", "50%_\\".to_owned()).write(&mut sql, &mut parameters);
        assert_eq!(sql, "search LIKE $1 ESCAPE '\\'");
        assert_eq!(parameters, [Value::from("%50\\%\\_\\\\%")]);
        sql.clear();
        Condition::ContainsInAnyCase("reference", "R_1".to_owned())
            .write(&mut sql, &mut parameters);
        assert_eq!(sql, "LOWER(reference) LIKE $2 ESCAPE '\\'");
        assert_eq!(parameters[1], Value::from("%r\\_1%"));
    }

    #[test]
    fn an_index_without_empty_rows_is_found_by_what_is_not_empty() {
        let written = |condition: Condition| {
            let (mut sql, mut parameters) = (String::new(), Vec::new());
            condition.write(&mut sql, &mut parameters);
            sql
        };
        let is = |text: &str| written(Condition::Is("external_reference", text.into()));
        assert_eq!(
            is("R"),
            "external_reference = $1 AND external_reference <> ''"
        );
        assert_eq!(is(""), "external_reference = $1");
        assert_eq!(
            written(Condition::Is("channel", "direct".into())),
            "channel = $1"
        );
    }

    #[test]
    fn what_is_empty_meets_the_opposite_of_every_condition() {
        let (mut sql, mut parameters) = (String::new(), Vec::new());
        let of = Condition::All(vec![Condition::Is("kind", "labelled".into())]);
        let among = Condition::Among {
            column: "id",
            table: "link",
            of: "from_id",
            condition: Box::new(of),
        };
        Condition::Not(Box::new(among)).write(&mut sql, &mut parameters);
        assert_eq!(
            sql,
            "(id IN (SELECT j.from_id FROM \"link\" j WHERE (kind = $1))) IS NOT TRUE"
        );
    }

    #[test]
    fn nothing_is_in_an_empty_list() {
        let (mut sql, mut parameters) = (String::new(), Vec::new());
        Condition::All(vec![Condition::In("id", Vec::new())]).write(&mut sql, &mut parameters);
        assert_eq!(sql, "(1 = 0)");
    }
}
