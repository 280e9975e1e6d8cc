//! Areas, facets, verbs, and sets of capabilities.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Defines an enum of words with its list, its spelling and the way back.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// What the word names, if anything.
            #[must_use]
            pub fn from_word(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }
    };
}

words! {
    /// What a capability is about.
    Area {
        /// Bookings, their orders, guests and notes.
        Bookings = "bookings",
        /// What is free, and what is offered.
        Inventory = "inventory",
        /// Organizations, resources, units, products and rate plans.
        Properties = "properties",
        /// Calendar days: restrictions and prices.
        Calendar = "calendar",
        /// Customers and guests as people.
        Customers = "customers",
        /// Payments and refunds.
        Payments = "payments",
        /// Words between hosts and guests.
        Messages = "messages",
        /// Doors and who may open them.
        Access = "access",
        /// Users, employees and their groups.
        Users = "users",
        /// The tenant's own account and its settings.
        Accounts = "accounts",
        /// Connections to where bookings come from.
        Channels = "channels",
        /// The clock of a sandbox tenant.
        Clock = "clock",
    }
}

words! {
    /// Which side of an area.
    Facet {
        /// What is neither personal nor financial.
        Basic = "basic",
        /// Names, addresses and what guests wrote.
        Personal = "personal",
        /// Prices, charges and payments.
        Financial = "financial",
    }
}

words! {
    /// What is done.
    Verb {
        /// To see.
        Read = "read",
        /// To create and to change.
        Write = "write",
        /// To remove for good. Does not follow from writing.
        Delete = "delete",
    }
}

words! {
    /// How far a capability reaches, from narrow to wide.
    Reach {
        /// What came through the caller's own channel.
        OwnChannel = "own_channel",
        /// What the caller owns, such as bookings it made itself.
        Owned = "owned",
        /// Everything of the tenant, within the granted organizations.
        Tenant = "tenant",
        /// Everything of every tenant that is granted.
        EveryTenant = "every_tenant",
    }
}

/// One thing that a caller may do. Written `bookings:read` for the basic facet and
/// `bookings.personal:read` for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability {
    /// What it is about.
    pub area: Area,
    /// Which side of it.
    pub facet: Facet,
    /// What is done.
    pub verb: Verb,
}

/// The text names no capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such capability: expected area:verb or area.facet:verb")]
pub struct UnknownCapability;

/// How many capabilities there are.
const COUNT: usize = Area::ALL.len() * Facet::ALL.len() * Verb::ALL.len();

impl Capability {
    /// The capability made of these three.
    #[must_use]
    pub const fn new(area: Area, facet: Facet, verb: Verb) -> Capability {
        Capability { area, facet, verb }
    }

    /// Every capability there is, in order.
    pub fn all() -> impl Iterator<Item = Capability> {
        (0..COUNT).map(Capability::at)
    }

    const fn index(self) -> usize {
        (self.area as usize * Facet::ALL.len() + self.facet as usize) * Verb::ALL.len()
            + self.verb as usize
    }

    const fn at(index: usize) -> Capability {
        let (rest, verb) = (index / Verb::ALL.len(), index % Verb::ALL.len());
        let (area, facet) = (rest / Facet::ALL.len(), rest % Facet::ALL.len());
        Capability::new(Area::ALL[area], Facet::ALL[facet], Verb::ALL[verb])
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.area.as_str())?;
        if self.facet != Facet::Basic {
            write!(formatter, ".{}", self.facet.as_str())?;
        }
        write!(formatter, ":{}", self.verb.as_str())
    }
}

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(text: &str) -> Result<Capability, UnknownCapability> {
        let (what, verb) = text.split_once(':').ok_or(UnknownCapability)?;
        let (area, facet) = match what.split_once('.') {
            Some((_, "basic")) => return Err(UnknownCapability),
            Some((area, facet)) => (area, facet),
            None => (what, "basic"),
        };
        Ok(Capability {
            area: Area::from_word(area).ok_or(UnknownCapability)?,
            facet: Facet::from_word(facet).ok_or(UnknownCapability)?,
            verb: Verb::from_word(verb).ok_or(UnknownCapability)?,
        })
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Capability, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a caller may do: a set of capabilities, each with its reach. In JSON it is an object such as
/// `{"bookings:read": "tenant"}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Capabilities {
    reaches: [Option<Reach>; COUNT],
}

impl Capabilities {
    /// Nothing at all.
    #[must_use]
    pub const fn none() -> Capabilities {
        Capabilities {
            reaches: [None; COUNT],
        }
    }

