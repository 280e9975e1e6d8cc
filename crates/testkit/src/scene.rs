//! A tenant with a property to book in, and builders for what is done there.

use std::future::Future;

use catalogue::{
    Kind,
    access::Tenant,
    inventory::{Organization, OrganizationDetails, Resource, ResourceDetails},
    sale::{Booking, BookingDetails, Line, LineDetails, Note, NoteDetails},
};
use domain::{
    booking::Status,
    id::{Id, IdSource},
    time::Zone,
};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use store::{
    ColdCommand, Result, Store, Tx,
    hot::{
        Answer, BookingChange, ChangeBooking, Command, Done, Group, OpenLane, Outcome, Overbooking,
        PlaceBooking, Price, Refusal, RemoveBooking, SetCapacity, Stamp, Submission, UnitChoice,
    },
};

use crate::{clock::MovableClock, store::OnStore};

/// A tenant with one organization, by which bookings are made in a store.
#[derive(Clone)]
pub struct Scene {
    /// The store.
    pub store: Store,
    /// What time it is for the tenant.
    pub clock: MovableClock,
    /// The tenant.
    pub tenant_id: Id,
    /// Its one organization, as far as no other is named.
    pub organization_id: Id,
    /// The client that does everything.
    pub client_id: Id,
    /// The grant that it uses.
    pub grant_id: Id,
}

/// What a lane is like.
#[derive(Clone, Copy, Debug)]
pub struct LaneOf {
    /// How much it holds.
    pub capacity: i64,
    /// Whether stays get numbered units.
    pub has_units: bool,
    /// Whether overbooking is refused always.
    pub refuses_overbooking: bool,
    /// The IANA name of its zone.
    pub zone: &'static str,
}

impl LaneOf {
    /// A lane of so many units, in Berlin.
    #[must_use]
    pub const fn units(capacity: i64) -> Self {
        Self {
            capacity,
            has_units: true,
            refuses_overbooking: false,
            zone: "Europe/Berlin",
        }
    }

    /// A lane that only counts, in Berlin.
    #[must_use]
    pub const fn places(capacity: i64) -> Self {
        Self {
            has_units: false,
            ..Self::units(capacity)
        }
    }

    /// The same, never overbooked.
    #[must_use]
    pub const fn never_overbooked(self) -> Self {
        Self {
            refuses_overbooking: true,
            ..self
        }
    }
}

/// The day from which tests count: the Monday after the clock's Saturday.
pub const FIRST_DAY: Date = date(2026, 11, 23);

/// The day so many days after [`FIRST_DAY`].
#[must_use]
pub fn day(number: i32) -> Date {
    FIRST_DAY
        .checked_add(number.days())
        .expect("tests stay within a few years")
}

impl Scene {
    /// A new tenant with one organization, and nothing to book yet.
    pub async fn new(store: &Store) -> Self {
        let clock = MovableClock::default();
        let next = || store.ids().next(clock.now());
        let scene = Self {
            tenant_id: next(),
            organization_id: next(),
            client_id: next(),
            grant_id: next(),
            store: store.clone(),
            clock: clock.clone(),
        };
        let tenant = Tenant {
            id: scene.tenant_id,
            name: "Tenant".to_owned(),
            sandbox: false,
            clock_offset_ms: 0,
            created_at: clock.now(),
        };
        store
            .run(Insert(tenant))
            .await
            .expect("a tenant can be added");
        scene.organization(scene.organization_id).await;
        scene
    }

    /// A new id.
    #[must_use]
    pub fn id(&self) -> Id {
        self.store.ids().next(self.clock.now())
    }

