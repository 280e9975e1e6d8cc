//! Reserves a stay through a channel, or says what that would come to.

use domain::{booking::Status, id::Id, party::AgeGroups};
use http::StatusCode;
use http_kit::{Answer, Call, Refusal};
use jiff::SignedDuration;
use jsonapi::{Change, Draft, Identifier, Link, Query as Asked, Rules};
use rust_decimal::Decimal;
use service::{
    bookings::{GroupChoice, NewBooking, UnitChoice},
    content::Channel,
    inventory::{Resource, Unit},
    records::{Field, Query, Test},
    sale::{Booking, BookingDetails},
    stay_terms::StayTerms,
};

use super::{
    answer, bad,
    beside::beside,
    carry_out,
    customer::{Booker, booker},
    discount, expected,
    flags::Flags,
    needs_writing, order,
    order::OrderPlan,
    packages,
    plan::{Around, OrderSaid, Plan, make},
    preview,
    refusals::Named,
    stay::Stay,
    vouchers,
    wish::{TYPE_NAMES, UNIT_NAMES, Wish, lead_somewhere},
};
use crate::errors::{refusal, refused};
use crate::kinds::bookings::RESERVATION;
use crate::read::{self, Look, Shown, begin, parse};
use crate::rows::{bookings::booking_of, orders::Booked, structure::RentableType};
use crate::state::State;

/// Reserves a stay: confirmed, as an option, or held for as long as the channel holds.
///
/// # Errors
/// The refusal; 409 where nothing is free.
pub async fn create(state: State, call: Call) -> Result<Answer, Refusal> {
    let (query, plan) = understood(&state, &call).await?;
    let id = carry_out(&state, &call, plan).await?;
    answer(&state, &call, &query, id, StatusCode::CREATED).await
}

/// Says what a reservation would come to, and makes none.
///
/// # Errors
/// As [`create`].
pub async fn preview_new(state: State, call: Call) -> Result<Answer, Refusal> {
    let (query, plan) = understood(&state, &call).await?;
    preview(&state, &call, &query, plan).await
}

async fn understood(state: &State, call: &Call) -> Result<(Asked, Plan), Refusal> {
    needs_writing(call)?;
    let query = parse(call, &Rules::one(&state.schema, &RESERVATION))?;
    let flags = Flags::read(&query)?;
    let request = expected(state).create(&call.body).map_err(refusal)?;
    let draft = request.root();
    let wish = Wish::read(draft);
    let stay = wanted(draft, &wish)?;
    // Whether the channel is the caller's is asked before anything that it sells.
    let channel = {
        let look = begin(state, call, &query).await?;
        read::channel(call, &look).await?
    };
    lead_somewhere(draft)?;
    let terms = stay.terms(&state.service, call, draft).await?;
    let terms = terms.ok_or_else(|| missing_type(draft, &wish))?;
    stay.judge(call, draft, &terms, flags)?;
    let new = New {
        state,
        call,
        request: &request,
        wish,
        stay,
        channel: &channel,
        terms: &terms,
        flags,
    };
    let look = begin(state, call, &query).await?;
    let plan = new.plan(&look).await?;
    drop(look);
    Ok((query, plan))
}

/// The stay of a request that makes a reservation.
fn wanted(draft: &Draft, wish: &Wish) -> Result<Stay, Refusal> {
    let Some((_, resource_id)) = wish.resource else {
        return Err(no_type(draft));
    };
    let (Some(arrival), Some(departure)) = (wish.arrival, wish.departure) else {
        let detail = "start_date and end_date are needed";
        return Err(bad(draft.refuse("start_date", detail)));
    };
    Ok(Stay {
        resource_id,
        arrival,
        departure,
        groups: wish.groups_after(AgeGroups::default()),
    })
}

/// The refusal of a request that names no rentable type, or one by what is no id of any.
fn no_type(draft: &Draft) -> Refusal {
    for name in TYPE_NAMES {
        let link = draft.links(name).and_then(|links| links.as_slice().first());
        if let Some(Link::To(identifier)) = link {
            return bad(draft.missing_link(name, identifier));
        }
    }
    bad(draft.refuse_link("rentable_type", "rentable_type is missing"))
}

/// The refusal of a rentable type that is not there, or not for this caller, or not in this channel.
pub fn missing_type(draft: &Draft, wish: &Wish) -> Refusal {
    let (name, id) = match wish.resource {
        Some((name, id)) => (name, id.to_string()),
        None => (TYPE_NAMES[0], String::new()),
    };
    bad(draft.missing_link(name, &Identifier::new(name, id)))
}

