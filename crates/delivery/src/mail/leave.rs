//! The ways out for mail.

use std::{path::Path, time::Duration};

use domain::id::Id;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};

use super::{BadMail, Post, Way};
use crate::limits::MAIL_TIME;

/// How the connection to a mail server is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// TLS from the start (usually port 465).
    #[default]
    Tls,
    /// TLS after `STARTTLS`, which must succeed (usually port 587).
    StartTls,
    /// None: for a server on the same machine.
    None,
}

/// A mail server.
#[derive(Clone)]
pub struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

/// Why mail can't be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPost {
    /// A template is wrong.
    #[error("a template is wrong: {0}")]
    Template(String),
    /// The sender's address is none.
    #[error("{0}")]
    From(#[from] BadMail),
    /// The library refuses.
    #[error("the mail server's settings can't be used: {0}")]
    Settings(String),
}

impl Smtp {
    /// A mail server by host and port, with user name and password where it wants them. `own_name`
    /// is how this machine introduces itself.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub fn new(
        host: &str,
        port: u16,
        security: Security,
        credentials: Option<(String, String)>,
        own_name: &str,
    ) -> Result<Self, BadPost> {
        let tls = || {
            let parameters = TlsParameters::new(host.to_owned());
            parameters.map_err(|error| BadPost::Settings(error.to_string()))
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .hello_name(ClientId::Domain(own_name.to_owned()))
            .timeout(Some(MAIL_TIME))
            .tls(match security {
                Security::Tls => Tls::Wrapper(tls()?),
                Security::StartTls => Tls::Required(tls()?),
                Security::None => Tls::None,
            });
        if let Some((user, password)) = credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self(builder.build()))
    }
}

/// Why a mail did not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// It may, later.
    #[error("{0}")]
    Later(String),
    /// It never will.
    #[error("{0}")]
    Never(String),
}

/// The library bounds each step; this bounds all of them together.
const ALTOGETHER: Duration = Duration::from_secs(2 * MAIL_TIME.as_secs());

impl Post {
    pub(super) async fn send(&self, id: Id, message: Message) -> Result<(), NotSent> {
        match &self.way {
            Way::Smtp(smtp) => {
                let sending = tokio::time::timeout(ALTOGETHER, smtp.0.send(message));
                match sending.await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) if error.is_permanent() => Err(NotSent::Never(in_words(&error))),
                    Ok(Err(error)) => Err(NotSent::Later(in_words(&error))),
                    Err(_) => Err(NotSent::Later("the mail server took too long".to_owned())),
                }
            }
            Way::Folder(folder) => write(folder, id, &message.formatted())
                .await
                .map_err(|error| NotSent::Later(format!("{}: {error}", folder.display()))),
            Way::Nowhere => Err(NotSent::Never("no mail server is configured".to_owned())),
        }
    }
}

fn in_words(error: &lettre::transport::smtp::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}

/// A file is there as a whole or not at all, and once, however often it is written.
async fn write(folder: &Path, id: Id, message: &[u8]) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let unfinished = folder.join(format!(".{id}.eml"));
    tokio::fs::write(&unfinished, message).await?;
    tokio::fs::rename(&unfinished, folder.join(format!("{id}.eml"))).await
}
