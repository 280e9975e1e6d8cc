//! What a dialect tells this crate about itself.

use http::{HeaderMap, StatusCode};

use crate::answer::Answer;
use crate::call::Asked;
use crate::caller::Credential;
use crate::meters::Reading;
use crate::refusal::Refusal;

/// One API as its vendor speaks it: where the credential stands, how a refusal is worded, which rate
/// headers are printed. Everything else about it stands in its endpoint table.
pub trait Dialect: Send + Sync + 'static {
    /// Its name in logs, metrics and credentials, such as `beds24`.
    fn name(&self) -> &'static str;

    /// The credential in the headers, if there is one.
    fn credential<'request>(&self, headers: &'request HeaderMap) -> Option<Credential<'request>>;

    /// Whether the dialect takes this request's media types: `Err` with
    /// [`Refusal::UnsupportedMediaType`] or [`Refusal::NotAcceptable`] where it does not.
    ///
    /// # Errors
    /// The refusal to print.
    fn check_media(&self, asked: &Asked) -> Result<(), Refusal> {
        let _ = asked;
        Ok(())
    }

    /// The refusal in the dialect's words. [`Refusal::Answered`] never comes here.
    fn refuse(&self, refusal: &Refusal) -> Answer;

    /// Puts the meter into the headers, on every answer to a metered caller.
    fn print_meter(&self, reading: &Reading, headers: &mut HeaderMap) {
        let _ = (reading, headers);
    }

    /// Whether a call that ended with this status costs nothing; its meter is then not printed either.
    fn refunds(&self, status: StatusCode) -> bool {
        status == StatusCode::BAD_REQUEST
    }
}
