//! What an object of this dialect looks like: its fields in the order of the wire,
//! with types, limits, allowed values and defaults.
//!
//! A shape is read once from one of the tables beside this file (`tables/*.txt`) and
//! then serves four masters: [`check`](crate::wire::check) for what comes in,
//! [`complete`](crate::wire::merge) for defaults and order of what goes out, the merge
//! of a change into what is stored, and the OpenAPI [`schema`](crate::wire::schema).
//! It holds no values and knows no booking.

use std::collections::HashMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::Value;

/// The longest text where the vendor names no limit of its own. Without one, a single
/// field could fill a page that every reader must carry.
pub const LONGEST_TEXT: usize = 20_000;

/// The most elements that a list inside an item may have.
pub const LONGEST_LIST: usize = 1_000;

/// An object: its fields in wire order.
#[derive(Debug)]
pub struct Shape {
    fields: Vec<Field>,
    by_name: HashMap<String, usize>,
}

impl Shape {
    /// Makes a shape of fields in wire order. A name that stands twice keeps its last
    /// meaning; a test makes sure that no table does that.
    pub fn new(fields: Vec<Field>) -> Self {
        let by_name = fields
            .iter()
            .enumerate()
            .map(|(at, field)| (field.name.clone(), at))
            .collect();
        Self { fields, by_name }
    }

    /// The fields in wire order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.by_name.get(name).map(|at| &self.fields[*at])
    }

    /// The shape inside an object or list field of that name.
    pub fn inner(&self, name: &str) -> Option<&Arc<Shape>> {
        match &self.field(name)?.kind {
            Kind::Object(shape) | Kind::List { shape, .. } => Some(shape),
            _ => None,
        }
    }
}

/// One field of a [`Shape`].
#[derive(Debug)]
pub struct Field {
    /// The name on the wire.
    pub name: String,
    /// What it may hold.
    pub kind: Kind,
    /// Whether `null` is a value of it, rather than "back to the default".
    pub nullable: bool,
    /// What is shown, and meant, where nothing was ever written.
    pub default: Value,
    /// What the table marks beside it.
    pub marks: Marks,
}

/// The marks a table sets on a field.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// A wrong value refuses the whole item instead of being left out with a warning.
    pub fatal: bool,
    /// Only shown, never written: a value sent is passed over in silence.
    pub read_only: bool,
    /// Only written, never shown.
    pub write_only: bool,
    /// Seen and written with the personal scope only.
    pub personal: bool,
    /// Seen and written with the financial scope only.
    pub financial: bool,
    /// Shown only where an include flag asks for it.
    pub on_request: bool,
    /// Left out, rather than shown with its default, where there is no value.
    pub sparse: bool,
}

/// What a field may hold.
#[derive(Debug)]
pub enum Kind {
    /// Text of so many characters.
    Text {
        /// Fewest characters, where there are any.
        least: usize,
        /// Most characters.
        most: usize,
    },
    /// A whole number within limits.
    Whole {
        /// The smallest allowed.
        least: i64,
        /// The largest allowed.
        most: i64,
    },
    /// A decimal number within limits.
    Number {
        /// The smallest allowed.
        least: Decimal,
        /// The largest allowed.
        most: Decimal,
    },
    /// `true` or `false`.
    Flag,
    /// A date, `YYYY-MM-DD`.
    Day,
    /// An instant in UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    Instant,
    /// One of these words.
    Choice(Arc<[String]>),
    /// A colour as six hexadecimal digits, or nothing.
    Colour,
    /// Two letters, or nothing.
    TwoLetters,
    /// A nested object.
    Object(Arc<Shape>),
    /// A list of objects; where `key` is given, elements are told apart by it.
    List {
        /// The field that identifies an element.
        key: Option<String>,
        /// The elements.
        shape: Arc<Shape>,
    },
    /// A list of whole numbers; only shown.
    Wholes,
    /// A list of texts.
    Words,
    /// A list of lists of texts.
    WordLists,
    /// An object with free keys, each of them with the same inside.
    Table(Arc<Shape>),
}

impl Kind {
    /// What this kind is before anything was written, where the table says nothing.
    pub fn natural_default(&self) -> Value {
        match self {
            Kind::Text { .. } | Kind::Colour | Kind::TwoLetters => Value::String(String::new()),
            Kind::Whole { least, .. } => Value::from((*least).max(0)),
            Kind::Number { .. } => Value::from(0),
            Kind::Flag => Value::Bool(false),
            Kind::Day | Kind::Instant => Value::Null,
            Kind::Choice(words) => words
                .first()
                .map_or(Value::Null, |word| Value::from(&**word)),
            Kind::Object(_) | Kind::Table(_) => Value::Object(serde_json::Map::new()),
            Kind::List { .. } | Kind::Wholes | Kind::Words | Kind::WordLists => {
                Value::Array(Vec::new())
            }
        }
    }

    /// What was expected, for the sentence that tells a caller what is wrong.
    pub fn expected(&self) -> String {
        match self {
            Kind::Text { least: 0, most } => format!("text of at most {most} characters"),
            Kind::Text { least, most } if least == most => format!("text of {most} characters"),
            Kind::Text { least, most } => format!("text of {least} to {most} characters"),
            Kind::Whole { least, most } => {
                bounded("a whole number", least, most, i64::MIN, i64::MAX)
            }
            Kind::Number { least, most } => bounded(
                "a number",
                &least.normalize(),
                &most.normalize(),
                Decimal::MIN,
                Decimal::MAX,
            ),
            Kind::Flag => "true or false".into(),
            Kind::Day => "a date YYYY-MM-DD".into(),
            Kind::Instant => "a time YYYY-MM-DDTHH:MM:SSZ".into(),
            Kind::Choice(words) => match words.len() {
                0..=24 => format!("one of {}", words.join(", ")),
                _ => "one of the documented values".into(),
            },
            Kind::Colour => "six hexadecimal digits or nothing".into(),
            Kind::TwoLetters => "two letters or nothing".into(),
            Kind::Object(_) | Kind::Table(_) => "an object".into(),
            Kind::List { .. } => format!("an array of at most {LONGEST_LIST} objects"),
            Kind::Wholes => "an array of whole numbers".into(),
            Kind::Words => format!("an array of at most {LONGEST_LIST} texts"),
            Kind::WordLists => "an array of arrays of texts".into(),
        }
    }
}

fn bounded<T: PartialEq + std::fmt::Display>(
    what: &str,
    least: &T,
    most: &T,
    floor: T,
    roof: T,
) -> String {
    match (*least == floor, *most == roof) {
        (true, true) => what.into(),
        (true, false) => format!("{what} up to {most}"),
        (false, true) => format!("{what} from {least}"),
        (false, false) => format!("{what} from {least} to {most}"),
    }
}