    /// Who does things here, for the whole tenant.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp {
            tenant_id: self.tenant_id,
            client_id: self.client_id,
            grant_id: self.grant_id,
            request_id: "test".into(),
            organizations: None,
            now: self.clock.now(),
        }
    }

    /// The same scene seen by a caller who reaches these organizations only.
    #[must_use]
    pub fn stamp_reaching(&self, organizations: &[Id]) -> Stamp {
        Stamp {
            organizations: Some(organizations.into()),
            ..self.stamp()
        }
    }

    /// Adds an organization.
    pub async fn organization(&self, id: Id) {
        let organization = Organization {
            tenant_id: self.tenant_id,
            id,
            parent_id: None,
            name: "House".to_owned(),
            version: 1,
            details: OrganizationDetails::default(),
        };
        self.store
            .run(Insert(organization))
            .await
            .expect("an organization can be added");
    }

    /// Adds a resource of the scene's organization, with its lane open.
    pub async fn lane(&self, lane: LaneOf) -> Id {
        self.lane_of(self.organization_id, lane).await
    }

    /// Adds a resource of an organization, with its lane open.
    pub async fn lane_of(&self, organization_id: Id, lane: LaneOf) -> Id {
        let id = self.id();
        let resource = Resource {
            tenant_id: self.tenant_id,
            id,
            organization_id,
            name: "Room".to_owned(),
            version: 1,
            quantity: lane.capacity,
            details: ResourceDetails::default(),
        };
        self.store
            .run(Insert(resource))
            .await
            .expect("a resource can be added");
        self.done(Command::OpenLane(self.open_lane(id, organization_id, lane)))
            .await;
        id
    }

    /// The command that opens a lane.
    #[must_use]
    pub fn open_lane(&self, resource_id: Id, organization_id: Id, lane: LaneOf) -> OpenLane {
        OpenLane {
            resource_id,
            organization_id,
            zone: Zone::new(lane.zone).expect("tests name zones that exist"),
            capacity: lane.capacity,
            has_units: lane.has_units,
            refuses_overbooking: lane.refuses_overbooking,
        }
    }

    /// A confirmed booking of one from [`day`] `arrival` on for so many nights; refused when it does
    /// not fit. Change its fields to make it another.
    #[must_use]
    pub fn place(&self, resource_id: Id, arrival: i32, nights: i32) -> PlaceBooking {
        let now = self.clock.now();
        let booking = Booking {
            tenant_id: self.tenant_id,
            id: self.id(),
            organization_id: self.organization_id,
            resource_id,
            group_id: None,
            status: Status::Confirmed,
            opened: true,
            arrival_on: day(arrival),
            departure_on: day(arrival + nights),
            starts_at: now,
            ends_at: now,
            created_at: now,
            changed_at: now,
            channel: "direct".to_owned(),
            external_reference: String::new(),
            search: String::new(),
            version: 0,
            quantity: 1,
            cancelled_at: None,
            held_until: None,
            details: BookingDetails::default(),
        };
        PlaceBooking {
            booking,
            price: Price::Given,
            lines: Vec::new(),
            charge: None,
            notes: Vec::new(),
            unit: UnitChoice::Any,
            group: Group::Alone,
            overbooking: Overbooking::Refuse,
            event_id: self.id(),
            announce: true,
        }
    }

    /// A change of a booking that changes nothing yet; refused when it does not fit.
    #[must_use]
    pub fn change(&self, booking_id: Id) -> ChangeBooking {
        ChangeBooking {
            booking_id,
            change: BookingChange::default(),
            lines: Vec::new(),
            notes: Vec::new(),
            remove_lines: false,
            overbooking: Overbooking::Refuse,
            event_id: self.id(),
            announce: true,
        }
    }

    /// A change of a booking's state.
    #[must_use]
    pub fn become_(&self, booking_id: Id, status: Status) -> ChangeBooking {
        let mut change = self.change(booking_id);
        change.change.status = Some(status);
        change
    }

    /// The removal of a booking.
    #[must_use]
    pub fn remove(&self, booking_id: Id) -> RemoveBooking {
        RemoveBooking {
            booking_id,
            event_id: self.id(),
        }
    }

    /// A change of capacity, refused when more is sold.
    #[must_use]
    pub fn set_capacity(&self, resource_id: Id, capacity: i64) -> SetCapacity {
        SetCapacity {
            resource_id,
            capacity,
            overbooking: Overbooking::Refuse,
            refuses_overbooking: false,
            clears_last_unit: false,
            event_id: self.id(),
        }
    }

    /// A line for a booking.
    #[must_use]
    pub fn line(&self, booking_id: Id, description: &str) -> Line {
        let details = LineDetails {
            description: description.to_owned(),
            quantity: 1,
            ..LineDetails::default()
        };
        Line {
            tenant_id: self.tenant_id,
            id: self.id(),
            booking_id,
            created_at: self.clock.now(),
            details,
        }
    }

    /// A note for a booking.
    #[must_use]
    pub fn note(&self, booking_id: Id, code: &str) -> Note {
        let details = NoteDetails {
            code: code.to_owned(),
            text: String::new(),
        };
        Note {
            tenant_id: self.tenant_id,
            id: self.id(),
            booking_id,
            created_at: self.clock.now(),
            details,
        }
    }

    /// The submission of some commands.
    #[must_use]
    pub fn submission(&self, commands: Vec<Command>) -> Submission {
        Submission {
            stamp: self.stamp(),
            commands,
            all_or_nothing: false,
            idempotency: None,
        }
    }

    /// Submits commands together and says what became of each.
    pub async fn submit(&self, commands: Vec<Command>) -> Vec<Outcome> {
        fresh(
            self.store
                .submit(self.submission(commands))
                .await
                .expect("the store is open and not busy"),
        )
    }

    /// Submits one command.
    pub async fn one(&self, command: impl Into<Command>) -> Outcome {
        self.submit(vec![command.into()])
            .await
            .pop()
            .expect("one command has one outcome")
    }

    /// Submits one command that must be done.
    #[track_caller]
    pub fn done(&self, command: impl Into<Command>) -> impl Future<Output = Done> {
        let caller = std::panic::Location::caller();
        let command = command.into();
        async move {
            match self.submit(vec![command]).await.pop() {
                Some(Outcome::Done(done)) => *done,
                other => panic!("{caller}: done was expected, not {other:?}"),
            }
        }
    }

    /// Submits one command that must be refused.
    #[track_caller]
    pub fn refused(&self, command: impl Into<Command>) -> impl Future<Output = Refusal> {
        let caller = std::panic::Location::caller();
        let command = command.into();
        async move {
            match self.submit(vec![command]).await.pop() {
                Some(Outcome::Refused(refusal)) => refusal,
                other => panic!("{caller}: a refusal was expected, not {other:?}"),
            }
        }
    }

    /// Places a booking and gives its id.
    #[track_caller]
    pub fn placed(&self, place: PlaceBooking) -> impl Future<Output = Id> {
        let id = place.booking.id;
        let done = self.done(place);
        async move {
            done.await;
            id
        }
    }

    /// A booking as it is stored.
    pub async fn booking(&self, id: Id) -> Option<Booking> {
        let tx = self.store.reader().await.expect("the store can be read");
        tx.get(&[self.tenant_id.into(), id.into()])
            .await
            .expect("the store can be read")
    }

    /// Feeds the tenant's journal to its checker and compares what it finds with the rows.
    pub async fn verify(&self) -> journal::Report {
        crate::verify(&self.store, self.tenant_id).await
    }
}

/// The outcomes of an answer that must be fresh.
#[must_use]
pub fn fresh(answer: Answer) -> Vec<Outcome> {
    match answer {
        Answer::Fresh(outcomes) => outcomes,
        other => panic!("a fresh answer was expected, not {other:?}"),
    }
}

/// Runs a test on every store, each time in a scene of its own.
pub async fn in_each_scene<F, Run>(mut test: F)
where
    F: FnMut(Scene) -> Run,
    Run: Future<Output = ()>,
{
    for one in crate::stores().await {
        let on = OnStore(one.name);
        test(Scene::new(&one.store).await).await;
        drop(on);
        one.finish().await;
    }
}

/// Puts one row into a store that no use case makes in a test, such as a delivery that was never sent.
pub async fn put_in<K: Kind + 'static>(store: &Store, row: K) {
    store
        .run(Insert(row))
        .await
        .expect("a row can be put into a fresh store");
}

/// Inserts one row of any kind.
struct Insert<K>(K);

impl<K: Kind + 'static> ColdCommand for Insert<K> {
    type Output = ();

    async fn run<'a>(&'a self, tx: &'a mut Tx, _: &'a IdSource) -> Result<()> {
        tx.insert(std::slice::from_ref(&self.0)).await
    }
}
