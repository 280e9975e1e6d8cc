//! What happens around bookings and units, or is to be done: money asked for and received, words sent,
//! work, contracts, and who keeps a unit from being sold. All of it stands in the table `record`.

use std::collections::BTreeMap;

use domain::{id::Id, money::Currency, payment::RequestState, text::Locale};
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    Kind, Table,
    content::{Medium, MessageTemplate, PaymentMethod, check_amount},
    customers::{Customer, Owner},
    sale::Extra,
    shared::{Details, Invalid, Reference, check_name, check_plain, record},
};

/// An amount of money, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Major units.
    pub value: Decimal,
    /// The currency.
    pub currency: Currency,
}

impl Default for Amount {
    fn default() -> Self {
        Self {
            value: Decimal::ZERO,
            currency: Currency::EUR,
        }
    }
}

impl Amount {
    /// No more digits than the currency has, and not beyond all bounds.
    fn check(&self, field: &'static str) -> Result<(), Invalid> {
        check_amount(field, self.value)?;
        domain::money::Money::from_decimal_exact(self.value, self.currency)
            .map(drop)
            .map_err(|error| Invalid::new(field, error.to_string()))
    }
}

/// An invoice: its lines as they were when it was written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvoiceDetails {
    /// What it asks for.
    pub total: Amount,
    /// Who pays it.
    pub customer_id: Option<Id>,
    /// The lines of the booking that it is about.
    pub line_ids: Vec<Id>,
    /// Until when it is to be paid.
    pub due_on: Option<Date>,
    /// What is written on it.
    pub memo: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for InvoiceDetails {
    fn check(&self) -> Result<(), Invalid> {
        self.total.check("total")?;
        check_plain("memo", &self.memo)?;
        if self.line_ids.len() > 1_000 {
            return Err(Invalid::new("line_ids", "at most 1000 lines"));
        }
        Ok(())
    }

    fn references(&self) -> Vec<Reference> {
        let customer = self.customer_id;
        let customer = customer.map(|id| Reference::to::<Customer>("customer_id", id));
        let lines = self.line_ids.iter();
        let lines = lines.map(|id| Reference::to::<crate::sale::Line>("line_ids", *id));
        customer.into_iter().chain(lines).collect()
    }
}

record!(
    /// An invoice. Its subject is the booking; its reference is its number, which it gets when it is
    /// written and keeps; its day is the one it is dated.
    Invoice, "invoice", InvoiceDetails
);

/// Money that was received; given back, when the amount is below zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentDetails {
    /// How much.
    pub amount: Amount,
    /// How it was paid.
    pub method_id: Option<Id>,
    /// The request that it answers.
    pub request_id: Option<Id>,
    /// A remark.
    pub memo: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for PaymentDetails {
    fn check(&self) -> Result<(), Invalid> {
        self.amount.check("amount")?;
        check_plain("memo", &self.memo)
    }

    fn references(&self) -> Vec<Reference> {
        let method = self.method_id;
        let method = method.map(|id| Reference::to::<PaymentMethod>("method_id", id));
        let request = self.request_id;
        let request = request.map(|id| Reference::to::<PaymentRequest>("request_id", id));
        method.into_iter().chain(request).collect()
    }
}

record!(
    /// A payment. Its parent is the invoice, its subject the booking, its day the one it was paid. The
    /// booking has a line with the same id that says the same, from which its balance is computed.
    Payment, "payment", PaymentDetails
);

/// Money asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentRequestDetails {
    /// How much.
    pub amount: Amount,
    /// How it is to be paid.
    pub method_id: Option<Id>,
    /// What the payer is told.
    pub description: String,
    /// Where the payer goes afterwards.
    pub return_url: String,
    /// Until when it can be paid.
    pub expires_at: Option<Timestamp>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for PaymentRequestDetails {
    fn check(&self) -> Result<(), Invalid> {
        self.amount.check("amount")?;
        if self.amount.value <= Decimal::ZERO {
            return Err(Invalid::new("amount", "an amount above zero"));
        }
        check_plain("description", &self.description)?;
        if self.return_url.len() > 2_000 {
            return Err(Invalid::new("return_url", "at most 2000 bytes"));
        }
        Ok(())
    }

    fn references(&self) -> Vec<Reference> {
        let method = self.method_id;
        let method = method.map(|id| Reference::to::<PaymentMethod>("method_id", id));
        method.into_iter().collect()
    }
}

record!(
    /// A request to pay. Its parent is the invoice, its subject the booking; its state is a
    /// [`RequestState`], which only results change.
    PaymentRequest, "payment_request", PaymentRequestDetails
);

impl PaymentRequest {
    /// Where it stands.
    pub fn request_state(&self) -> RequestState {
        RequestState::from_word(&self.state).unwrap_or_default()
    }
}

/// What a payment provider said about a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentResultDetails {
    /// The provider's own words.
    pub message: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for PaymentResultDetails {
    fn check(&self) -> Result<(), Invalid> {
        check_plain("message", &self.message)
    }
}

record!(
    /// A result of a request to pay. Its parent is the request, its state the one it moved it to, its
    /// reference the provider's own.
    PaymentResult, "payment_result", PaymentResultDetails
);

