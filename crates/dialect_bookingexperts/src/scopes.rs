//! The vendor's scope words and our capabilities.
//!
//! A word is `resource|read` or `resource|write`. The family `channel::resource|read` shows only what
//! came through the app's own channels. What a word opens at use cases is wider than the word where
//! showing a resource needs more than its own rows: a reservation names the unit that it stays in. So
//! endpoints ask for the word, and use cases for the capability.

use domain::access::{Capabilities, Capability, Reach, capability as c};
use identity::oauth::Permission;
use jsonapi::ResourceType;

/// A resource's words.
struct Words {
    /// The resource.
    stem: &'static str,
    /// What `|read` opens.
    read: &'static [Capability],
    /// What `|write` opens; nothing where nobody writes it.
    write: &'static [Capability],
    /// What it is, for the consent page.
    about: &'static str,
}

const fn words(
    stem: &'static str,
    read: &'static [Capability],
    write: &'static [Capability],
    about: &'static str,
) -> Words {
    Words {
        stem,
        read,
        write,
        about,
    }
}

const PLACES: &[Capability] = &[c::PROPERTIES_READ];
const PLACES_WRITE: &[Capability] = &[
    c::PROPERTIES_READ,
    c::PROPERTIES_WRITE,
    c::PROPERTIES_DELETE,
];
const CONTENT: &[Capability] = PLACES;
const BOOKED: &[Capability] = &[c::BOOKINGS_READ, c::PROPERTIES_READ, c::CHANNELS_READ];
const BOOKED_WRITE: &[Capability] = &[
    c::BOOKINGS_READ,
    c::BOOKINGS_WRITE,
    c::BOOKINGS_PERSONAL_WRITE,
    // Who changes a stay has its lines priced anew, and so needs to know them.
    c::BOOKINGS_FINANCIAL_READ,
    c::BOOKINGS_FINANCIAL_WRITE,
    c::PROPERTIES_READ,
    c::CHANNELS_READ,
    c::INVENTORY_READ,
];
const PEOPLE: &[Capability] = &[c::CUSTOMERS_PERSONAL_READ];
const PEOPLE_WRITE: &[Capability] = &[
    c::CUSTOMERS_PERSONAL_READ,
    c::CUSTOMERS_PERSONAL_WRITE,
    c::CUSTOMERS_PERSONAL_DELETE,
];
const MONEY: &[Capability] = &[c::PAYMENTS_READ];
const MONEY_WRITE: &[Capability] = &[
    c::PAYMENTS_READ,
    c::PAYMENTS_WRITE,
    c::PAYMENTS_DELETE,
    c::PROPERTIES_READ,
];
const PRICES: &[Capability] = &[c::PROPERTIES_FINANCIAL_READ];
const PRICES_WRITE: &[Capability] = &[
    c::PROPERTIES_FINANCIAL_READ,
    c::PROPERTIES_FINANCIAL_WRITE,
    c::PROPERTIES_FINANCIAL_DELETE,
];
const WORDS: &[Capability] = &[c::MESSAGES_READ];
const WORDS_WRITE: &[Capability] = &[c::MESSAGES_READ, c::MESSAGES_WRITE, c::MESSAGES_DELETE];

