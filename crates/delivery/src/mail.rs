//! Mail, which leaves like everything else: rows written in the transaction that caused them, claimed
//! under a lease, tried until they are accepted or given up.
//!
//! A mail names a template, a language and values; what a guest wrote is only ever a value
//! ([`templates`]). A mail that was accepted by the server while ours was killed is sent again, under
//! the same `Message-ID`.

mod compose;
mod leave;
pub mod templates;

use std::{path::PathBuf, sync::Arc};

use catalogue::{Cells, Row, delivery::Mail, records::Message};
use domain::id::{Id, IdSource};
use futures_util::future::{BoxFuture, join_all};
use jiff::Timestamp;
use store::{ColdCommand, Tx, Value};

use self::templates::Templates;
pub use self::{
    compose::{BadMail, From, composed},
    leave::{BadPost, NotSent, Security, Smtp},
};
use crate::{
    Dispatcher,
    backoff::{Failed, next_try},
    limits::MAILS_AT_ONCE,
    telemetry,
};

/// The template of the mail that tells an owner that a subscription was switched off. Values:
/// `tenant`, `target_url`, `since`, `problem`, `subscription_id`.
pub const SWITCHED_OFF: &str = "switched_off";

/// The template of the mail with a link to set a new password. Values: `name`, `link`, `minutes`.
pub const PASSWORD_RESET: &str = "password_reset";

/// The template of the mail that tells a guest of a payment. Values: `name`, `amount`, `paid_on`, `place`.
pub const PAYMENT_RECEIVED: &str = "payment_received";

/// The template of a mail with words that somebody wrote. Values: `subject`, `text`.
pub const MESSAGE: &str = "message";

/// How mail leaves.
#[derive(Clone)]
pub struct Post {
    way: Way,
    from: From,
    templates: Arc<Templates>,
}

#[derive(Clone)]
enum Way {
    Smtp(Box<Smtp>),
    Folder(PathBuf),
    Nowhere,
}

impl Post {
    /// Through a mail server.
    ///
    /// # Errors
    /// When a template is wrong; a mistake of ours.
    pub fn smtp(smtp: Smtp, from: From) -> Result<Self, BadPost> {
        Self::new(Way::Smtp(Box::new(smtp)), from)
    }

    /// Into a folder, as one `.eml` file each: for demos and tests.
    ///
    /// # Errors
    /// When a template is wrong; a mistake of ours.
    pub fn folder(folder: PathBuf, from: From) -> Result<Self, BadPost> {
        Self::new(Way::Folder(folder), from)
    }

    /// Not at all: mails are given up at once, and the log says so.
    ///
    /// # Errors
    /// When a template is wrong; a mistake of ours.
    pub fn nowhere() -> Result<Self, BadPost> {
        let from = From::parse("nobody@localhost", "")?;
        Self::new(Way::Nowhere, from)
    }

    fn new(way: Way, from: From) -> Result<Self, BadPost> {
        Ok(Self {
            way,
            from,
            templates: Arc::new(Templates::new().map_err(BadPost::Template)?),
        })
    }
}

/// What became of a mail.
enum End {
    Sent,
    Again {
        at: Timestamp,
        problem: String,
    },
    Over {
        state: &'static str,
        problem: String,
    },
}

impl Dispatcher {
    /// Sends mails that are due, a few of them, and says how many it tried.
    pub(crate) fn send_mails<'a>(&'a self) -> BoxFuture<'a, store::Result<usize>> {
        Box::pin(async move {
            let mails = self.claim_mails().await?;
            let tried = mails.len();
            let sending = mails.into_iter().map(|mail| self.send_and_conclude(mail));
            for result in join_all(sending).await {
                if let Err(error) = result {
                    tracing::warn!(%error, "what became of a mail can't be written; it will be repeated");
                }
            }
            Ok(tried)
        })
    }

    fn send_and_conclude<'a>(&'a self, mail: Mail) -> BoxFuture<'a, store::Result<()>> {
        Box::pin(async move {
            let end = self.send_mail(&mail).await;
            self.store().run(ConcludeMail { mail, end }).await
        })
    }

    async fn claim_mails(&self) -> store::Result<Vec<Mail>> {
        let now = self.now();
        let mut tx = self.store().reader().await?;
        let found = due_mails(&mut tx, now).await?;
        drop(tx);
        if found.is_empty() {
            return Ok(found);
        }
        let command = ClaimMails {
            found: found
                .iter()
                .map(|mail| (mail.tenant_id, mail.id, mail.attempts))
                .collect(),
            now,
            until: now.saturating_add(self.settings().lease).unwrap_or(now),
        };
        let own = self.store().run(command).await?;
        let claimed = found.into_iter().zip(own).filter(|(_, is_own)| *is_own);
        let counted = |(mut mail, _): (Mail, bool)| {
            mail.attempts += 1;
            mail.tried_at = mail.tried_at.or(Some(now));
            mail
        };
        Ok(claimed.map(counted).collect())
    }

    /// Sends a mail that is no row and becomes none, so that what it says is never stored. Whoever
    /// calls has to repeat it where that is worth while.
    ///
    /// # Errors
    /// [`NotSent`] says whether it may leave later.
    pub async fn send_unwritten(&self, mail: &Mail) -> Result<(), NotSent> {
        let sent = self.hand_over(mail).await;
        telemetry::mailed(match &sent {
            Ok(()) => "sent",
            Err(NotSent::Later(_)) => "again",
            Err(NotSent::Never(_)) => "refused",
        });
        sent
    }

    async fn hand_over(&self, mail: &Mail) -> Result<(), NotSent> {
        let post = self.post();
        let composed = composed(mail, &post.from, &post.templates, self.now());
        match composed {
            Err(bad) => Err(NotSent::Never(bad.to_string())),
            Ok(message) => post.send(mail.id, message).await,
        }
    }

    async fn send_mail(&self, mail: &Mail) -> End {
        let end = match self.hand_over(mail).await {
            Ok(()) => End::Sent,
            Err(NotSent::Never(problem)) => End::Over {
                state: "refused",
                problem,
            },
            Err(NotSent::Later(problem)) => self.later(mail, problem),
        };
        self.tell(mail, &end);
        end
    }

    fn later(&self, mail: &Mail, problem: String) -> End {
        let now = self.now();
        let failed = Failed {
            number: mail.attempts,
            first_at: mail.tried_at.unwrap_or(now),
            now,
            retry_after: None,
            chance: self.chance(),
        };
        match next_try(failed) {
            Some(at) => End::Again { at, problem },
            None => End::Over {
                state: "failed",
                problem,
            },
        }
    }

    fn tell(&self, mail: &Mail, end: &End) {
        let id = mail.id;
        match end {
            End::Sent => telemetry::mailed("sent"),
            End::Again { problem, .. } => {
                telemetry::mailed("again");
                tracing::info!(%id, %problem, "a mail could not be sent yet");
            }
            End::Over { state, problem } => {
                telemetry::mailed(state);
                tracing::warn!(%id, %problem, "a mail was given up");
            }
        }
    }
}

