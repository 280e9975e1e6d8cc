//! The one table of the kinds that are read and written in the same way: whom they belong to, who may
//! touch them, what they hang on, and what is told when they change.

use catalogue::{
    Kind, Value, content as c,
    customers::{Contractor, Customer, Order, Owner, email_key, phone_key},
    inventory::{Organization, Resource, StoredPrice, Unit},
    links as l, records as r,
    sale::{Booking, Guest, Line, Note},
    shared::{Details, Invalid, Reference, search_text},
};
use domain::id::Id;
use jiff::Timestamp;

use crate::Subject;

/// How a row is known to belong to an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// It is one.
    Itself,
    /// It names it, or belongs to the whole tenant.
    Own,
    /// It hangs on a row that does.
    Through {
        /// The column that names the other row.
        column: &'static str,
        /// The table of the other row.
        table: &'static str,
        /// Its word, where it shares the table.
        only: Option<&'static str>,
    },
}

/// A kind that can be listed, and found by ids.
pub trait Readable: Kind + Clone + 'static {
    /// What it is about, for the table of who may do what.
    const SUBJECT: Subject;
    /// Whom it belongs to.
    const HOME: Home;
    /// Its id.
    fn id(&self) -> Id;
    /// Its organization, where it names one.
    fn organization_id(&self) -> Option<Id>;
}

/// What may be done with a kind in the same way as with all others. What needs more has steps of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct May {
    /// Made.
    pub create: bool,
    /// Changed.
    pub change: bool,
    /// Removed.
    pub remove: bool,
}

impl May {
    const ALL: May = May {
        create: true,
        change: true,
        remove: true,
    };
    const CHANGE: May = May {
        create: false,
        change: true,
        remove: false,
    };
    const NOTHING: May = May {
        create: false,
        change: false,
        remove: false,
    };
}

/// The words of what happens to a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events {
    /// It was made.
    pub created: &'static str,
    /// It was changed.
    pub changed: &'static str,
    /// It was removed.
    pub removed: &'static str,
}

/// A kind that is written in the same way as all others.
pub trait Writable: Readable {
    /// What may be done with it so.
    const MAY: May;
    /// What is told.
    const EVENTS: Events;
    /// Notes the tenant, the moments, and what follows from the details.
    fn stamp(&mut self, as_of: &Self, tenant_id: Id, now: Timestamp);
    /// Notes that it is new.
    fn begin(&mut self, now: Timestamp);
    /// Whether it can be kept.
    fn check(&self) -> Result<(), Invalid>;
    /// The rows that it names.
    fn references(&self) -> Vec<Reference>;
    /// The resource that searches find by this row, or put in order by it.
    fn searched_by_it(&self) -> Option<Id> {
        None
    }
}

/// Declares how kinds with columns of their own are read.
macro_rules! readable {
    ($($kind:ty, $subject:ident, $home:expr, $organization:expr;)*) => { $(
        impl Readable for $kind {
            const SUBJECT: Subject = Subject::$subject;
            const HOME: Home = $home;
            fn id(&self) -> Id { self.id }
            fn organization_id(&self) -> Option<Id> {
                let of: fn(&Self) -> Option<Id> = $organization;
                of(self)
            }
        }
    )* };
}

const OF_BOOKING: Home = Home::Through {
    column: "booking_id",
    table: "booking",
    only: None,
};

const OF_LIST: Home = Home::Through {
    column: "list_id",
    table: "content",
    only: <c::PriceList as Kind>::ONLY,
};

readable! {
    Organization, Places, Home::Itself, |row| Some(row.id);
    Resource, Places, Home::Own, |row| Some(row.organization_id);
    Unit, Units, Home::Own, |row| row.organization_id;
    Booking, Bookings, Home::Own, |row| Some(row.organization_id);
    Order, Bookings, Home::Own, |row| row.organization_id;
    Line, Money, OF_BOOKING, |_| None;
    Note, Bookings, OF_BOOKING, |_| None;
    Guest, Guests, OF_BOOKING, |_| None;
    StoredPrice, Prices, OF_LIST, |_| None;
}