/// Words that were sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageDetails {
    /// The template it was made from.
    pub template_id: Option<Id>,
    /// What its sender filled in.
    pub variables: BTreeMap<String, String>,
    /// How it leaves.
    pub medium: Medium,
    /// The address or number that it goes to.
    pub recipient: String,
    /// The language it was written in.
    pub language: Option<Locale>,
    /// The subject, as it was sent.
    pub subject: String,
    /// The text, as it was sent.
    pub body: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for MessageDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.subject);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_plain("recipient", &self.recipient)?;
        check_plain("subject", &self.subject)?;
        if self.body.len() > domain::template::LONGEST_MESSAGE {
            return Err(Invalid::new("body", "at most a million bytes"));
        }
        if self.variables.len() > 200 {
            return Err(Invalid::new("variables", "at most 200 variables"));
        }
        Ok(())
    }

    fn references(&self) -> Vec<Reference> {
        let template = self.template_id;
        let template = template.map(|id| Reference::to::<MessageTemplate>("template_id", id));
        template.into_iter().collect()
    }
}

record!(
    /// A message. Its subject is the booking; its state is `queued`, `sent` or `failed`.
    Message, "message", MessageDetails
);

/// Work to be done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TodoDetails {
    /// What is to be done.
    pub title: String,
    /// More about it.
    pub description: String,
    /// The unit it is about.
    pub unit_id: Option<Id>,
    /// Who does it, in words.
    pub assigned_to: String,
    /// When it was done.
    pub done_at: Option<Timestamp>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for TodoDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.title);
        look(&self.description);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_name("title", &self.title)?;
        check_plain("description", &self.description)?;
        check_plain("assigned_to", &self.assigned_to)
    }

    fn references(&self) -> Vec<Reference> {
        let unit = self.unit_id;
        let unit = unit.map(|id| Reference::to::<crate::inventory::Unit>("unit_id", id));
        unit.into_iter().collect()
    }
}

record!(
    /// A piece of work. Its subject is the booking, its day the one it is due; its state is `open`,
    /// `doing` or `done`.
    Todo, "todo", TodoDetails
);

/// What a guest thought of a stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewDetails {
    /// From 0 to 10.
    pub score: Decimal,
    /// What they wrote.
    pub text: String,
    /// What the operator answered.
    pub answer: String,
    /// The resource that it is about.
    pub resource_id: Option<Id>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for ReviewDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.text);
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.score < Decimal::ZERO || self.score > Decimal::TEN {
            return Err(Invalid::new("score", "a number from 0 to 10"));
        }
        check_plain("text", &self.text)?;
        check_plain("answer", &self.answer)
    }

    fn references(&self) -> Vec<Reference> {
        let resource = self.resource_id;
        let resource =
            resource.map(|id| Reference::to::<crate::inventory::Resource>("resource_id", id));
        resource.into_iter().collect()
    }
}

record!(
    /// A review. Its subject is the booking.
    Review, "review", ReviewDetails
);

/// A contract with an owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgreementDetails {
    /// Its name.
    pub name: String,
    /// Whose unit it is.
    pub owner_id: Option<Id>,
    /// The last day that it holds; none for no end.
    pub until: Option<Date>,
    /// What the owner gets, percent of the rent.
    pub share: Decimal,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for AgreementDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.name);
    }

    fn check(&self) -> Result<(), Invalid> {
        crate::content::check_percent("share", self.share)?;
        check_plain("name", &self.name)
    }

    fn references(&self) -> Vec<Reference> {
        let owner = self.owner_id;
        let owner = owner.map(|id| Reference::to::<Owner>("owner_id", id));
        owner.into_iter().collect()
    }
}

record!(
    /// A contract with an owner about a unit, which is its parent; its day is the first that it holds.
    Agreement, "agreement", AgreementDetails
);

/// Why a unit can't be sold for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// Somebody works there.
    Maintenance,
    /// Somebody else uses it.
    External,
}

impl BlockKind {
    /// The word in a block's state.
    pub const fn as_str(self) -> &'static str {
        match self {
            BlockKind::Maintenance => "maintenance",
            BlockKind::External => "external",
        }
    }

    /// What the word names, if anything.
    pub fn from_word(word: &str) -> Option<Self> {
        let mut all = [BlockKind::Maintenance, BlockKind::External].into_iter();
        all.find(|kind| kind.as_str() == word)
    }
}

/// What else a block says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockDetails {
    /// What is shown in the calendar.
    pub label: String,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for BlockDetails {
    fn searched<'a>(&'a self, look: &mut dyn FnMut(&'a str)) {
        look(&self.label);
    }

    fn check(&self) -> Result<(), Invalid> {
        check_plain("label", &self.label)
    }
}

record!(
    /// A stretch of a unit's calendar that is taken without a guest. It says what it is for; what it
    /// takes stands in the booking in state `blocked` that has the same id, dates included. Its parent is
    /// the unit, its state a [`BlockKind`].
    Block, "block", BlockDetails
);

/// Word that the guests of a booking have become others, for those who keep a register of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuestMutationDetails {
    /// The client that gave it.
    pub client_id: Option<Id>,
    /// Attributes of one dialect.
    pub extra: Extra,
}

impl Details for GuestMutationDetails {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

record!(
    /// Word that guests have become others. Its subject is the master booking; it is told once and kept.
    GuestMutation, "guest_mutation", GuestMutationDetails
);

/// The tables of all kinds of this file, which are one and the same.
pub const TABLES: &[&Table] = &[
    <Invoice as Kind>::TABLE,
    <Payment as Kind>::TABLE,
    <PaymentRequest as Kind>::TABLE,
    <PaymentResult as Kind>::TABLE,
    <Message as Kind>::TABLE,
    <Todo as Kind>::TABLE,
    <Review as Kind>::TABLE,
    <Agreement as Kind>::TABLE,
    <Block as Kind>::TABLE,
    <GuestMutation as Kind>::TABLE,
];