    /// Everything, as far as this.
    #[must_use]
    pub const fn everything(reach: Reach) -> Capabilities {
        Capabilities {
            reaches: [Some(reach); COUNT],
        }
    }

    /// The set with one more capability; of two reaches the wider one stays.
    #[must_use]
    pub fn with(mut self, capability: Capability, reach: Reach) -> Capabilities {
        self.grant(capability, reach);
        self
    }

    /// Adds a capability; of two reaches the wider one stays.
    pub fn grant(&mut self, capability: Capability, reach: Reach) {
        let held = &mut self.reaches[capability.index()];
        *held = (*held).max(Some(reach));
    }

    /// Takes a capability away.
    pub fn revoke(&mut self, capability: Capability) {
        self.reaches[capability.index()] = None;
    }

    /// Whether the set has this capability, however far it reaches.
    #[must_use]
    pub const fn contains(&self, capability: Capability) -> bool {
        self.reaches[capability.index()].is_some()
    }

    /// How far this capability reaches, or `None` when the set lacks it.
    #[must_use]
    pub const fn reach(&self, capability: Capability) -> Option<Reach> {
        self.reaches[capability.index()]
    }

    /// Whether nothing may be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reaches.iter().all(Option::is_none)
    }

    /// The capabilities in the set, in order, with their reach.
    pub fn iter(&self) -> impl Iterator<Item = (Capability, Reach)> + '_ {
        let held = self.reaches.iter().enumerate();
        held.filter_map(|(index, reach)| Some((Capability::at(index), (*reach)?)))
    }
}

impl Default for Capabilities {
    fn default() -> Capabilities {
        Capabilities::none()
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self
            .iter()
            .map(|(capability, reach)| (capability.to_string(), reach));
        formatter.debug_map().entries(pairs).finish()
    }
}

impl FromIterator<(Capability, Reach)> for Capabilities {
    fn from_iter<I: IntoIterator<Item = (Capability, Reach)>>(pairs: I) -> Capabilities {
        let mut set = Capabilities::none();
        for (capability, reach) in pairs {
            set.grant(capability, reach);
        }
        set
    }
}

impl Serialize for Capabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Capabilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Capabilities, D::Error> {
        let pairs = std::collections::BTreeMap::<Capability, Reach>::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}

/// Names every capability of an area and facet with one constant per verb.
macro_rules! capabilities {
    ($($area:ident, $facet:ident: $read:ident, $write:ident, $delete:ident;)+) => {$(
        #[doc = concat!("Read the ", stringify!($facet), " side of ", stringify!($area), ".")]
        pub const $read: Capability = Capability::new(Area::$area, Facet::$facet, Verb::Read);
        #[doc = concat!("Write the ", stringify!($facet), " side of ", stringify!($area), ".")]
        pub const $write: Capability = Capability::new(Area::$area, Facet::$facet, Verb::Write);
        #[doc = concat!("Delete the ", stringify!($facet), " side of ", stringify!($area), ".")]
        pub const $delete: Capability = Capability::new(Area::$area, Facet::$facet, Verb::Delete);
    )+};
}