/// Declares the kinds of a table that they share.
macro_rules! shared {
    ($table:ident: $($kind:ty, $subject:ident, $noun:literal, $may:expr $(, parent $parent:ty)? $(, about $about:ty)? $(, searched by $searched:ident)?;)*) => { $(
        readable! { $kind, $subject, Home::Own, |row| row.organization_id; }

        impl Writable for $kind {
            const MAY: May = $may;
            const EVENTS: Events = Events {
                created: concat!($noun, ".created"),
                changed: concat!($noun, ".changed"),
                removed: concat!($noun, ".removed"),
            };

            fn stamp(&mut self, as_of: &Self, tenant_id: Id, now: Timestamp) {
                self.tenant_id = tenant_id;
                self.id = as_of.id;
                self.created_at = as_of.created_at;
                self.version = as_of.version;
                self.changed_at = now;
                shared!(@follow $table, self);
            }

            fn begin(&mut self, now: Timestamp) {
                self.version = 1;
                self.created_at = now;
            }

            fn check(&self) -> Result<(), Invalid> {
                self.details.check()?;
                shared!(@check $table, self $(, parent $parent)? $(, about $about)?)
            }

            $( fn searched_by_it(&self) -> Option<Id> {
                self.$searched
            } )?

            fn references(&self) -> Vec<Reference> {
                let mut all = self.details.references();
                shared!(@refer $table, self, all $(, parent $parent)? $(, about $about)?);
                all
            }
        }
    )* };
    (@follow content, $row:ident) => { $row.search = search_text(&$row.details); };
    (@follow record, $row:ident) => { $row.search = search_text(&$row.details); };
    (@follow person, $row:ident) => {
        $row.search = search_text(&$row.details);
        let contact = &$row.details.contact;
        $row.email = email_key(&contact.email);
        $row.phone = phone_key(if contact.phone.is_empty() { &contact.mobile } else { &contact.phone });
    };
    (@follow link, $row:ident) => {};
    (@check content, $row:ident) => { no_parent($row.parent_id) };
    (@check content, $row:ident, parent $parent:ty) => { has_parent($row.parent_id) };
    (@check record, $row:ident $(, parent $parent:ty)? $(, about $about:ty)?) => {
        check_record($row.organization_id, &$row.state, &$row.reference)
    };
    (@check person, $row:ident) => { Ok(()) };
    (@check link, $row:ident, about $about:ty) => { check_link(&$row.subject) };
    (@refer content, $row:ident, $all:ident $(, parent $parent:ty)?) => {
        $all.extend($row.organization_id.map(|id| Reference::to::<Organization>("organization_id", id)));
        $( $all.extend($row.parent_id.map(|id| Reference::to::<$parent>("parent_id", id))); )?
    };
    (@refer record, $row:ident, $all:ident $(, parent $parent:ty)? $(, about $about:ty)?) => {
        $all.extend($row.organization_id.map(|id| Reference::to::<Organization>("organization_id", id)));
        $( $all.extend($row.parent_id.map(|id| Reference::to::<$parent>("parent_id", id))); )?
        $( $all.extend($row.subject_id.map(|id| Reference::to::<$about>("subject_id", id))); )?
    };
    (@refer person, $row:ident, $all:ident) => {
        $all.extend($row.organization_id.map(|id| Reference::to::<Organization>("organization_id", id)));
    };
    (@refer link, $row:ident, $all:ident, about $about:ty) => {
        $all.extend(subject_of(&$row.subject, $row.from_id));
        $all.push(Reference::to::<$about>("to_id", $row.to_id));
    };
}

