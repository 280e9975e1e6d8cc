//! Changes reservations: other dates, another unit, confirmed, called off; or says what that would come to.

use domain::{booking::Status, id::Id, time::today};
use http::StatusCode;
use http_kit::{Answer, Call, Refusal};
use jsonapi::{Change, Code, Draft, Error, Query as Asked, Rules};
use rust_decimal::Decimal;
use service::{
    bookings::{BookingChange, BookingPatch, BookingWrite, ItemWrite, UnitChoice},
    content::Channel,
    customers::Order,
    inventory::{Organization, Resource},
    patch::{ExtraPatch, PartyPatch},
    records::{CampaignChoice, Field},
    sale::{Booking, BookingDetailsPatch, Line, LineDetails},
    stay_terms::StayTerms,
};

use super::{
    answer, bad,
    beside::beside,
    carry_out,
    create::{is_sold, missing_type, unit},
    discount, expected,
    flags::{Flags, Mode},
    needs_writing, order,
    order::{LineWrite, OrderPlan},
    packages,
    plan::{Around, OrderSaid, Plan},
    presence::{self, Turn},
    preview,
    refusals::Named,
    stay::Stay,
    vouchers,
    wish::{TYPE_NAMES, UNIT_NAMES, Wish, lead_somewhere},
};
use crate::errors::{no_access, not_found, refusal, refused};
use crate::kinds::bookings::RESERVATION;
use crate::read::{self, Look, Root, begin, parse};
use crate::rows::{
    bookings::{booking_of, state as state_word},
    orders::Booked,
};
use crate::state::State;

/// The states that are called confirmed.
pub const FIRM: [Status; 3] = [Status::Confirmed, Status::InHouse, Status::Completed];

/// The states in which a reservation may be changed.
const ALIVE: [Status; 6] = [
    Status::Requested,
    Status::Held,
    Status::Optional,
    Status::Confirmed,
    Status::InHouse,
    Status::Completed,
];

/// The states that are over: called off, they stay as they are.
const OVER: [Status; 3] = [Status::Cancelled, Status::Refused, Status::Expired];

/// Changes a reservation.
///
/// # Errors
/// The refusal; 409 where nothing is free, and for a reservation that is over.
pub async fn update(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let (query, plan) = understood(&state, &call, root).await?;
    let id = carry_out(&state, &call, plan).await?;
    answer(&state, &call, &query, id, StatusCode::OK).await
}

/// Says what a change would come to, and changes nothing.
///
/// # Errors
/// As [`update`].
pub async fn preview_change(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let (query, plan) = understood(&state, &call, root).await?;
    preview(&state, &call, &query, plan).await
}

/// Confirms a reservation. One that is confirmed stays so.
///
/// # Errors
/// 409 for a reservation that is over.
pub async fn confirm(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let query = asked(&state, &call)?;
    let found = found(&state, &call, &query, root).await?;
    let flags = Flags {
        confirm: true,
        ..Flags::default()
    };
    let change = Changing::new(&call, found, flags);
    let plan = change.plan(BookingChange::default(), Priced::default(), None, None);
    let id = carry_out(&state, &call, plan).await?;
    answer(&state, &call, &query, id, StatusCode::OK).await
}

/// Calls a reservation off. One that is over already stays as it is.
///
/// # Errors
/// The refusal.
pub async fn cancel(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let query = asked(&state, &call)?;
    let id = called_off(&state, &call, &query, root).await?;
    answer(&state, &call, &query, id, StatusCode::OK).await
}

