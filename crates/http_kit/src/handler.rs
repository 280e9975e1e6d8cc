//! Handlers, boxed into one shape so that a table can hold them.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use identity::Caller;

use crate::answer::Answer;
use crate::call::{Asked, Call, PublicCall};
use crate::idempotency::Idempotency;
use crate::refusal::Refusal;

/// A handler of any kind, as the table holds it.
pub(crate) type Boxed<S> =
    Arc<dyn Fn(S, Arrived) -> BoxFuture<'static, Result<Answer, Refusal>> + Send + Sync>;

/// A request that has passed everything before its handler.
pub struct Arrived {
    pub(crate) asked: Asked,
    pub(crate) caller: Option<Arc<Caller>>,
    pub(crate) idempotency: Option<Idempotency>,
}

/// The two kinds of call that a handler can take. Which one it takes decides which access its endpoint can
/// have: only a [`Call`] has an actor, and only a [`PublicCall`] may come from nobody.
pub trait TakesCall: Sized + Send + 'static {
    /// The call for the handler.
    ///
    /// # Errors
    /// Never in a table that compiles: the access that fits the call was checked before.
    #[doc(hidden)]
    fn take(arrived: Arrived) -> Result<Self, Refusal>;
}

impl TakesCall for Call {
    fn take(arrived: Arrived) -> Result<Call, Refusal> {
        match arrived.caller {
            Some(caller) => Ok(Call::new(arrived.asked, caller, arrived.idempotency)),
            None => Err(Refusal::NotSignedIn),
        }
    }
}

impl TakesCall for PublicCall {
    fn take(arrived: Arrived) -> Result<PublicCall, Refusal> {
        Ok(PublicCall::new(arrived.asked))
    }
}

pub(crate) fn boxed<S, C, F, Fut, E>(handler: F) -> Boxed<S>
where
    S: Send + 'static,
    C: TakesCall,
    F: Fn(S, C) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, E>> + Send + 'static,
    E: Into<Refusal>,
{
    let handler = Arc::new(handler);
    Arc::new(move |state: S, arrived: Arrived| {
        let handler = Arc::clone(&handler);
        Box::pin(async move {
            let call = C::take(arrived)?;
            handler(state, call).await.map_err(Into::into)
        })
    })
}