/// Every resource that has words, in the order in which people read them.
const TABLE: &[Words] = &[
    words(
        "organization",
        &[c::ACCOUNTS_READ],
        &[],
        "the organization's own data",
    ),
    words("administration", PLACES, PLACES_WRITE, "administrations"),
    words("region", CONTENT, PLACES_WRITE, "regions"),
    words("city", CONTENT, PLACES_WRITE, "cities"),
    words(
        "amenity",
        CONTENT,
        PLACES_WRITE,
        "amenities and how they are answered",
    ),
    words(
        "rentable_segment",
        CONTENT,
        PLACES_WRITE,
        "segments of rentable types",
    ),
    words(
        "category_group",
        CONTENT,
        PLACES_WRITE,
        "category groups, the older word for segments of rentable types",
    ),
    words(
        "rentable_type",
        &[c::PROPERTIES_READ, c::CHANNELS_READ],
        PLACES_WRITE,
        "rentable types",
    ),
    words(
        "category",
        &[c::PROPERTIES_READ, c::CHANNELS_READ],
        PLACES_WRITE,
        "categories, the older word for rentable types",
    ),
    words(
        "inventory_object",
        PLACES,
        PLACES_WRITE,
        "inventory objects",
    ),
    words(
        "rentable_identity",
        PLACES,
        PLACES_WRITE,
        "rentable identities",
    ),
    words("rentable", PLACES, &[], "rentables"),
    words("label", CONTENT, PLACES_WRITE, "labels"),
    words("owner", PEOPLE, PEOPLE_WRITE, "owners"),
    words("contractor", PEOPLE, PEOPLE_WRITE, "contractors"),
    words("agreement", PEOPLE, PEOPLE_WRITE, "agreements with owners"),
    words("review", PLACES, PLACES_WRITE, "reviews"),
    words(
        "availability",
        &[c::INVENTORY_READ, c::PROPERTIES_READ, c::CHANNELS_READ],
        &[],
        "what is free, and at which price",
    ),
    words(
        "channel",
        &[c::CHANNELS_READ],
        &[c::CHANNELS_READ, c::CHANNELS_WRITE, c::CHANNELS_DELETE],
        "channels",
    ),
    words(
        "master_price_list",
        PRICES,
        PRICES_WRITE,
        "master price lists and their prices",
    ),
    words(
        "discount_campaign",
        CONTENT,
        PLACES_WRITE,
        "discount campaigns",
    ),
    words("discount_card", CONTENT, PLACES_WRITE, "discount cards"),
    words("coupon", CONTENT, PLACES_WRITE, "coupons"),
    words("extra", CONTENT, PLACES_WRITE, "extras"),
    words("cost", CONTENT, PLACES_WRITE, "costs"),
    words(
        "periodic_cost",
        CONTENT,
        PLACES_WRITE,
        "costs of parts of the year",
    ),
    words("package", CONTENT, PLACES_WRITE, "packages"),
    words(
        "cancellation_rule",
        CONTENT,
        PLACES_WRITE,
        "cancellation rules",
    ),
    words("reservation", BOOKED, BOOKED_WRITE, "reservations"),
    words("booking", BOOKED, BOOKED_WRITE, "bookings"),
    words(
        "order",
        &[
            c::BOOKINGS_READ,
            c::BOOKINGS_FINANCIAL_READ,
            c::PROPERTIES_READ,
            c::CHANNELS_READ,
        ],
        BOOKED_WRITE,
        "orders, with what is charged",
    ),
    words(
        "customer",
        &[
            c::CUSTOMERS_PERSONAL_READ,
            c::BOOKINGS_PERSONAL_READ,
            c::BOOKINGS_READ,
            c::CHANNELS_READ,
        ],
        PEOPLE_WRITE,
        "customers, with their names and addresses",
    ),
    words(
        "guest",
        &[c::BOOKINGS_PERSONAL_READ, c::BOOKINGS_READ],
        &[
            c::BOOKINGS_PERSONAL_READ,
            c::BOOKINGS_PERSONAL_WRITE,
            c::BOOKINGS_PERSONAL_DELETE,
            c::BOOKINGS_READ,
        ],
        "guests, with their papers",
    ),
    words(
        "guest_mutation_notification",
        &[c::BOOKINGS_PERSONAL_READ],
        &[
            c::BOOKINGS_READ,
            c::BOOKINGS_PERSONAL_READ,
            c::BOOKINGS_PERSONAL_WRITE,
            c::PROPERTIES_READ,
        ],
        "word of guests who have become others",
    ),
    words(
        "agenda_period",
        &[c::BOOKINGS_READ, c::CALENDAR_READ, c::PROPERTIES_READ],
        &[
            c::BOOKINGS_READ,
            c::BOOKINGS_WRITE,
            c::CALENDAR_READ,
            c::CALENDAR_WRITE,
            c::CALENDAR_DELETE,
            c::PROPERTIES_READ,
        ],
        "periods in which units are blocked",
    ),
    words("invoice", MONEY, MONEY_WRITE, "invoices"),
    words("payment", MONEY, MONEY_WRITE, "payments"),
    words("payment_method", MONEY, MONEY_WRITE, "payment methods"),
    words("payment_request", MONEY, MONEY_WRITE, "payment requests"),
    words("payment_result", MONEY, MONEY_WRITE, "payment results"),
    words("message", WORDS, WORDS_WRITE, "messages to guests"),
    words(
        "internal_message",
        WORDS,
        WORDS_WRITE,
        "messages among staff",
    ),
    words("todo", PLACES, PLACES_WRITE, "work to be done"),
    words(
        "application_command",
        &[c::ACCOUNTS_READ],
        &[c::ACCOUNTS_READ, c::ACCOUNTS_WRITE, c::ACCOUNTS_DELETE],
        "the application's own commands",
    ),
    // Everybody may read their own; what the word opens is the list of what was granted.
    words(
        "subscription",
        PLACES,
        &[],
        "the application's own installation",
    ),
];

/// The resources that have words for the app's own channels only.
const RESTRICTED: [&str; 4] = ["reservation", "booking", "order", "customer"];