/// The same, without an answer to read.
///
/// # Errors
/// The refusal.
pub async fn remove(state: State, call: Call, root: Root) -> Result<Answer, Refusal> {
    let query = asked(&state, &call)?;
    called_off(&state, &call, &query, root).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn asked(state: &State, call: &Call) -> Result<Asked, Refusal> {
    needs_writing(call)?;
    parse(call, &Rules::one(&state.schema, &RESERVATION))
}

async fn called_off(state: &State, call: &Call, query: &Asked, root: Root) -> Result<Id, Refusal> {
    let found = found(state, call, query, root).await?;
    let mut change = Changing::new(call, found, Flags::default());
    change.goes = Some(Status::Cancelled);
    let plan = change.plan(BookingChange::default(), Priced::default(), None, None);
    carry_out(state, call, plan).await
}

/// A reservation as it stands, with where it came from.
struct Found {
    booking: Booking,
    organization: Organization,
    channel: Option<Channel>,
    lines: Vec<Line>,
    packages: Booked,
}

/// The reservation of the path.
async fn found(state: &State, call: &Call, query: &Asked, root: Root) -> Result<Found, Refusal> {
    let look = begin(state, call, query).await?;
    let id: Id = call.path_value("id")?;
    let channel = match root {
        Root::Channel => Some(read::channel(call, &look).await?),
        _ => None,
    };
    let administration = match root {
        Root::Administration => {
            let id: Id = call.path_value("administration_id")?;
            call.caller.needs_organization(id).map_err(no_access)?;
            Some(id)
        }
        _ => None,
    };
    let booking = look.reading.one::<Booking>(id).await.map_err(refused)?;
    let is_here = |booking: &Booking| {
        let channel = channel.as_ref();
        state_word(booking.status).is_some()
            && channel.is_none_or(|channel| channel.slug() == booking.channel)
            && administration.is_none_or(|id| booking.organization_id == id)
    };
    let booking = booking.filter(is_here);
    let booking = booking.ok_or_else(|| not_found(RESERVATION.name))?;
    let organization = look.reading.one::<Organization>(booking.organization_id);
    let organization = organization.await.map_err(refused)?;
    let organization = organization.ok_or_else(|| not_found("administration"))?;
    let channel = match channel {
        Some(channel) => Some(channel),
        None => channel_of(&look, &booking).await?,
    };
    let of = const { Field::<Line>::new("booking_id") };
    let lines = look.reading.of::<Line>(of, &[id]).await.map_err(refused)?;
    let packages = Booked::of(&[id], &look).await;
    let packages = packages.map_err(refused)?.remove(&id);
    Ok(Found {
        booking,
        organization,
        channel,
        lines,
        packages: packages.unwrap_or_default(),
    })
}

/// The channel that a reservation came through, by whose terms it is priced.
async fn channel_of(look: &Look<'_>, booking: &Booking) -> Result<Option<Channel>, Refusal> {
    let order = look.reading.one::<Order>(booking_of(booking)).await;
    let id = order.map_err(refused)?.and_then(|order| order.channel_id);
    match id {
        Some(id) => look.reading.one::<Channel>(id).await.map_err(refused),
        None => Ok(None),
    }
}

async fn understood(state: &State, call: &Call, root: Root) -> Result<(Asked, Plan), Refusal> {
    let query = asked(state, call)?;
    let flags = Flags::read(&query)?;
    let id = call.path_parameter("id")?;
    let request = expected(state).update(id, &call.body).map_err(refusal)?;
    let draft = request.root();
    let wish = Wish::read(draft);
    if flags.mode == Mode::CurrentOrder {
        discount::nothing_asked(draft, &wish)?;
    }
    let found = found(state, call, &query, root).await?;
    lead_somewhere(draft)?;
    let stay = wanted(draft, &wish, &found.booking)?;
    let today = today(&found.organization.details.zone, call.actor.now);
    let turn = presence::turn(draft, &wish, &found.booking, &stay, today)?;
    let terms = if wish.is_about_the_stay() {
        let terms = stay.terms(&state.service, call, draft).await?;
        let terms = terms.ok_or_else(|| missing_type(draft, &wish))?;
        judge(call, draft, &found.booking, &stay, &terms, flags)?;
        Some(terms)
    } else {
        None
    };
    let look = begin(state, call, &query).await?;
    let mut change = said(&wish, &found.booking, &stay);
    change.unit = unit(&look, draft, &wish, stay.resource_id).await?;
    let status = turn
        .as_ref()
        .map_or(found.booking.status, |turn| turn.status);
    if status == Status::Completed && change.unit.is_some_and(|unit| unit != UnitChoice::Any) {
        let error = Error::new(Code::Conflict, "Whoever has checked out has no unit");
        return Err(bad(error.at(draft.pointer())));
    }
    if change.resource_id.is_some()
        && let (Some(terms), Some(channel)) = (&terms, &found.channel)
        && !is_sold(&look, channel, &terms.resource).await?
    {
        return Err(missing_type(draft, &wish));
    }
    // Whoever sold a stay may ask what it costs today; below the administration, where everybody's stays
    // are, only a stay that becomes another one is priced anew.
    let differs = stay.differs_from(&found.booking) || wish.is_about_discounts();
    let reprices = root == Root::Channel || differs;
    let mut changing = Changing::new(call, found, flags);
    changing.turn = turn;
    let priced = match &terms {
        Some(terms) if flags.mode == Mode::CurrentPrices && reprices => {
            let sold = (&stay, terms);
            changing.priced(&look, &request, &wish, sold).await?
        }
        _ => Priced::default(),
    };
    let priced = if priced.order.is_none() {
        let asked = (draft, &wish);
        changing.with_packages(&look, asked, &stay, flags).await?
    } else {
        priced
    };
    let kept = beside((state, call), &look, &request, &wish).await?;
    drop(look);
    let mut plan = changing.plan(change, priced, Some(draft), Some(&wish));
    plan.around.labels = kept.labels;
    plan.before.extend(kept.before);
    let named = kept.named.into_iter();
    plan.named = named.fold(plan.named, |named, (field, at)| named.with(field, at));
    Ok((query, plan))
}

/// The stay as it will be.
fn wanted(draft: &Draft, wish: &Wish, before: &Booking) -> Result<Stay, Refusal> {
    if let Some(name) = super::wish::cleared_type(draft) {
        let detail = "A reservation is always for a rentable type";
        return Err(bad(draft.refuse_link(name, detail)));
    }
    Ok(Stay {
        resource_id: wish.resource.map_or(before.resource_id, |(_, id)| id),
        arrival: wish.arrival.unwrap_or(before.arrival_on),
        departure: wish.departure.unwrap_or(before.departure_on),
        groups: wish.groups_after(before.details.groups()),
    })
}

/// Judges a stay that changes. One that has begun already may still be changed in what is left of it.
fn judge(
    call: &Call,
    draft: &Draft,
    before: &Booking,
    stay: &Stay,
    terms: &StayTerms,
    flags: Flags,
) -> Result<(), Refusal> {
    let flags = Flags {
        in_the_past: flags.in_the_past || stay.arrival == before.arrival_on,
        ..flags
    };
    let has_moved = (stay.resource_id, stay.arrival, stay.departure)
        != (before.resource_id, before.arrival_on, before.departure_on);
    let terms = StayTerms {
        allowed: if has_moved { terms.allowed } else { Ok(()) },
        ..terms.clone()
    };
    stay.judge(call, draft, &terms, flags)
}

/// What a request says of the booking itself; the price aside.
fn said(wish: &Wish, before: &Booking, stay: &Stay) -> BookingChange {
    let groups = wish.groups.is_some().then_some(stay.groups);
    let party = groups.map(|groups| groups.party());
    BookingChange {
        resource_id: (stay.resource_id != before.resource_id).then_some(stay.resource_id),
        arrival: wish.arrival,
        departure: wish.departure,
        external_reference: wish.key.clone(),
        details: BookingDetailsPatch {
            ages: groups,
            party: party.map_or_else(PartyPatch::default, |party| PartyPatch {
                adults: Some(party.adults),
                children: Some(party.children),
                infants: Some(party.infants),
            }),
            notes: wish.note.clone(),
            extra: ExtraPatch(wish.extra.clone()),
            ..BookingDetailsPatch::default()
        },
        ..BookingChange::default()
    }
}

/// What a stay comes to that is priced anew.
#[derive(Default)]
struct Priced {
    price: Option<Decimal>,
    order: Option<OrderPlan>,
    writes: Vec<LineWrite>,
}

/// A reservation that is to change.
struct Changing<'a> {
    call: &'a Call,
    found: Found,
    /// The state that it goes to.
    goes: Option<Status>,
    /// What becomes of it because its guests come or go.
    turn: Option<Turn>,
}

