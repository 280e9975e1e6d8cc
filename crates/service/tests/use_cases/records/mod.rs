//! The kinds that are read and written in one way.

mod blocks;
mod documents;
mod links;
mod money;
mod prices;
mod rows;
mod units;

use std::sync::Arc;

use service::{
    Refusal, Service,
    domain::{
        access::{Actor, Capabilities, Reach},
        id::Id,
        text::{Locale, Localized},
    },
    records::Write,
};
use testkit::Scene;

use crate::who_may;

/// The use cases over a scene, and somebody who may do everything there.
pub fn house(scene: &Scene) -> (Service, Actor) {
    let mut actor = who_may(scene, &[]);
    actor.capabilities = Arc::new(Capabilities::everything(Reach::Tenant));
    (Service::new(scene.store.clone()), actor)
}

/// The same caller, limited to some organizations.
pub fn limited(actor: &Actor, organizations: &[Id]) -> Actor {
    Actor {
        organizations: Some(organizations.into()),
        ..actor.clone()
    }
}

/// Writes one thing that must be written.
#[track_caller]
pub fn written<'a>(
    service: &'a Service,
    actor: &'a Actor,
    write: Write,
) -> impl Future<Output = Id> + 'a {
    let caller = std::panic::Location::caller();
    async move {
        match service.write_one(actor, write).await {
            Ok(Ok(id)) => id,
            other => panic!("{caller}: it should have been written, not {other:?}"),
        }
    }
}

/// Writes one thing that must be refused.
#[track_caller]
pub fn refused<'a>(
    service: &'a Service,
    actor: &'a Actor,
    write: Write,
) -> impl Future<Output = Refusal> + 'a {
    let caller = std::panic::Location::caller();
    async move {
        match service.write_one(actor, write).await {
            Ok(Err(refusal)) => refusal,
            other => panic!("{caller}: a refusal was expected, not {other:?}"),
        }
    }
}

/// A text in English.
pub fn english(text: &str) -> Localized {
    Localized::of(Locale::english(), text)
}

/// How many rows a table has of the scene's tenant.
pub async fn rows_in(scene: &Scene, table: &str) -> i64 {
    let tx = scene.store.reader().await.unwrap();
    let sql = format!("SELECT count(*) FROM {table} WHERE tenant_id = $1");
    let rows = tx.query(&sql, &[scene.tenant_id.into()]).await.unwrap();
    match rows[0][0] {
        store::Value::Int(count) => count,
        ref other => panic!("a count is a number, not {other:?}"),
    }
}
