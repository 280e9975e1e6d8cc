//! What leaves the house, put together: subscriptions and their formats, the dispatcher, and the mails
//! of people who have forgotten their password.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use delivery::{
    Dispatcher, Pace,
    carry::{self, Carrier, Times},
    mail::{From, NotSent, PASSWORD_RESET, Post, Security, Smtp, templates::language_among},
    resolve::SystemResolver,
};
use domain::text::Locale;
use http::Uri;
use http_kit::Clock;
use identity::{
    oauth::OAuth,
    users::{NotPosted, Postbox, ResetMail},
};
use parking_lot::Mutex;
use rand::{CryptoRng, RngCore as _, SeedableRng as _, rngs::StdRng};
use service::outgoing::{
    self, Mail, Outgoing,
    render::Formats,
    seal::SealKey,
    standard::{self, Standard},
    target::Rules,
};
use store::Store;

use crate::{
    app::App,
    secret::derived,
    settings::{self, MailSecurity, Settings},
};

/// How often is looked whether somebody waits for a mail to set a password.
const POSTED_EVERY: Duration = Duration::from_secs(3);

/// The house's own formats.
pub(crate) fn formats() -> Formats {
    Formats::new().with(standard::NAME, Arc::new(Standard))
}

/// Subscriptions in these formats. `secret` is the server's own, which lasts; `seed` is this run's.
pub(crate) fn outgoing(
    store: &Store,
    clock: &Arc<dyn Clock>,
    secret: &[u8; 32],
    seed: &[u8; 32],
    settings: &Settings,
    formats: Formats,
) -> Outgoing {
    let clock = Arc::clone(clock);
    let random = Mutex::new(StdRng::from_seed(derived(seed, "outgoing")));
    Outgoing::new(outgoing::Parts {
        store: store.clone(),
        formats,
        rules: Rules {
            allow_http: settings.delivery.allow_http,
            allowed_networks: settings.delivery.allowed_networks.clone(),
        },
        key: SealKey::new(derived(secret, "seal")),
        now: Arc::new(move || clock.now()),
        chance: Arc::new(move || random.lock().next_u64()),
    })
}

/// What sends for this app, mail by these settings. `public_url` is where clients reach this server.
///
/// # Errors
/// When the mail server's settings can't be used.
pub fn dispatcher(app: &App, settings: &Settings, public_url: &str) -> anyhow::Result<Dispatcher> {
    Ok(Dispatcher::new(
        app.outgoing.clone(),
        app.carrier.clone(),
        post(&settings.mail, public_url)?,
        delivery::Settings {
            keep_days: settings.delivery.keep_days,
            ..delivery::Settings::default()
        },
        Pace::default(),
    ))
}

/// The one way out, by the rules of these subscriptions.
///
/// # Errors
/// When the machine's TLS can't be used.
pub(crate) fn carrier(outgoing: &Outgoing) -> anyhow::Result<Carrier> {
    let tls = carry::tls().map_err(anyhow::Error::msg)?;
    let resolver = Arc::new(SystemResolver::default());
    let rules = outgoing.rules().clone();
    Ok(Carrier::new(rules, Times::default(), resolver, tls))
}

fn post(mail: &settings::Mail, public_url: &str) -> anyhow::Result<Post> {
    let from = From::parse(&mail.from, &mail.from_name)?;
    if let Some(folder) = &mail.folder {
        return Ok(Post::folder(folder.clone(), from)?);
    }
    let Some(server) = &mail.server else {
        return Ok(Post::nowhere()?);
    };
    let security = match mail.security {
        MailSecurity::Tls => Security::Tls,
        MailSecurity::StartTls => Security::StartTls,
        MailSecurity::None => Security::None,
    };
    let port = mail.port.unwrap_or_else(|| mail.security.usual_port());
    let credentials = mail.user.as_ref().zip(mail.password.as_ref());
    let credentials =
        credentials.map(|(user, password)| (user.clone(), password.reveal().to_owned()));
    let smtp = Smtp::new(server, port, security, credentials, &own_name(public_url))?;
    Ok(Post::smtp(smtp, from)?)
}

/// How this machine introduces itself to a mail server: by the host that clients know.
fn own_name(public_url: &str) -> String {
    let uri: Option<Uri> = public_url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host);
    host.unwrap_or("localhost").to_owned()
}

/// Takes the mails with which passwords are set anew, and hands them over at once: the link in them is
/// never written down. What can't be handed over now is asked for again, with another link.
pub struct Letterbox {
    dispatcher: Dispatcher,
    outgoing: Outgoing,
    /// Whose page the link leads to.
    oauth: OAuth,
}

impl Letterbox {
    /// A letterbox whose links lead to the pages of this OAuth 2.0 server.
    #[must_use]
    pub fn new(dispatcher: Dispatcher, outgoing: Outgoing, oauth: OAuth) -> Self {
        Self {
            dispatcher,
            outgoing,
            oauth,
        }
    }

    /// Posts the mails that wait, and says how many left.
    ///
    /// # Errors
    /// When the store can't be used.
    pub async fn post_waiting(&self, rng: &mut impl CryptoRng) -> store::Result<usize> {
        let (users, now) = (self.oauth.users(), self.outgoing.now());
        users.post_waiting(self, now, rng).await
    }

    /// Posts what waits, again and again, until `stop` is ready. A mail on its way is waited for.
    pub(crate) async fn post_until(&self, stop: impl Future<Output = ()> + Send, mut rng: StdRng) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(POSTED_EVERY) => {}
            }
            if let Err(error) = self.post_waiting(&mut rng).await {
                tracing::warn!(%error, "mails to set passwords can't be posted for now");
            }
        }
    }

    fn letter(&self, mail: &ResetMail) -> Mail {
        let now = self.outgoing.now();
        let minutes = mail.expires_at.duration_since(now).as_secs() / 60;
        let id = self.outgoing.next_id();
        let languages = mail.languages.iter().map(Locale::as_str);
        let mut letter = Mail::new(mail.tenant_id, id, now, &mail.to, PASSWORD_RESET)
            .in_language(language_among(languages))
            .with("name", mail.name.as_str())
            .with("link", self.oauth.new_password_link(mail))
            .with("minutes", minutes.max(1));
        letter.to_name.clone_from(&mail.name);
        letter
    }
}

#[async_trait]
impl Postbox for Letterbox {
    async fn post(&self, mail: ResetMail) -> Result<(), NotPosted> {
        match self.dispatcher.send_unwritten(&self.letter(&mail)).await {
            Ok(()) => Ok(()),
            Err(NotSent::Later(problem)) => Err(NotPosted(problem)),
            Err(NotSent::Never(problem)) => {
                // Another token would fare no better, so nobody tries.
                tracing::warn!(%problem, "a mail to set a password was given up");
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_introduces_itself_by_its_public_name() {
        assert_eq!(own_name("https://api.example.org"), "api.example.org");
        assert_eq!(own_name("http://127.0.0.1:8080"), "127.0.0.1");
        assert_eq!(own_name(""), "localhost");
    }
}