shared! { content:
    c::AmenityGroup, Content, "amenity_group", May::ALL;
    c::Amenity, Content, "amenity", May::ALL, parent c::AmenityGroup;
    c::AmenityOption, Content, "amenity_option", May::ALL, parent c::Amenity;
    c::Segment, Content, "segment", May::ALL;
    c::Region, Content, "region", May::ALL;
    c::City, Content, "city", May::ALL, parent c::Region;
    c::Label, Content, "label", May::ALL;
    c::Image, Content, "image", May::ALL, parent Resource;
    c::Channel, Channels, "channel", May::ALL;
    c::PriceList, Prices, "price_list", May::ALL;
    c::ExtraItem, Content, "extra", May::ALL;
    c::Cost, Content, "cost", May::ALL;
    c::PeriodicCost, Content, "periodic_cost", May::ALL;
    c::Package, Content, "package", May::ALL;
    c::Campaign, Content, "campaign", May::ALL;
    c::DiscountCard, Content, "discount_card", May::ALL;
    c::Coupon, Content, "coupon", May::ALL;
    c::CancellationRule, Content, "cancellation_rule", May::ALL;
    c::PaymentMethod, Payments, "payment_method", May::ALL;
    c::MessageTemplate, Messages, "message_template", May::ALL;
    c::ApplicationCommand, Account, "application_command", May::ALL;
    c::TenantProfile, Account, "tenant_profile", May::ALL;
}

shared! { record:
    r::Invoice, Payments, "invoice", May::CHANGE, about Booking;
    r::Payment, Payments, "payment", May::NOTHING, parent r::Invoice, about Booking;
    r::PaymentRequest, Payments, "payment_request", May { remove: false, ..May::ALL }, parent r::Invoice, about Booking;
    r::PaymentResult, Payments, "payment_result", May::NOTHING, parent r::PaymentRequest;
    r::Message, Messages, "message", May::CHANGE, about Booking;
    r::Todo, Operations, "todo", May::ALL, about Booking;
    r::Review, Operations, "review", May::ALL, parent Resource, about Booking, searched by parent_id;
    r::Agreement, Customers, "agreement", May::ALL, parent Unit;
    r::Block, Blocks, "block", May::NOTHING, parent Unit, about Booking;
    r::GuestMutation, Guests, "guest_mutation", May { create: true, ..May::NOTHING }, about Booking;
}

shared! { person:
    Customer, Customers, "customer", May::ALL;
    Owner, Customers, "owner", May::ALL;
    Contractor, Customers, "contractor", May::ALL;
}

shared! { link:
    l::AmenityValue, Content, "amenity_value", May::ALL, about c::Amenity;
    l::Labelled, Content, "labelled", May::ALL, about c::Label;
    l::InSegment, Content, "in_segment", May::ALL, about c::Segment;
    l::InRegion, Content, "in_region", May::ALL, about c::Region;
    l::InCity, Content, "in_city", May::ALL, about c::City;
    l::SoldIn, Channels, "sold_in", May::ALL, about Resource;
    l::LimitedTo, Content, "limited_to", May::ALL, about Resource;
    l::PackagePart, Content, "package_part", May::ALL, about c::ExtraItem;
    l::BookedPackage, Bookings, "booked_package", May::ALL, about c::Package;
}

fn no_parent(parent: Option<Id>) -> Result<(), Invalid> {
    match parent {
        None => Ok(()),
        Some(_) => Err(Invalid::new(
            "parent_id",
            "nothing: this kind is part of no other",
        )),
    }
}

fn has_parent(_: Option<Id>) -> Result<(), Invalid> {
    Ok(())
}

fn check_record(organization_id: Option<Id>, state: &str, reference: &str) -> Result<(), Invalid> {
    if organization_id.is_none() {
        return Err(Invalid::new("organization_id", "an organization"));
    }
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    if state.len() > 32 || !state.bytes().all(is_word) {
        return Err(Invalid::new("state", "a word of at most 32 small letters"));
    }
    if reference.len() > 200 {
        return Err(Invalid::new("reference", "at most 200 bytes"));
    }
    Ok(())
}

/// What may have something through a link, by its word.
const SUBJECTS: &[(&str, &str, Option<&str>)] = &[
    ("organization", "organization", None),
    ("resource", "resource", None),
    ("unit", "unit", None),
    ("booking", "booking", None),
    ("channel", "content", <c::Channel as Kind>::ONLY),
    ("package", "content", <c::Package as Kind>::ONLY),
    ("campaign", "content", <c::Campaign as Kind>::ONLY),
    ("extra", "content", <c::ExtraItem as Kind>::ONLY),
    ("cost", "content", <c::Cost as Kind>::ONLY),
];