/// Whether a channel sells a rentable type now.
pub async fn is_sold(
    look: &Look<'_>,
    channel: &Channel,
    resource: &Resource,
) -> Result<bool, Refusal> {
    if resource.details.archived_at.is_some() {
        return Ok(false);
    }
    let mut query = Query::new().meets(Test::is(
        const { Field::<Resource>::new("id") },
        resource.id,
    ));
    if let Some(test) = RentableType::in_channel(channel) {
        query = query.meets(test);
    }
    let found = look.reading.count(&query).await.map_err(refused)?;
    Ok(found > 0)
}

/// Which unit a request asks for: the one that it names, of this rentable type, and whether somebody may be moved
/// from there. A unit that is named is fixed unless the request says otherwise.
pub async fn unit(
    look: &Look<'_>,
    draft: &Draft,
    wish: &Wish,
    resource_id: Id,
) -> Result<Option<UnitChoice>, Refusal> {
    let Some((name, Some(id))) = wish.unit else {
        let any = wish.unit.map(|_| UnitChoice::Any);
        return Ok(match wish.fixed {
            Some(true) => Some(UnitChoice::Pinned),
            Some(false) => Some(UnitChoice::Any),
            None => any,
        });
    };
    let found = look.reading.one::<Unit>(id).await.map_err(refused)?;
    let found = found.filter(|unit| unit.archived_at.is_none());
    let found = found.ok_or_else(|| bad(draft.missing_link(name, &Identifier::new(name, id))))?;
    if found.resource_id != resource_id {
        let detail = "The unit is of another rentable type";
        return Err(bad(draft.refuse_link(name, detail)));
    }
    Ok(Some(match wish.fixed {
        Some(false) => UnitChoice::Movable(found.number),
        _ => UnitChoice::Number(found.number),
    }))
}

/// A reservation that is to be made.
struct New<'a> {
    state: &'a State,
    call: &'a Call,
    request: &'a Change,
    wish: Wish,
    stay: Stay,
    channel: &'a Channel,
    terms: &'a StayTerms,
    flags: Flags,
}