capabilities! {
    Bookings, Basic: BOOKINGS_READ, BOOKINGS_WRITE, BOOKINGS_DELETE;
    Bookings, Personal: BOOKINGS_PERSONAL_READ, BOOKINGS_PERSONAL_WRITE, BOOKINGS_PERSONAL_DELETE;
    Bookings, Financial: BOOKINGS_FINANCIAL_READ, BOOKINGS_FINANCIAL_WRITE, BOOKINGS_FINANCIAL_DELETE;
    Inventory, Basic: INVENTORY_READ, INVENTORY_WRITE, INVENTORY_DELETE;
    Inventory, Financial: INVENTORY_FINANCIAL_READ, INVENTORY_FINANCIAL_WRITE, INVENTORY_FINANCIAL_DELETE;
    Properties, Basic: PROPERTIES_READ, PROPERTIES_WRITE, PROPERTIES_DELETE;
    Properties, Personal: PROPERTIES_PERSONAL_READ, PROPERTIES_PERSONAL_WRITE, PROPERTIES_PERSONAL_DELETE;
    Properties, Financial: PROPERTIES_FINANCIAL_READ, PROPERTIES_FINANCIAL_WRITE, PROPERTIES_FINANCIAL_DELETE;
    Calendar, Basic: CALENDAR_READ, CALENDAR_WRITE, CALENDAR_DELETE;
    Calendar, Financial: CALENDAR_FINANCIAL_READ, CALENDAR_FINANCIAL_WRITE, CALENDAR_FINANCIAL_DELETE;
    Customers, Basic: CUSTOMERS_READ, CUSTOMERS_WRITE, CUSTOMERS_DELETE;
    Customers, Personal: CUSTOMERS_PERSONAL_READ, CUSTOMERS_PERSONAL_WRITE, CUSTOMERS_PERSONAL_DELETE;
    Customers, Financial: CUSTOMERS_FINANCIAL_READ, CUSTOMERS_FINANCIAL_WRITE, CUSTOMERS_FINANCIAL_DELETE;
    Payments, Basic: PAYMENTS_READ, PAYMENTS_WRITE, PAYMENTS_DELETE;
    Payments, Financial: PAYMENTS_FINANCIAL_READ, PAYMENTS_FINANCIAL_WRITE, PAYMENTS_FINANCIAL_DELETE;
    Messages, Basic: MESSAGES_READ, MESSAGES_WRITE, MESSAGES_DELETE;
    Messages, Personal: MESSAGES_PERSONAL_READ, MESSAGES_PERSONAL_WRITE, MESSAGES_PERSONAL_DELETE;
    Access, Basic: ACCESS_READ, ACCESS_WRITE, ACCESS_DELETE;
    Access, Personal: ACCESS_PERSONAL_READ, ACCESS_PERSONAL_WRITE, ACCESS_PERSONAL_DELETE;
    Users, Basic: USERS_READ, USERS_WRITE, USERS_DELETE;
    Users, Personal: USERS_PERSONAL_READ, USERS_PERSONAL_WRITE, USERS_PERSONAL_DELETE;
    Accounts, Basic: ACCOUNTS_READ, ACCOUNTS_WRITE, ACCOUNTS_DELETE;
    Accounts, Financial: ACCOUNTS_FINANCIAL_READ, ACCOUNTS_FINANCIAL_WRITE, ACCOUNTS_FINANCIAL_DELETE;
    Channels, Basic: CHANNELS_READ, CHANNELS_WRITE, CHANNELS_DELETE;
    Clock, Basic: CLOCK_READ, CLOCK_WRITE, CLOCK_DELETE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_has_one_spelling_that_reads_back() {
        let mut seen = std::collections::BTreeSet::new();
        for capability in Capability::all() {
            let text = capability.to_string();
            assert_eq!(text.parse(), Ok(capability));
            assert!(seen.insert(text));
        }
        assert_eq!(seen.len(), COUNT);
    }

    #[test]
    fn the_basic_facet_is_not_written() {
        assert_eq!(BOOKINGS_READ.to_string(), "bookings:read");
        assert_eq!(
            BOOKINGS_FINANCIAL_WRITE.to_string(),
            "bookings.financial:write"
        );
        for text in [
            "",
            "bookings",
            "bookings.basic:read",
            "bookings:all",
            "Bookings:read",
            ":",
        ] {
            assert_eq!(
                text.parse::<Capability>(),
                Err(UnknownCapability),
                "{text:?}"
            );
        }
    }

    #[test]
    fn of_two_reaches_the_wider_one_stays() {
        let set = Capabilities::none()
            .with(BOOKINGS_READ, Reach::Tenant)
            .with(BOOKINGS_READ, Reach::OwnChannel);
        assert_eq!(set.reach(BOOKINGS_READ), Some(Reach::Tenant));
        assert_eq!(set.reach(BOOKINGS_WRITE), None);
    }

    #[test]
    fn one_capability_never_brings_another() {
        for granted in Capability::all() {
            let set = Capabilities::none().with(granted, Reach::Tenant);
            for asked in Capability::all() {
                assert_eq!(set.contains(asked), asked == granted);
            }
        }
    }

    #[test]
    fn a_set_is_an_object_of_words_in_json() {
        let set = Capabilities::none()
            .with(BOOKINGS_PERSONAL_READ, Reach::Owned)
            .with(CLOCK_WRITE, Reach::Tenant);
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(
            json,
            r#"{"bookings.personal:read":"owned","clock:write":"tenant"}"#
        );
        assert_eq!(serde_json::from_str::<Capabilities>(&json).unwrap(), set);
        assert!(serde_json::from_str::<Capabilities>(r#"{"bookings:fly":"tenant"}"#).is_err());
    }

    #[test]
    fn what_was_revoked_is_gone() {
        let mut set = Capabilities::everything(Reach::EveryTenant);
        assert_eq!(set.iter().count(), COUNT);
        set.revoke(PAYMENTS_DELETE);
        assert!(!set.contains(PAYMENTS_DELETE));
        assert_eq!(set.iter().count(), COUNT - 1);
    }
}
