//! Looking at lanes: what is taken and what it is sold on, for those who only ask.
//!
//! On SQLite each look answers from memory or reads by itself, in-process. On PostgreSQL every statement is a journey, so what
//! many callers ask at the same time is read together ([`serve`]): who waits for a connection finds that
//! their question has been taken along.

use std::{collections::BTreeMap, sync::Arc};

use domain::id::Id;
use jiff::civil::Date;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::{
    error::{Error, Result},
    hot, limits,
    occupancy::LaneView,
    postgres::Connections,
    terms::Terms,
    tx::{Kept, Tx},
};

/// A lane that somebody looks at, for the nights from `first` to the one before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The tenant.
    pub tenant_id: Id,
    /// The resource.
    pub resource_id: Id,
    /// The first night.
    pub first: Date,
    /// The morning after the last night; its terms are read too.
    pub until: Date,
}

impl Look {
    /// The same nights of several resources.
    pub fn each(tenant_id: Id, resource_ids: &[Id], (first, until): (Date, Date)) -> Vec<Self> {
        let look = |resource_id: &Id| Self {
            tenant_id,
            resource_id: *resource_id,
            first,
            until,
        };
        resource_ids.iter().map(look).collect()
    }
}

/// What was found: at least what was asked for, and maybe what others asked at the same time.
pub struct Looked {
    lanes: BTreeMap<(Id, Id), LaneView>,
    /// What the resources are sold on.
    pub terms: Terms,
}

impl Looked {
    /// A lane, if there is such a resource. What is occupied may reach beyond the nights that were asked
    /// about.
    pub fn lane(&self, tenant_id: Id, resource_id: Id) -> Option<&LaneView> {
        self.lanes.get(&(tenant_id, resource_id))
    }
}

/// Answers from memory, if everything that is asked about is kept there.
pub(crate) fn remember(kept: &Kept, looks: &[Look]) -> Option<Looked> {
    let (lanes, terms) = hot::views::remember(&kept.lanes, &kept.terms, looks)?;
    Some(Looked { lanes, terms })
}

/// Reads what is asked about, over a connection that has read nothing else.
pub(crate) async fn read(tx: &Tx, looks: &[Look]) -> Result<Looked> {
    let cache = tx.kept().lanes.clone();
    let (lanes, terms) = hot::views::look(tx, looks, Some(&cache)).await?;
    Ok(Looked { lanes, terms })
}

/// Questions of one caller, and where the answer goes.
type Asked = (Vec<Look>, oneshot::Sender<Result<Arc<Looked>>>);

/// The callers' end.
pub(crate) struct Sender(mpsc::Sender<Asked>);

/// The end of those who answer.
pub(crate) type Queue = Arc<Mutex<mpsc::Receiver<Asked>>>;

/// A queue of questions.
pub(crate) fn queue() -> (Sender, Queue) {
    let (sender, receiver) = mpsc::channel(limits::QUEUE);
    (Sender(sender), Arc::new(Mutex::new(receiver)))
}

impl Sender {
    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, looks: Vec<Look>) -> Result<Arc<Looked>> {
        let (answer, answered) = oneshot::channel();
        self.0
            .try_send((looks, answer))
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => Error::Busy {
                    retry_after_ms: limits::RETRY_AFTER_MS,
                },
                mpsc::error::TrySendError::Closed(_) => closed(),
            })?;
        answered.await.map_err(|_| closed())?
    }
}

fn closed() -> Error {
    Error::Unavailable("the store is closing".to_owned())
}

/// Answers questions until nobody can ask any more.
pub(crate) async fn serve(connections: Connections, queue: Queue) {
    let mut connection: Option<Tx> = None;
    while let Some(asked) = next(&queue).await {
        let looks: Vec<Look> = asked.iter().flat_map(|(looks, _)| looks).copied().collect();
        let looked = look(&connections, &mut connection, &looks).await;
        for (_, answer) in asked {
            // A caller that no longer listens has given up waiting; there is nobody to tell.
            drop(answer.send(match &looked {
                Ok(looked) => Ok(Arc::clone(looked)),
                Err(error) => Err(error.repeat()),
            }));
        }
    }
}

/// The next question with all that wait behind it, as far as one reading takes them.
async fn next(queue: &Queue) -> Option<Vec<Asked>> {
    let mut queue = queue.lock().await;
    let mut asked = vec![queue.recv().await?];
    let mut count = asked[0].0.len();
    while count < limits::LOOKS_TOGETHER
        && let Ok(more) = queue.try_recv()
    {
        count += more.0.len();
        asked.push(more);
    }
    Some(asked)
}

async fn look(
    connections: &Connections,
    kept: &mut Option<Tx>,
    looks: &[Look],
) -> Result<Arc<Looked>> {
    let tx = match kept.take().filter(|tx| !tx.is_closed()) {
        Some(tx) => tx,
        None => connections.writer().await?,
    };
    let looked = read(&tx, looks).await?;
    *kept = Some(tx);
    Ok(Arc::new(looked))
}
