//! Values on their way into a database and out of it.

use std::borrow::Cow;

use bytes::BytesMut;
use catalogue::{ColumnKind, Row, Value};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::{error::Result, statement::Each};

/// Rows as one array for each column.
pub(super) fn arrays(each: &Each, rows: &[Row]) -> Vec<Box<dyn ToSql + Sync + Send>> {
    let column = |index: usize| rows.iter().map(move |row| &row[index]);
    each.columns()
        .iter()
        .enumerate()
        .map(|(index, (_, kind))| -> Box<dyn ToSql + Sync + Send> {
            match kind {
                ColumnKind::Int => {
                    Box::new(column(index).map(as_int).collect::<Vec<Option<i64>>>())
                }
                ColumnKind::Text => {
                    Box::new(column(index).map(as_text).collect::<Vec<Option<String>>>())
                }
                ColumnKind::Bytes => Box::new(
                    column(index)
                        .map(as_bytes)
                        .collect::<Vec<Option<Vec<u8>>>>(),
                ),
            }
        })
        .collect()
}

/// PostgreSQL's text can't hold the character U+0000, which a guest may well send. It is left out, on
/// both engines alike.
pub(super) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', ""))
    } else {
        Cow::Borrowed(text)
    }
}

fn as_int(value: &Value) -> Option<i64> {
    if let Value::Int(value) = value {
        Some(*value)
    } else {
        None
    }
}

fn as_text(value: &Value) -> Option<String> {
    if let Value::Text(value) = value {
        Some(without_nul(value).into_owned())
    } else {
        None
    }
}

fn as_bytes(value: &Value) -> Option<Vec<u8>> {
    if let Value::Bytes(value) = value {
        Some(value.clone())
    } else {
        None
    }
}

/// A cell as a parameter of PostgreSQL.
#[derive(Debug)]
pub(super) struct Parameter<'a>(pub(super) &'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Value::Int(value) => value.to_sql(ty, out),
            Value::Text(value) => without_nul(value).to_sql(ty, out),
            Value::Bytes(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row of PostgreSQL.
pub(super) fn postgres_row(row: &tokio_postgres::Row) -> Result<Row> {
    row.columns()
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let value = match *column.type_() {
                Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(Value::Int),
                Type::INT4 => row
                    .try_get::<_, Option<i32>>(index)?
                    .map(|value| Value::Int(i64::from(value))),
                Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map(Value::Bytes),
                _ => row.try_get::<_, Option<String>>(index)?.map(Value::Text),
            };
            Ok(value.unwrap_or(Value::Null))
        })
        .collect()
}
