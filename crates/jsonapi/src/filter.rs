//! The filter grammar, and what it means.
//!
//! ```text
//! filter[a]=term        equals                      filter[a]=      has no value
//! filter[a]=~term       contains, in any case       filter[a]=!x    none of all these
//! filter[a]=x,y,z       one of                      filter[a|b]=x   a or b
//! filter[a]=x..y        between, ends included      filter[rel]=1,2 leads to one of
//! ```
//!
//! The exclamation mark is taken off first; then the tilde decides, then the two dots, then the
//! commas. What the vendor leaves open is decided here:
//!
//! - An empty term means no value: null, an empty text, a relationship that leads nowhere. It may
//!   stand in a list, `filter[a]=x,`.
//! - A range may be open at one end, `2027-01-01..`, or at both: then any value will do.
//! - A negation is the plain opposite: a row without a value is not equal to `x`, so `!x` finds it.
//! - A date where an instant is expected is its first moment in UTC.
//! - Localized texts and lists match if any of their values does.
//! - `filter[-a]=x` is `filter[a]=!x`, and `filter[a][b]` is the member `b` of the object `a`.
//! - Names match in any case. Several filters must all hold.
//!
//! The result is typed, so a dialect may translate it into a lookup; [`Filter::matches`] says what
//! it means.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::error::{Code, Error};
use crate::kind::{Kind, Member};
use crate::limits;
use crate::resource::{Attribute, Relationship, ResourceType};
use crate::row::{Row, is_decimal, is_id};
use crate::spelling;

/// All filters of a query. A row has to match each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The filters, in the order of the query.
    pub clauses: Vec<Clause>,
}

/// One filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Whether the rows are wanted that do not match.
    pub negated: bool,
    /// One of these has to hold. They stem from the same text, each typed for its field.
    pub any: Vec<Condition>,
    /// The text behind the exclamation mark.
    written: String,
}

/// A field, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The field.
    pub field: Field,
    /// What is asked of it.
    pub test: Test,
}

/// What can be filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The id.
    Id {
        /// Whether it may be anything but digits.
        is_opaque: bool,
    },
    /// An attribute.
    Attribute(&'static Attribute),
    /// A member of an attribute that is an object.
    Member(&'static Attribute, &'static Member),
    /// The ids that a relationship leads to.
    Relationship(&'static Relationship),
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// It is one of these.
    OneOf(Vec<Term>),
    /// It is a text with this in it, in any case.
    Contains(String),
    /// It lies between these, ends included; one of them may be missing.
    Between {
        /// The lower end.
        from: Option<Term>,
        /// The upper end.
        to: Option<Term>,
    },
}

/// A value to compare with, of the kind that the field has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// No value.
    Null,
    /// For texts.
    Text(String),
    /// For whole numbers.
    Integer(i64),
    /// For decimal numbers, and for the value of money.
    Decimal(Decimal),
    /// For flags.
    Boolean(bool),
    /// For dates.
    Date(Date),
    /// For instants.
    DateTime(Timestamp),
    /// For ids and relationships.
    Id(String),
}

impl Filter {
    /// Whether a row matches all filters.
    #[must_use]
    pub fn matches(&self, row: &Row) -> bool {
        self.clauses.iter().all(|clause| clause.matches(row))
    }

    /// Bounds outside which no row matches, lower and upper, ends included: of the first filter
    /// that asks about this field alone and is no negation. A caller narrows its lookup by them, and
    /// lets [`Filter::matches`] decide about the rest.
    #[must_use]
    pub fn bounds(&self, name: &str) -> Option<(Option<&Term>, Option<&Term>)> {
        self.plain(name).find_map(|test| match test {
            Test::Between { from, to } => Some((from.as_ref(), to.as_ref())),
            Test::OneOf(terms) => match terms.as_slice() {
                [Term::Null] => None,
                [term] => Some((Some(term), Some(term))),
                _ => None,
            },
            Test::Contains(_) => None,
        })
    }

    /// The only ids that a row can have (`id`), or that a relationship can lead to. Nothing if the
    /// query leaves that open, empty if no row can match.
    #[must_use]
    pub fn ids(&self, name: &str) -> Option<Vec<&str>> {
        self.plain(name).find_map(|test| match test {
            Test::OneOf(terms) => terms.iter().map(Term::id).collect(),
            _ => None,
        })
    }

