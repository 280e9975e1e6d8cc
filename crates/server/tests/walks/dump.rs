//! Everything that is stored of a tenant, to see that a call has changed nothing.

use std::sync::LazyLock;

use domain::id::Id;
use store::Value;
use testkit::TestApp;

/// The tables that belong to tenants.
static TABLES: LazyLock<Vec<String>> = LazyLock::new(tables);

/// Reads them out of the migrations.
fn tables() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/src/migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let text: String = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let made = text.split("CREATE TABLE ").skip(1);
    let of_tenants = made.filter(|made| made.split(");").next().unwrap().contains("tenant_id"));
    let names: Vec<String> = of_tenants
        .map(|made| made.split_whitespace().next().unwrap().to_owned())
        .collect();
    assert!(names.len() > 12, "{names:?}");
    names
}

/// Every row of a tenant in every table, as text, in order.
pub async fn everything(app: &TestApp, tenant_id: Id) -> Vec<String> {
    let tx = app.app.store.reader().await.unwrap();
    let mut rows = Vec::new();
    for table in TABLES.iter() {
        let found = tx
            .query(
                &format!("SELECT * FROM {table} WHERE tenant_id = $1"),
                &[tenant_id.into()],
            )
            .await
            .unwrap();
        rows.extend(found.iter().map(|row| format!("{table}: {}", written(row))));
    }
    let tenant = tx
        .query("SELECT * FROM tenant WHERE id = $1", &[tenant_id.into()])
        .await
        .unwrap();
    rows.extend(tenant.iter().map(|row| format!("tenant: {}", written(row))));
    rows.sort();
    rows
}

fn written(row: &[Value]) -> String {
    let cells = row.iter().map(|cell| match cell {
        Value::Null => "-".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    });
    cells.collect::<Vec<_>>().join(" | ")
}

/// The rows that speak of any of these ids and of none of the others.
pub fn about(rows: Vec<String>, ids: &[i64], others: &[i64]) -> Vec<String> {
    let names = |row: &str, ids: &[i64]| ids.iter().any(|id| row.contains(&id.to_string()));
    rows.into_iter()
        .filter(|row| names(row, ids) && !names(row, others))
        .collect()
}

/// What is in one dump and not in the other, for a message.
pub fn difference(before: &[String], after: &[String]) -> String {
    let gone = before
        .iter()
        .filter(|row| !after.contains(row))
        .map(|row| format!("- {row}"));
    let come = after
        .iter()
        .filter(|row| !before.contains(row))
        .map(|row| format!("+ {row}"));
    gone.chain(come).collect::<Vec<_>>().join("\n")
}
