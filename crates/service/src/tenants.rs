//! Tenants: made by the operator of the server, not through any dialect.

use catalogue::access::Tenant;
use domain::id::{Id, IdSource};
use jiff::Timestamp;
use store::{ColdCommand, Tx, Value};

use crate::{Result, Service};

/// A tenant to be made.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Its name.
    pub name: String,
    /// Whether its clients may move its clock.
    pub sandbox: bool,
    /// What its clock says now; only a sandbox's may differ from real time.
    pub clock: Option<Timestamp>,
}

struct CreateTenant(Tenant);

impl ColdCommand for CreateTenant {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<()> {
        tx.insert(std::slice::from_ref(&self.0)).await
    }
}

impl Service {
    /// Makes a tenant. `now` is real time.
    pub async fn tenant_create(&self, new: NewTenant, now: Timestamp) -> Result<Tenant> {
        let ahead = new
            .clock
            .filter(|_| new.sandbox)
            .map_or(0, |clock| clock.as_millisecond() - now.as_millisecond());
        let tenant = Tenant {
            id: self.store.ids().next(now),
            name: new.name,
            sandbox: new.sandbox,
            clock_offset_ms: ahead,
            created_at: now,
        };
        self.store.run(CreateTenant(tenant.clone())).await?;
        Ok(tenant)
    }

    /// The tenants of this store, oldest first.
    pub async fn tenants(&self) -> Result<Vec<Tenant>> {
        let tx = self.store.reader().await?;
        let all = store::Condition::All(Vec::new());
        Ok(tx.find::<Tenant>(&all, "id", None, 0).await?)
    }

    /// One tenant.
    pub async fn tenant(&self, id: Id) -> Result<Option<Tenant>> {
        let tx = self.store.reader().await?;
        Ok(tx.get::<Tenant>(&[Value::from(id)]).await?)
    }
}