    /// What is asked of this field alone, and not negated.
    fn plain<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Test> + use<'a, 'n> {
        let plain = |clause: &'a Clause| match clause.any.as_slice() {
            [condition] if !clause.negated => Some(condition),
            _ => None,
        };
        let conditions = self.clauses.iter().filter_map(plain);
        let asked = conditions.filter(move |condition| {
            let is_whole = !matches!(condition.field, Field::Member(..));
            is_whole && condition.field.name() == name
        });
        asked.map(|condition| &condition.test)
    }

    /// The filters that ask about this field, by its name.
    pub fn about<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Clause> {
        let is_about = move |clause: &&Clause| {
            let mut fields = clause.any.iter().map(|condition| condition.field);
            fields.any(|field| field.name() == name)
        };
        self.clauses.iter().filter(is_about)
    }
}

impl Term {
    /// The id, if it is one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Term::Id(id) => Some(id),
            _ => None,
        }
    }
}

impl Clause {
    /// Parses one filter; `inside` is what stands in the brackets of its name.
    pub(crate) fn parse(
        kind: &'static ResourceType,
        inside: &[&str],
        value: &str,
    ) -> Result<Clause, Error> {
        let (fields, is_excluded) = fields_of(kind, inside)?;
        let (written, is_negated) = match value.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (value, false),
        };
        let condition = |field: Field| {
            let test = field.test(written);
            let test = test.map_err(|problem| bad(format!("{}: {problem}", field.name())))?;
            Ok(Condition { field, test })
        };
        let any: Result<Vec<Condition>, Error> = fields.into_iter().map(condition).collect();
        Ok(Clause {
            negated: is_negated != is_excluded,
            any: any?,
            written: written.to_owned(),
        })
    }

    /// As it stands in a query: name and value.
    #[must_use]
    pub fn to_pair(&self) -> (String, String) {
        // A text that begins with an exclamation mark, not negated, needs two negations.
        let is_excluded = !self.negated && self.written.starts_with('!');
        let minus = if is_excluded { "-" } else { "" };
        let mark = if self.negated || is_excluded { "!" } else { "" };
        let names: Vec<String> = self.any.iter().map(|test| test.field.written()).collect();
        let name = format!("filter[{minus}{}]", names.join("|"));
        (name, format!("{mark}{}", self.written))
    }
}

impl Field {
    /// The name of the id, the attribute or the relationship.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Field::Id { .. } => "id",
            Field::Attribute(attribute) | Field::Member(attribute, _) => attribute.name,
            Field::Relationship(relationship) => relationship.name,
        }
    }

    fn written(&self) -> String {
        match self {
            Field::Member(attribute, member) => format!("{}][{}", attribute.name, member.name),
            _ => self.name().to_owned(),
        }
    }

    fn kind(&self) -> Result<Kind, String> {
        let kind = match self {
            Field::Id { .. } | Field::Relationship(_) => Kind::Text,
            Field::Attribute(attribute) => attribute.kind,
            Field::Member(_, member) => member.kind,
        };
        match kind {
            Kind::Array(item) => Ok(*item),
            Kind::Object(_) => Err("is an object; name one of its members".to_owned()),
            kind => Ok(kind),
        }
    }

    fn is_by_id(&self) -> bool {
        matches!(self, Field::Id { .. } | Field::Relationship(_))
    }

    fn test(&self, text: &str) -> Result<Test, String> {
        let kind = self.kind()?;
        if let Some(part) = text.strip_prefix('~') {
            if kind != Kind::Text || self.is_by_id() {
                return Err("only texts can contain something".to_owned());
            }
            return Ok(Test::Contains(part.to_owned()));
        }
        if text.chars().count() > limits::FILTER_CHARACTERS {
            let most = limits::FILTER_CHARACTERS;
            return Err(format!("longer than {most} characters"));
        }
        match text.split_once("..") {
            Some((from, to)) => self.range(kind, from, to),
            None => self.list(kind, text),
        }
    }

    fn range(&self, kind: Kind, from: &str, to: &str) -> Result<Test, String> {
        let has_order = !matches!(self, Field::Relationship(_)) && kind != Kind::Boolean;
        if !has_order {
            return Err("cannot lie between two values".to_owned());
        }
        let end = |text: &str| match text {
            "" => Ok(None),
            text => self.term(kind, text).map(Some),
        };
        Ok(Test::Between {
            from: end(from)?,
            to: end(to)?,
        })
    }

    fn list(&self, kind: Kind, text: &str) -> Result<Test, String> {
        let texts = text.split(',');
        if texts.clone().count() > limits::TERMS {
            return Err(format!("more than {} values", limits::TERMS));
        }
        let terms: Result<Vec<Term>, String> = texts.map(|text| self.term(kind, text)).collect();
        terms.map(Test::OneOf)
    }

    fn term(&self, kind: Kind, text: &str) -> Result<Term, String> {
        if text.is_empty() {
            return Ok(Term::Null);
        }
        if self.is_by_id() {
            return self.id(text);
        }
        let term = match kind {
            Kind::Text => Some(Term::Text(text.to_owned())),
            Kind::Integer => spelling::integer(text).map(Term::Integer),
            Kind::Decimal | Kind::Money => spelling::decimal(text).map(Term::Decimal),
            Kind::Boolean => spelling::boolean(text).map(Term::Boolean),
            Kind::Date => spelling::date(text).map(Term::Date),
            Kind::DateTime => instant(text).map(Term::DateTime),
            Kind::Object(_) | Kind::Array(_) | Kind::Json => None,
        };
        // Money is filtered by its value alone.
        let expected = match kind {
            Kind::Money => Kind::Decimal.described(),
            kind => kind.described(),
        };
        term.ok_or_else(|| format!("\"{}\" is not {expected}", shortened(text)))
    }

    fn id(&self, text: &str) -> Result<Term, String> {
        let is_decimal_only = matches!(self, Field::Id { is_opaque: false });
        if is_id(text) && (!is_decimal_only || is_decimal(text)) {
            Ok(Term::Id(text.to_owned()))
        } else {
            Err(format!("\"{}\" is no id", shortened(text)))
        }
    }
}