impl<'a> Changing<'a> {
    fn new(call: &'a Call, found: Found, flags: Flags) -> Self {
        Self {
            call,
            found,
            goes: flags.confirm.then_some(Status::Confirmed),
            turn: None,
        }
    }

    /// Prices the stay as it will be. A stay that nobody has a price for keeps the one that it was sold at.
    async fn priced(
        &self,
        look: &Look<'_>,
        request: &Change,
        wish: &Wish,
        (stay, terms): (&Stay, &StayTerms),
    ) -> Result<Priced, Refusal> {
        let Found {
            booking,
            organization,
            lines,
            ..
        } = &self.found;
        let listed = match &self.found.channel {
            Some(channel) => stay.list_price(look, channel, terms).await?,
            None => None,
        };
        let vouchers = vouchers::had(look, self.call, request, &terms.resource, lines).await?;
        let had = discount::had(booking, lines, organization);
        let mut campaigns = wish.campaigns(had);
        if self.found.channel.is_none() && had.is_none() && !wish.is_about_discounts() {
            // What another API has sold gets no discount that nobody asked for.
            campaigns.choice = CampaignChoice::None;
        }
        let asked = discount::Asked {
            draft: request.root(),
            campaigns,
            vouchers,
            booked_on: Some(discount::booked_on(booking, organization)),
        };
        let sold = (stay, terms);
        let now = self.call.actor.now;
        let Some(price) = listed.or(terms.price) else {
            // Nothing is taken off nothing; whether it may be had is said all the same.
            discount::rent(look, &asked, sold, (Decimal::ZERO, now)).await?;
            return Ok(Priced::default());
        };
        let before = Stay {
            resource_id: booking.resource_id,
            arrival: booking.arrival_on,
            departure: booking.departure_on,
            groups: booking.details.groups(),
        };
        let currency = terms.organization.details.currency;
        let before = order::facts(&before, booking.details.price, currency)?;
        let rent = discount::rent(look, &asked, sold, (price, now)).await?;
        let facts = (&before, &rent.facts);
        let repriced = order::repriced(look, lines.clone(), &terms.resource, facts).await?;
        let (mut order, mut writes) = repriced;
        let id = terms.resource.organization_id;
        let had = packages::of(look, request.root(), wish, &self.found.packages, id).await?;
        let kept = std::mem::take(&mut order.kept);
        let (of_packages, changed) = packages::charged_for(&had, kept, &rent.facts, true)?;
        order.kept = of_packages.kept;
        order.added.extend(of_packages.added);
        writes.extend(changed);
        let nights = || LineDetails {
            amount: price,
            ..order::rent_line(&terms.resource)
        };
        let of_nights = if rent.lines.is_empty() {
            vec![nights()]
        } else {
            rent.lines
        };
        order.added.splice(0..0, of_nights);
        writes.extend(order.added.iter().cloned().map(ItemWrite::Add));
        Ok(Priced {
            price: Some(rent.net),
            order: Some(order),
            writes,
        })
    }