impl New<'_> {
    fn draft(&self) -> &Draft {
        self.request.root()
    }

    async fn plan(self, look: &Look<'_>) -> Result<Plan, Refusal> {
        let resource = &self.terms.resource;
        if !is_sold(look, self.channel, resource).await? {
            return Err(missing_type(self.draft(), &self.wish));
        }
        let unit = unit(look, self.draft(), &self.wish, resource.id).await?;
        let listed = self.stay.list_price(look, self.channel, self.terms).await?;
        let price = listed.or(self.terms.price).unwrap_or_default();
        let currency = self.terms.organization.details.currency;
        let vouchers = vouchers::had(look, self.call, self.request, resource, &[]).await?;
        let asked = discount::Asked {
            draft: self.draft(),
            campaigns: self.wish.campaigns(None),
            vouchers,
            booked_on: None,
        };
        let sold = (&self.stay, self.terms);
        let priced = (price, self.call.actor.now);
        let rent = discount::rent(look, &asked, sold, priced).await?;
        // Where nothing is taken off and no list has a price, the calendar has it when the stay is taken.
        let is_given = listed.is_some() || !rent.lines.is_empty();
        let charge = rent.lines.is_empty().then(|| order::rent_line(resource));
        let mut added = rent.lines;
        added.extend(order::costs(look, resource, &rent.facts).await?);
        let none = Booked::default();
        let had = packages::of(
            look,
            self.draft(),
            &self.wish,
            &none,
            resource.organization_id,
        );
        let had = packages::charged_for(&had.await?, Vec::new(), &rent.facts, true)?;
        added.extend(had.0.added);
        added.extend(order::extras(look, self.request, resource, &rent.facts).await?);
        let (group, booker, reference) = self.booking(look).await?;
        let kept = beside((self.state, self.call), look, self.request, &self.wish).await?;
        let mut details = self.details(&booker);
        details.price = if is_given { rent.net } else { Decimal::ZERO };
        details.rate_description.clone_from(&resource.name);
        let (status, held_until) = self.status()?;
        let is_confirmed = status == Status::Confirmed;
        let around = Around {
            organization_id: resource.organization_id,
            master: group,
            order: Some(OrderSaid {
                channel_id: Some(self.channel.id),
                customer_id: booker.id,
                reference,
                cancellation_rule: self.wish.cancellation_rule,
                confirmed_at: is_confirmed.then_some(self.call.actor.now),
            }),
            labels: kept.labels,
            packages: packages::wanted(&self.wish, &none),
            answers: kept.answers,
        };
        let named = kept.named.into_iter();
        let named = named.fold(self.named(), |named, (field, at)| named.with(field, at));
        let new = NewBooking {
            resource_id: resource.id,
            arrival: self.stay.arrival,
            departure: self.stay.departure,
            quantity: 1,
            unit: unit.unwrap_or_default(),
            status,
            opened: false,
            held_until,
            group: group.map_or(GroupChoice::Alone, GroupChoice::Join),
            channel: self.channel.slug(),
            external_reference: self.wish.key.clone().unwrap_or_default(),
            details,
            price_given: is_given,
            lines: added.clone(),
            notes: Vec::new(),
            check_availability: true,
            charge_price: charge.is_some(),
            announce: true,
        };
        Ok(Plan {
            named,
            item: make(new),
            before: booker.write.into_iter().chain(kept.before).collect(),
            around,
            order: OrderPlan {
                kept: Vec::new(),
                rent: charge,
                added,
            },
            currency,
        })
    }

    fn named(&self) -> Named {
        let resource = self.wish.resource.map_or(TYPE_NAMES[0], |(name, _)| name);
        let unit = self.wish.unit.map_or(UNIT_NAMES[0], |(name, _)| name);
        let mut named = Named::of(self.draft(), resource, unit);
        let booking = self.request.sideposted(self.draft(), "booking").next();
        let customer = booking.and_then(|one| self.request.sideposted(one, "customer").next());
        for field in ["email", "country_code"] {
            if let Some(customer) = customer {
                named = named.with(field, customer.attribute_pointer(field));
            }
        }
        named
    }

    /// The state that it begins in, and until when that lasts.
    fn status(&self) -> Result<(Status, Option<jiff::Timestamp>), Refusal> {
        let now = self.call.actor.now;
        let later = |duration: SignedDuration| {
            let too_far = || bad(self.draft().refuse("option_validity", "That is too long"));
            now.checked_add(duration).map(Some).map_err(|_| too_far())
        };
        match (self.flags.confirm, self.wish.option_days) {
            (true, Some(_)) => {
                let detail = "What is confirmed is no option";
                Err(bad(self.draft().refuse("option_validity", detail)))
            }
            (true, None) => Ok((Status::Confirmed, None)),
            (false, Some(days)) => {
                let days = SignedDuration::from_hours(days.saturating_mul(24));
                Ok((Status::Optional, later(days)?))
            }
            (false, None) => {
                let minutes = i64::from(self.channel.details.hold_minutes);
                Ok((Status::Held, later(SignedDuration::from_mins(minutes))?))
            }
        }
    }

    /// The booking that it belongs to, where that is there already; who books; what they call it.
    async fn booking(
        &self,
        look: &Look<'_>,
    ) -> Result<(Option<Id>, Booker, Option<String>), Refusal> {
        let draft = self.draft();
        if let Some(draft) = self.request.sideposted(draft, "booking").next() {
            if let jsonapi::Aim::Update(_) = draft.aim {
                let detail = "A booking is changed by changing its reservations";
                let error = jsonapi::Error::new(jsonapi::Code::ForbiddenInput, detail);
                return Err(bad(error.at(draft.pointer())));
            }
            let place = (&self.state.service, self.call);
            let organization_id = self.terms.resource.organization_id;
            let booker = booker(place, look, self.request, draft, organization_id).await?;
            let reference = draft.text("reference_nr").map(ToOwned::to_owned);
            return Ok((None, booker, reference));
        }
        // An order is that of a reservation, and so leads to the booking that this one is part of.
        let name = ["booking", "order"];
        let linked = name
            .into_iter()
            .find_map(|name| Some((name, draft.linked_id(name)?)));
        let Some((name, id)) = linked else {
            return Ok((None, Booker::default(), None));
        };
        let missing = || bad(draft.missing_link(name, &Identifier::new(name, id)));
        let wanted: Id = id.parse().map_err(|_| missing())?;
        let found = look.reading.one::<Booking>(wanted).await;
        let found = found.map_err(refused)?;
        let is_own = |found: &Booking| {
            let stands_for_it = name == "order" || booking_of(found) == found.id;
            stands_for_it && found.channel == self.channel.slug()
        };
        let found = found.filter(is_own).ok_or_else(missing)?;
        let master = booking_of(&found);
        let booker = Booker {
            contact: found.details.contact,
            language: found.details.language,
            ..Booker::default()
        };
        Ok((Some(master), booker, None))
    }

    fn details(&self, booker: &Booker) -> BookingDetails {
        BookingDetails {
            party: self.stay.groups.party(),
            ages: self.stay.groups,
            contact: booker.contact.clone(),
            language: booker.language.clone(),
            notes: self.wish.note.clone().unwrap_or_default(),
            extra: self.wish.extra.clone(),
            ..BookingDetails::default()
        }
    }
}
