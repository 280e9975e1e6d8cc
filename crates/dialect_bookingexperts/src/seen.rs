//! What a caller is shown: by its scope words, and by its channels where a word is only for those.

use std::sync::Arc;

use domain::access::capability;
use domain::id::Id;
use http_kit::Call;
use identity::Caller;
use jsonapi::ResourceType;
use service::{
    PageOf,
    content::Channel,
    records::{Field, Query, Reading, Test},
    sale::Booking,
};

use crate::kinds::bookings::CUSTOMER;
use crate::scopes;

/// So many channels of a tenant are looked through for those of an app.
const MOST_CHANNELS: u32 = 1_000;

/// What one caller is shown.
#[derive(Clone, Debug)]
pub struct Seen {
    caller: Arc<Caller>,
    /// The slugs that bookings of the app's own channels carry; none are known until they are read.
    slugs: Vec<String>,
    /// Names and addresses in bookings, of all or of some.
    pub personal: bool,
    /// Prices and payments in bookings.
    pub financial: bool,
}

impl Seen {
    /// What the caller of this call is shown, before its channels are known.
    pub fn by(call: &Call) -> Self {
        Self::of(Arc::clone(&call.caller))
    }

    /// What a caller is shown, before its channels are known.
    pub fn of(caller: Arc<Caller>) -> Self {
        Self {
            personal: caller.may(capability::BOOKINGS_PERSONAL_READ),
            financial: caller.may(capability::BOOKINGS_FINANCIAL_READ),
            slugs: Vec::new(),
            caller,
        }
    }

    /// Reads the channels where something may be read of those only: one query, for these callers alone.
    ///
    /// # Errors
    /// Those of the use case.
    pub async fn learn_channels(&mut self, reading: &Reading<'_>) -> service::Result<()> {
        // Whoever has the word for all of a type sees all of it, with the word for its own channels or not.
        let words = self.caller.scopes.iter();
        let mut beside = words.filter_map(|word| scopes::whole(word));
        if beside.all(|whole| self.has(whole)) {
            return Ok(());
        }
        let all = reading
            .page(&Query::<Channel>::new(), PageOf::first(MOST_CHANNELS))
            .await?;
        let own = all.rows.iter().filter(|channel| {
            let made = channel.details.client_id == Some(self.caller.client_id);
            made || self.caller.needs_channel(channel.id).is_ok()
        });
        self.slugs = own.map(Channel::slug).collect();
        Ok(())
    }

    /// Whether a type may be read, be it only in part.
    pub fn may_read(&self, kind: &ResourceType) -> bool {
        let words = scopes::reading(kind);
        words.is_empty() || words.iter().any(|word| self.has(word))
    }

    /// Whether a type may be written.
    pub fn may_write(&self, kind: &ResourceType) -> bool {
        scopes::writing(kind).iter().any(|word| self.has(word))
    }

    /// Whether of this type only what came through the app's own channels may be read.
    pub fn restricts(&self, kind: &ResourceType) -> bool {
        let whole = kind.read.is_some_and(|word| self.has(word));
        let part = kind.read.and_then(scopes::restricted);
        !whole && part.is_some_and(|word| self.has(&word))
    }

    /// What bookings have to meet to be shown as this type.
    pub fn of_own_channels(&self, kind: &ResourceType) -> Option<Test<Booking>> {
        self.restricts(kind).then(|| self.own_bookings())
    }

    /// What bookings of the app's own channels meet.
    pub fn own_bookings(&self) -> Test<Booking> {
        if self.slugs.is_empty() {
            return Test::any([]);
        }
        Test::one_of(const { Field::new("channel") }, self.slugs.iter().cloned())
    }

    /// Whether what came through this channel may be shown as this type.
    pub fn shows_channel(&self, kind: &ResourceType, slug: &str) -> bool {
        !self.restricts(kind) || self.slugs.iter().any(|own| own == slug)
    }

    /// Whether a booking may be shown as this type.
    pub fn shows_booking(&self, kind: &ResourceType, booking: &Booking) -> bool {
        self.shows_channel(kind, &booking.channel)
    }

    /// Whether the names in a booking may be shown.
    pub fn shows_person(&self, booking: &Booking) -> bool {
        self.personal && self.shows_booking(&CUSTOMER, booking)
    }

    /// The channel that this administration granted, if it was granted itself.
    pub fn granted(&self, administration_id: Id) -> Option<Option<Id>> {
        self.caller.needs_organization(administration_id).ok()?;
        let mut channels = self.caller.channels.iter();
        let own = channels.find(|(organization, _)| *organization == administration_id);
        Some(own.map(|(_, channel)| *channel))
    }

    fn has(&self, word: &str) -> bool {
        self.caller.scopes.iter().any(|scope| scope == word)
    }
}