    /// Charges for the packages of a stay that is not priced anew, where they become others.
    async fn with_packages(
        &self,
        look: &Look<'_>,
        (draft, wish): (&Draft, &Wish),
        stay: &Stay,
        flags: Flags,
    ) -> Result<Priced, Refusal> {
        let Found {
            booking,
            organization,
            lines,
            packages: before,
            ..
        } = &self.found;
        let Some(wanted) = packages::wanted(wish, before) else {
            return Ok(Priced::default());
        };
        let had = packages::of(look, draft, wish, before, organization.id).await?;
        let is_same =
            wanted.ids().all(|id| before.has(id)) && before.ids().all(|id| wanted.has(id));
        if is_same {
            return Ok(Priced::default());
        }
        if flags.mode == Mode::CurrentOrder {
            return Err(packages::order_stays(draft));
        }
        let price = booking.details.price;
        let facts = order::facts(stay, price, organization.details.currency)?;
        let (mut order, mut writes) = packages::charged_for(&had, lines.clone(), &facts, false)?;
        let resource = look.reading.one::<Resource>(stay.resource_id).await;
        let resource = resource.map_err(refused)?;
        let owed = resource.and_then(|of| packages::nights_owed(lines, booking, &of));
        order.added.splice(0..0, owed);
        writes.extend(order.added.iter().cloned().map(ItemWrite::Add));
        Ok(Priced {
            price: None,
            order: Some(order),
            writes,
        })
    }

