//! What the store promises, on both engines.
#![cfg(test)]

mod batches;
mod changes;
mod copies;
mod derived;
mod events;
mod groups_and_items;
mod idempotency;
mod looks;
mod overbooking;
mod random_history;
mod reach;
mod terms;
mod units;
mod writers;

use store::{
    ColdCommand, Result, Tx, Value,
    hot::{Outcome, Refusal},
};
use testkit::Scene;

/// A cold command that is a closure over nothing but its own statement.
pub struct Execute(pub String, pub Vec<Value>);

impl ColdCommand for Execute {
    type Output = u64;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a domain::id::IdSource) -> Result<u64> {
        tx.execute(&self.0, &self.1).await
    }
}

/// How many rows a table has for the tenant.
pub async fn count(scene: &Scene, table: &str) -> i64 {
    let tx = scene.store.reader().await.unwrap();
    let sql = format!("SELECT count(*) FROM {table} WHERE tenant_id = $1");
    match tx.query(&sql, &[scene.tenant_id.into()]).await.unwrap()[0][0] {
        Value::Int(count) => count,
        _ => panic!("a count is a number"),
    }
}

/// Whether it was done.
pub fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done(_))
}

/// Whether it was refused for want of room.
pub fn is_sold_out(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(Refusal::SoldOut { .. }))
}