fn check_link(subject: &str) -> Result<(), Invalid> {
    if SUBJECTS.iter().any(|(word, _, _)| *word == subject) {
        return Ok(());
    }
    let words: Vec<&str> = SUBJECTS.iter().map(|(word, _, _)| *word).collect();
    Err(Invalid::new("subject", words.join(", ")))
}

pub(super) fn subject_of(subject: &str, id: Id) -> Option<Reference> {
    let known = SUBJECTS.iter().find(|(word, _, _)| *word == subject);
    known.map(|(_, table, only)| Reference {
        field: "from_id",
        table,
        only: *only,
        id,
    })
}

/// Guests hang on a booking, units on a resource, orders on a master booking.
impl Writable for Guest {
    const MAY: May = May::ALL;
    const EVENTS: Events = Events {
        created: "guest.created",
        changed: "guest.changed",
        removed: "guest.removed",
    };

    fn stamp(&mut self, as_of: &Self, tenant_id: Id, _: Timestamp) {
        self.tenant_id = tenant_id;
        self.id = as_of.id;
        self.booking_id = as_of.booking_id;
        self.created_at = as_of.created_at;
    }

    fn begin(&mut self, now: Timestamp) {
        self.created_at = now;
    }

    fn check(&self) -> Result<(), Invalid> {
        catalogue::customers::PersonDetails {
            contact: self.contact.clone(),
            notes: self.note.clone(),
            ..Default::default()
        }
        .check()?;
        let is_known = ["", "male", "female", "other"].contains(&self.registration.gender.as_str());
        if is_known {
            Ok(())
        } else {
            Err(Invalid::new("gender", "male, female, other, or nothing"))
        }
    }

    fn references(&self) -> Vec<Reference> {
        vec![Reference::to::<Booking>("booking_id", self.booking_id)]
    }
}

impl Writable for Unit {
    const MAY: May = May::CHANGE;
    const EVENTS: Events = Events {
        created: "unit.created",
        changed: "unit.changed",
        removed: "unit.removed",
    };

    fn stamp(&mut self, as_of: &Self, tenant_id: Id, now: Timestamp) {
        self.tenant_id = tenant_id;
        self.id = as_of.id;
        self.resource_id = as_of.resource_id;
        self.organization_id = as_of.organization_id;
        self.number = as_of.number;
        self.created_at = as_of.created_at;
        self.changed_at = now;
        self.search = self.search_text();
    }

    fn begin(&mut self, now: Timestamp) {
        self.created_at = now;
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.name.len() > 1_000 {
            return Err(Invalid::new("name", "at most 1000 bytes"));
        }
        Ok(())
    }

    fn references(&self) -> Vec<Reference> {
        Vec::new()
    }
}

impl Writable for Order {
    const MAY: May = May::ALL;
    const EVENTS: Events = Events {
        created: "order.created",
        changed: "order.changed",
        removed: "order.removed",
    };

    fn stamp(&mut self, as_of: &Self, tenant_id: Id, now: Timestamp) {
        self.tenant_id = tenant_id;
        self.id = as_of.id;
        self.created_at = as_of.created_at;
        self.version = as_of.version;
        self.changed_at = now;
    }

    fn begin(&mut self, now: Timestamp) {
        self.version = 1;
        self.created_at = now;
    }

    fn check(&self) -> Result<(), Invalid> {
        let references = [
            ("reference", &self.reference),
            ("external_reference", &self.external_reference),
        ];
        match references.into_iter().find(|(_, text)| text.len() > 200) {
            Some((field, _)) => Err(Invalid::new(field, "at most 200 bytes")),
            None => Ok(()),
        }
    }

    fn references(&self) -> Vec<Reference> {
        let mut all = self.details.references();
        all.push(Reference::to::<Booking>("id", self.id));
        all.extend(
            self.customer_id
                .map(|id| Reference::to::<Customer>("customer_id", id)),
        );
        all.extend(
            self.owner_id
                .map(|id| Reference::to::<Owner>("owner_id", id)),
        );
        all.extend(
            self.channel_id
                .map(|id| Reference::to::<c::Channel>("channel_id", id)),
        );
        all
    }
}

/// A cell of an id list, for keys.
pub(super) fn key(tenant_id: Id, id: Id) -> Vec<Value> {
    vec![tenant_id.into(), id.into()]
}
