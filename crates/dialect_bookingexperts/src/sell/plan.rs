//! What a request comes to: a booking or a change of one, and what is written around it.

use domain::{access::Actor, id::Id, money::Currency};
use jiff::Timestamp;
use service::{
    Service,
    bookings::{BookingWrite, NewBooking},
    customers::Order,
    links::{BookedPackage, Labelled},
    records::{Answering, Linking, Write, put},
    sale::Line,
};

use super::{beside::Answered, order::OrderPlan, refusals::Named};
use crate::rows::orders::Booked;

/// What a request comes to.
pub struct Plan {
    /// Where in the request that stands which may be refused.
    pub named: Named,
    /// The booking.
    pub item: BookingWrite,
    /// What is written before it.
    pub before: Vec<Write>,
    /// What is written around it.
    pub around: Around,
    /// Its lines, for a preview.
    pub order: OrderPlan,
    /// The currency of its prices.
    pub currency: Currency,
}

/// What is written around a booking. What is absent stays.
#[derive(Clone, Debug)]
pub struct Around {
    /// The organization of the booking.
    pub organization_id: Id,
    /// The master booking, where it is another one.
    pub master: Option<Id>,
    /// What the order says.
    pub order: Option<OrderSaid>,
    /// Its labels.
    pub labels: Option<Vec<Id>>,
    /// Its packages.
    pub packages: Option<Booked>,
    /// What it answers to amenities.
    pub answers: Vec<Answered>,
}

/// What an order says from now on. What is absent stays.
#[derive(Clone, Debug, Default)]
pub struct OrderSaid {
    /// The channel it came through.
    pub channel_id: Option<Id>,
    /// Who pays.
    pub customer_id: Option<Id>,
    /// What the caller calls it.
    pub reference: Option<String>,
    /// Under which rule it can be called off.
    pub cancellation_rule: Option<Option<Id>>,
    /// When it was confirmed; the first time counts.
    pub confirmed_at: Option<Timestamp>,
}

/// What is tried for a preview.
pub struct Tried {
    /// The booking.
    pub item: BookingWrite,
    /// Its lines as they would be, the price of the nights aside.
    pub lines: Vec<Line>,
    /// The line that says the price of the nights, if there is one.
    pub rent: Option<Line>,
    /// The currency of its prices.
    pub currency: Currency,
}

impl Plan {
    /// Whether it makes a booking.
    pub fn is_new(&self) -> bool {
        matches!(self.item, BookingWrite::Create(_))
    }

    /// The document that carries it out, with the id of its booking.
    pub fn writes(self, service: &Service, actor: &Actor) -> (Id, Vec<Write>) {
        let (id, booking) = match self.item {
            BookingWrite::Create(new) => service.place(actor, *new),
            BookingWrite::Change(patch) => service.rebook(actor, *patch),
        };
        let mut writes = self.before;
        writes.push(booking);
        writes.extend(self.around.writes(id));
        (id, writes)
    }

    /// The whole document once more, where it names more than the booking does: what it names has to be
    /// there for a preview too.
    pub fn document_to_try(&mut self, service: &Service, actor: &Actor) -> Option<Vec<Write>> {
        if self.before.is_empty() && !self.around.names_others() {
            return None;
        }
        let copy = Self {
            named: self.named.clone(),
            item: self.item.clone(),
            before: std::mem::take(&mut self.before),
            around: self.around.clone(),
            order: OrderPlan::default(),
            currency: self.currency,
        };
        Some(copy.writes(service, actor).1)
    }

    /// What is tried of it: the booking with its lines.
    pub fn tried(self, service: &Service, actor: &Actor) -> Tried {
        let new_line = |details| Line {
            tenant_id: actor.tenant_id,
            id: service.new_id(actor),
            booking_id: actor.tenant_id,
            created_at: actor.now,
            details,
        };
        let added = self.order.added.into_iter().map(new_line);
        let lines = self.order.kept.into_iter().chain(added).collect();
        Tried {
            item: self.item,
            lines,
            rent: self.order.rent.map(new_line),
            currency: self.currency,
        }
    }
}

impl Around {
    /// Whether it names labels, packages, amenities or rules, which may not be there.
    fn names_others(&self) -> bool {
        let rule = self.order.as_ref().and_then(|said| said.cancellation_rule);
        let links = self.labels.is_some() || self.packages.is_some();
        links || !self.answers.is_empty() || rule.is_some()
    }

    fn writes(self, booking_id: Id) -> Vec<Write> {
        let master = self.master.unwrap_or(booking_id);
        let organization_id = self.organization_id;
        let order = self.order.map(|said| {
            put(Order::new(master, organization_id), move |order| {
                said.write(order);
                Ok(())
            })
        });
        let labels = self
            .labels
            .map(|ids| Linking::plain("booking", booking_id, ids).write::<Labelled>());
        let packages = self
            .packages
            .map(|booked| booked.linking(booking_id).write::<BookedPackage>());
        let answers = self.answers.into_iter().map(|said| {
            Write::answer(Answering {
                id: said.id,
                subject: "booking",
                from_id: booking_id,
                organization_id: Some(organization_id),
                amenity_id: said.amenity_id,
                answer: said.answer,
            })
        });
        let others = [order, labels, packages].into_iter().flatten();
        others.chain(answers).collect()
    }
}

impl OrderSaid {
    fn write(&self, order: &mut Order) {
        order.channel_id = self.channel_id.or(order.channel_id);
        order.customer_id = self.customer_id.or(order.customer_id);
        if let Some(reference) = &self.reference {
            order.external_reference.clone_from(reference);
        }
        if let Some(rule) = self.cancellation_rule {
            order.details.cancellation_rule_id = rule;
        }
        order.confirmed_at = order.confirmed_at.or(self.confirmed_at);
    }
}

/// A booking to be made.
pub fn make(new: NewBooking) -> BookingWrite {
    BookingWrite::Create(Box::new(new))
}