async fn due_mails(tx: &mut Tx, now: Timestamp) -> store::Result<Vec<Mail>> {
    let parameters = [now.as_millisecond().into(), Value::Int(MAILS_AT_ONCE)];
    let rows = tx
        .query(
            "SELECT tenant_id, id FROM mail WHERE open = 1 AND next_at <= $1 \
             ORDER BY next_at LIMIT $2",
            &parameters,
        )
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let (tenant_id, id) = key(row)?;
        let key = [tenant_id.into(), id.into()];
        found.extend(tx.get::<Mail>(&key).await?);
    }
    Ok(found)
}

fn key(row: Row) -> store::Result<(Id, Id)> {
    let mut cells = Cells::of("mail", row);
    Ok((cells.next("tenant_id")?, cells.next("id")?))
}

struct ClaimMails {
    /// Tenant, id, attempts.
    found: Vec<(Id, Id, i64)>,
    now: Timestamp,
    until: Timestamp,
}

impl ColdCommand for ClaimMails {
    type Output = Vec<bool>;

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<Vec<bool>> {
        let mut own = Vec::with_capacity(self.found.len());
        for (tenant_id, id, attempts) in &self.found {
            let parameters = [
                (*tenant_id).into(),
                (*id).into(),
                (*attempts).into(),
                self.until.as_millisecond().into(),
                self.now.as_millisecond().into(),
            ];
            let changed = tx
                .execute(
                    "UPDATE mail SET attempts = attempts + 1, next_at = $4, \
                     tried_at = COALESCE(tried_at, $5) WHERE tenant_id = $1 AND id = $2 \
                     AND attempts = $3 AND open = 1 AND next_at <= $5",
                    &parameters,
                )
                .await?;
            own.push(changed == 1);
        }
        Ok(own)
    }
}

struct ConcludeMail {
    mail: Mail,
    end: End,
}

impl ColdCommand for ConcludeMail {
    type Output = ();

    /// Once a mail is sent, what its values said is needed no more: a link to set a password should
    /// not stand in a table. Nor is it needed when it is given up.
    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> store::Result<()> {
        let key = [self.mail.tenant_id.into(), self.mail.id.into()];
        let Some(mut mail) = tx.get_locked::<Mail>(&key).await? else {
            return Ok(());
        };
        let is_latest = mail.attempts == self.mail.attempts;
        match &self.end {
            End::Sent => close(&mut mail, "sent", None),
            _ if !is_latest || !mail.open => return Ok(()),
            End::Again { at, problem } => {
                mail.next_at = *at;
                mail.problem = Some(problem.clone());
            }
            End::Over { state, problem } => close(&mut mail, state, Some(problem.clone())),
        }
        if !mail.open && mail.template == MESSAGE {
            note_in_message(tx, &mail).await?;
        }
        tx.update(&mut mail).await
    }
}

/// A message to a guest leaves as a mail with its own id, and says whether it has left.
async fn note_in_message(tx: &mut Tx, mail: &Mail) -> store::Result<()> {
    let key = [mail.tenant_id.into(), mail.id.into()];
    if let Some(mut message) = tx.get_locked::<Message>(&key).await? {
        let state = if mail.state == "sent" {
            "sent"
        } else {
            "failed"
        };
        state.clone_into(&mut message.state);
        tx.update(&mut message).await?;
    }
    Ok(())
}

fn close(mail: &mut Mail, state: &str, problem: Option<String>) {
    mail.open = false;
    state.clone_into(&mut mail.state);
    mail.problem = problem;
    mail.values.clear();
}