    fn plan(
        self,
        mut change: BookingChange,
        priced: Priced,
        draft: Option<&Draft>,
        wish: Option<&Wish>,
    ) -> Plan {
        let Found {
            booking,
            organization,
            lines,
            packages: before,
            ..
        } = self.found;
        change.details.price = priced.price;
        change.status = self.goes;
        match self.goes {
            Some(Status::Confirmed) => {
                change.stays = FIRM.to_vec();
                change.held_until = Some(None);
                change.only_from = ALIVE.to_vec();
            }
            Some(_) => {
                change.stays = OVER.to_vec();
                change.records_cancellation = true;
            }
            None => change.only_from = ALIVE.to_vec(),
        }
        // What was decided by how the reservation stood is done only to that.
        let names_packages = wish
            .and_then(|wish| packages::wanted(wish, &before))
            .is_some();
        let depends = !priced.writes.is_empty() || self.turn.is_some() || names_packages;
        change.only_version = depends.then_some(booking.version);
        if let Some(turn) = self.turn {
            change.status = Some(turn.status);
            change.stays.clear();
            change.only_from = FIRM.to_vec();
            change.details.extra.0.extend(turn.noted);
        }
        let confirms = self.goes == Some(Status::Confirmed) && !FIRM.contains(&booking.status);
        let rule = wish.and_then(|wish| wish.cancellation_rule);
        let order = (confirms || rule.is_some()).then(|| OrderSaid {
            cancellation_rule: rule,
            confirmed_at: confirms.then_some(self.call.actor.now),
            ..OrderSaid::default()
        });
        let around = Around {
            organization_id: organization.id,
            master: Some(booking_of(&booking)),
            order,
            labels: wish.and_then(|wish| wish.labels.clone()),
            packages: wish.and_then(|wish| packages::wanted(wish, &before)),
            answers: Vec::new(),
        };
        let patch = BookingPatch {
            id: booking.id,
            change,
            lines: priced.writes,
            notes: Vec::new(),
            remove_lines: false,
            check_availability: true,
            announce: true,
        };
        Plan {
            named: named(draft, wish),
            item: BookingWrite::Change(Box::new(patch)),
            before: Vec::new(),
            around,
            order: priced.order.unwrap_or(OrderPlan {
                kept: lines,
                ..OrderPlan::default()
            }),
            currency: organization.details.currency,
        }
    }
}

fn named(draft: Option<&Draft>, wish: Option<&Wish>) -> Named {
    let (Some(draft), Some(wish)) = (draft, wish) else {
        return Named::default();
    };
    let resource = wish.resource.map_or(TYPE_NAMES[0], |(name, _)| name);
    let unit = wish.unit.map_or(UNIT_NAMES[0], |(name, _)| name);
    Named::of(draft, resource, unit)
}