/// Two words for one thing: the older one opens the newer, and the other way round.
const SAME: [(&str, &str); 6] = [
    ("category|read", "rentable_type|read"),
    ("category|write", "rentable_type|write"),
    ("category_group|read", "rentable_segment|read"),
    ("category_group|write", "rentable_segment|write"),
    ("rentable_identity|read", "inventory_object|read"),
    ("rentable_identity|write", "inventory_object|write"),
];

/// The word before a resource whose other word is for the app's own channels.
const CHANNEL: &str = "channel::";

/// Every word with what it opens, for apps to ask for.
pub fn permissions() -> Vec<Permission> {
    let mut all = Vec::new();
    for row in TABLE {
        let word = |verb: &str| format!("{}|{verb}", row.stem);
        all.push(permission(
            word("read"),
            format!("Read {}", row.about),
            row.read,
            Reach::Tenant,
        ));
        if !row.write.is_empty() {
            let about = format!("Write {}", row.about);
            all.push(permission(word("write"), about, row.write, Reach::Tenant));
        }
        if RESTRICTED.contains(&row.stem) {
            let about = format!("Read {} of the application's own channels", row.about);
            let word = format!("{CHANNEL}{}", word("read"));
            all.push(permission(word, about, row.read, Reach::OwnChannel));
        }
    }
    all
}

fn permission(word: String, about: String, opens: &[Capability], reach: Reach) -> Permission {
    let opens = opens.iter().map(|capability| (*capability, reach));
    Permission {
        word,
        about,
        capabilities: opens.collect::<Capabilities>(),
    }
}

/// The words that open what this word opens for a resource of its own.
pub fn acceptable(word: &'static str) -> Vec<String> {
    let mut words = vec![word.to_owned()];
    for (one, other) in SAME {
        if one == word {
            words.push(other.to_owned());
        }
        if other == word {
            words.push(one.to_owned());
        }
    }
    words.extend(restricted(word));
    words
}

/// The word for the app's own channels beside this one, where there is one.
pub fn restricted(word: &str) -> Option<String> {
    let stem = word.strip_suffix("|read")?;
    RESTRICTED
        .contains(&stem)
        .then(|| format!("{CHANNEL}{word}"))
}

/// The word for all of a resource beside this one, if this is for the app's own channels.
pub fn whole(word: &str) -> Option<&str> {
    word.strip_prefix(CHANNEL)
}

/// The words that open reading a type; none where everybody may.
pub fn reading(kind: &ResourceType) -> Vec<String> {
    kind.read.map(acceptable).unwrap_or_default()
}

/// The words that open writing a type; none where nobody may.
pub fn writing(kind: &ResourceType) -> Vec<String> {
    kind.write.map(acceptable).unwrap_or_default()
}

/// The words that hold a capability.
pub fn words_with(capability: Capability) -> Vec<String> {
    let all = permissions().into_iter();
    all.filter(|permission| permission.capabilities.contains(capability))
        .map(|permission| permission.word)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_there_once_and_opens_something() {
        let all = permissions();
        for (index, permission) in all.iter().enumerate() {
            let word = &permission.word;
            assert!(!permission.capabilities.is_empty(), "{word}");
            assert!(
                all[..index].iter().all(|other| other.word != *word),
                "{word}"
            );
        }
    }

    /// Every word that the vendor's documentation has named, but for those of types that are not here.
    const NAMED: &[&str] = &[
        "availability|read",
        "reservation|read",
        "reservation|write",
        "category|read",
        "rentable_type|read",
        "payment|write",
        "channel|write",
        "internal_message|write",
        "master_price_list|write",
        "channel::reservation|read",
        "channel::order|read",
        "channel::customer|read",
        "channel::booking|read",
        "administration|read",
        "agenda_period|read",
        "category_group|read",
        "channel|read",
        "city|read",
        "cost|read",
        "extra|read",
        "invoice|read",
        "order|read",
        "organization|read",
        "package|read",
        "payment|read",
        "payment_method|read",
        "region|read",
        "rentable|read",
        "rentable_identity|read",
        "review|read",
        "subscription|read",
    ];

    #[test]
    fn every_word_that_the_vendor_names_can_be_asked_for() {
        let all = permissions();
        for word in NAMED {
            assert!(all.iter().any(|known| known.word == *word), "{word}");
        }
    }

    #[test]
    fn aliases_and_the_restricted_family_open_the_same_type() {
        assert_eq!(
            acceptable("reservation|read"),
            ["reservation|read", "channel::reservation|read"]
        );
        assert_eq!(
            acceptable("category|read"),
            ["category|read", "rentable_type|read"]
        );
        assert_eq!(
            acceptable("rentable_segment|write"),
            ["rentable_segment|write", "category_group|write"]
        );
        assert_eq!(acceptable("guest|read"), ["guest|read"]);
    }
}
