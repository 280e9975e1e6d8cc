//! What an attribute can hold.

/// The kind of an attribute's value. It decides how the value is written, which spellings a request
/// may use for it, and how a filter compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A whole number of 64 bits; a request may write it as a string.
    Integer,
    /// A decimal number, written as a JSON number with its digits kept; a request may write it as a
    /// string.
    Decimal,
    /// `true` or `false`; a request may write it as a string.
    Boolean,
    /// `YYYY-MM-DD`.
    Date,
    /// An instant, written in UTC with `Z`; a request may write it with any offset.
    DateTime,
    /// `{"currency": "EUR", "value": "12.50"}`: the value is a decimal string.
    Money,
    /// An object with these members and no others, such as a party.
    Object(&'static [Member]),
    /// A list of one kind.
    Array(&'static Kind),
    /// Anything that JSON can say; passed on as it is.
    Json,
}

impl Kind {
    /// Whether it is one value with an order, so that it can be sorted by.
    #[must_use]
    pub const fn is_scalar(self) -> bool {
        !matches!(self, Kind::Object(_) | Kind::Array(_) | Kind::Json)
    }

    /// Whether it can have bounds: a number by its value, a text by its characters, a list by its
    /// items.
    #[must_use]
    pub const fn is_countable(self) -> bool {
        matches!(
            self,
            Kind::Text | Kind::Integer | Kind::Decimal | Kind::Array(_)
        )
    }

    /// What to call it in a sentence, with its article.
    #[must_use]
    pub const fn described(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Integer => "a whole number",
            Kind::Decimal => "a decimal number",
            Kind::Boolean => "true or false",
            Kind::Date => "a date such as 2027-05-07",
            Kind::DateTime => "an instant such as 2027-05-07T15:00:00Z",
            Kind::Money => r#"money such as {"currency": "EUR", "value": "12.50"}"#,
            Kind::Object(_) => "an object",
            Kind::Array(_) => "an array",
            Kind::Json => "a JSON value",
        }
    }
}

/// How small and how great a number may be that a request sets; of a text its characters, of a list
/// its items. Ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub least: i64,
    /// The most.
    pub most: i64,
}

/// A member of an attribute that is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How small and how great it may be in a request.
    pub bounds: Option<Bounds>,
    /// A request that sets the object has to set it, and not to null.
    pub required: bool,
}

impl Member {
    /// A member.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Member {
        Member {
            name,
            kind,
            bounds: None,
            required: false,
        }
    }

    /// A request that sets the object has to set it, and not to null.
    #[must_use]
    pub const fn required(mut self) -> Member {
        self.required = true;
        self
    }

    /// In a request it is at least and at most so great, long or many.
    #[must_use]
    pub const fn between(mut self, least: i64, most: i64) -> Member {
        self.bounds = Some(Bounds { least, most });
        self
    }
}