/// An instant, or a date: its first moment in UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let date = || spelling::date(text)?.to_zoned(TimeZone::UTC).ok();
    spelling::instant(text).or_else(|| date().map(|midnight| midnight.timestamp()))
}

/// The fields that a name means, and whether it begins with a minus.
fn fields_of(kind: &'static ResourceType, inside: &[&str]) -> Result<(Vec<Field>, bool), Error> {
    let Some((first, members)) = inside.split_first() else {
        return Err(bad("Filters are named filter[field]"));
    };
    let (names, is_excluded) = match first.strip_prefix('-') {
        Some(names) => (names, true),
        None => (*first, false),
    };
    let fields = match members {
        [] => {
            if names.split('|').count() > limits::ALTERNATIVES {
                return Err(bad(format!("More than {} fields", limits::ALTERNATIVES)));
            }
            let fields: Result<Vec<Field>, Error> =
                names.split('|').map(|name| field(kind, name)).collect();
            fields?
        }
        [member] => vec![member_of(kind, names, member)?],
        _ => return Err(bad("A filter goes no deeper than filter[field][member]")),
    };
    Ok((fields, is_excluded))
}

fn field(kind: &'static ResourceType, name: &str) -> Result<Field, Error> {
    if name.eq_ignore_ascii_case("id") {
        return Ok(Field::Id {
            is_opaque: kind.opaque_ids,
        });
    }
    let attribute = kind
        .attributes
        .iter()
        .find(|known| known.filterable && known.name.eq_ignore_ascii_case(name));
    let relationship = kind
        .relationships
        .iter()
        .find(|known| known.filterable && known.name.eq_ignore_ascii_case(name));
    let attribute = attribute.map(Field::Attribute);
    let field = attribute.or(relationship.map(Field::Relationship));
    let name = shortened(name);
    field.ok_or_else(|| bad(format!("{} cannot be filtered by \"{name}\"", kind.name)))
}

fn member_of(kind: &'static ResourceType, name: &str, member: &str) -> Result<Field, Error> {
    let found = match field(kind, name)? {
        Field::Attribute(attribute) => match attribute.kind {
            Kind::Object(members) => members
                .iter()
                .find(|known| known.kind.is_scalar() && known.name.eq_ignore_ascii_case(member))
                .map(|member| Field::Member(attribute, member)),
            _ => None,
        },
        _ => None,
    };
    let member = shortened(member);
    found.ok_or_else(|| bad(format!("{name} has no member \"{member}\"")))
}

/// So much of a text from outside as a sentence bears.
fn shortened(text: &str) -> String {
    text.chars().take(limits::ID_CHARACTERS).collect()
}

fn bad(detail: impl Into<String>) -> Error {
    Error::new(Code::InvalidFilter, detail)
}
