//! From names to addresses.

use std::{io, net::IpAddr, sync::Arc};

use async_trait::async_trait;
use tokio::sync::Semaphore;

use crate::limits::LOOKUPS;

/// Looks names up. What it says is checked, and only what was checked is connected to.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a name.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the operating system.
pub struct SystemResolver(Arc<Semaphore>);

impl Default for SystemResolver {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS)))
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let turn = turn.map_err(io::Error::other)?;
        let name = host.to_owned();
        // A look-up goes on when nobody waits for it any more, so it keeps its turn until it ends.
        let looking = tokio::spawn(async move {
            let found = tokio::net::lookup_host((name, 0)).await;
            drop(turn);
            found.map(|found| found.map(|address| address.ip()).collect())
        });
        looking.await.map_err(io::Error::other)?
    }
}
