//! What is asked of a list: tests over typed fields, in an order.
//!
//! A [`Field`] is a column of a kind, checked when compiling where it stands in a constant. Tests are
//! translated to the store's conditions; values are always parameters and never part of the statement.

use std::{fmt, marker::PhantomData};

use catalogue::{ColumnKind, ColumnValue, Kind, Value};
use domain::{booking::Status, id::Id};
use store::Condition;

use super::{kinds::Readable, links::Linked};

/// How deep tests may stand in each other, and how many there may be. Callers write them.
pub const MOST_TESTS: usize = 200;

/// A column of a kind that can be filtered and sorted by.
pub struct Field<K> {
    name: &'static str,
    kind: ColumnKind,
    of: PhantomData<fn() -> K>,
}

impl<K: Kind> Field<K> {
    /// The column of this name. Say it in a constant: there, a name that is none does not compile.
    ///
    /// # Panics
    /// Outside of constants, when the kind has no such column.
    pub const fn new(name: &'static str) -> Self {
        let columns = K::TABLE.columns;
        let mut index = 0;
        while index < columns.len() {
            if same(columns[index].name, name) {
                return Self {
                    name,
                    kind: columns[index].kind,
                    of: PhantomData,
                };
            }
            index += 1;
        }
        panic!("the kind has no column of this name")
    }

    /// The column's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it holds.
    pub const fn holds(&self) -> ColumnKind {
        self.kind
    }
}

impl<K> Clone for Field<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Field<K> {}

impl<K> fmt::Debug for Field<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Whether two texts are the same, where `==` is not to be had yet.
const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Something that a row of the kind meets or not.
pub struct Test<K> {
    plain: Plain,
    of: PhantomData<fn() -> K>,
}

impl<K> Clone for Test<K> {
    fn clone(&self) -> Self {
        Self::of(self.plain.clone())
    }
}

impl<K> fmt::Debug for Test<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plain.fmt(formatter)
    }
}

#[derive(Clone, Debug)]
enum Plain {
    Holds(Condition),
    Found(Vec<Value>),
    Any(Vec<Plain>),
    All(Vec<Plain>),
    Not(Box<Plain>),
    Among {
        column: &'static str,
        table: &'static str,
        only: Option<&'static str>,
        of: &'static str,
        meets: Box<Plain>,
    },
}

impl<K> Test<K> {
    fn of(plain: Plain) -> Self {
        Self {
            plain,
            of: PhantomData,
        }
    }

    /// The column equals the value; none means that it is empty.
    pub fn is<T: ColumnValue>(field: Field<K>, value: T) -> Self {
        Self::of(Plain::Holds(Condition::Is(field.name, value.to_value())))
    }

    /// The column is one of these.
    pub fn one_of<T: ColumnValue>(field: Field<K>, values: impl IntoIterator<Item = T>) -> Self {
        let values = values.into_iter().map(|value| value.to_value());
        Self::of(Plain::Holds(Condition::In(field.name, values.collect())))
    }

    /// Its id is one of these, which the house has read itself. A hundred of them count as one test.
    pub fn found(ids: impl IntoIterator<Item = Id>) -> Self {
        Self::of(Plain::Found(ids.into_iter().map(Value::from).collect()))
    }

    /// The column is at least the first and at most the second; both ends count.
    pub fn between<T: ColumnValue>(field: Field<K>, from: Option<T>, to: Option<T>) -> Self {
        let from = from.map(|value| Condition::From(field.name, value.to_value()));
        let to = to.map(|value| Condition::To(field.name, value.to_value()));
        let both = from.into_iter().chain(to).map(Plain::Holds);
        Self::of(Plain::All(both.collect()))
    }

    /// A column `search` has a piece that contains the text, in whatever case.
    pub fn contains(field: Field<K>, text: &str) -> Self {
        let text = text.trim().to_lowercase();
        Self::of(Plain::Holds(Condition::Contains(field.name, text)))
    }

    /// A column as it was written contains the text, in whatever case the letters a to z are.
    pub fn contains_in_any_case(field: Field<K>, text: &str) -> Self {
        let condition = Condition::ContainsInAnyCase(field.name, text.to_owned());
        Self::of(Plain::Holds(condition))
    }

    /// One of the pieces of a column `search` is the text, in whatever case.
    pub fn says(field: Field<K>, text: &str) -> Self {
        let text = format!("\n{}\n", text.trim().to_lowercase());
        Self::of(Plain::Holds(Condition::Contains(field.name, text)))
    }

    /// One of them is met; none of none.
    pub fn any(tests: impl IntoIterator<Item = Test<K>>) -> Self {
        let plain = tests.into_iter().map(|test| test.plain);
        Self::of(Plain::Any(plain.collect()))
    }

    /// All of them are met.
    pub fn all(tests: impl IntoIterator<Item = Test<K>>) -> Self {
        let plain = tests.into_iter().map(|test| test.plain);
        Self::of(Plain::All(plain.collect()))
    }

    /// It is not met. What is empty meets the opposite of everything but "is empty".
    #[expect(
        clippy::should_implement_trait,
        reason = "a query is put together by its constructors, all of which read alike"
    )]
    pub fn not(test: Test<K>) -> Self {
        Self::of(Plain::Not(Box::new(test.plain)))
    }

    /// The column is one of the column `of` of those rows of another kind that meet a test.
    pub fn among<J: Readable>(field: Field<K>, of: Field<J>, meets: Test<J>) -> Self {
        Self::of(Plain::Among {
            column: field.name,
            table: J::TABLE.name,
            only: J::ONLY,
            of: of.name,
            meets: Box::new(meets.plain),
        })
    }
}

impl<K: Readable> Test<K> {
    /// It has one of these through links of the kind `L`: labels, amenities, segments.
    pub fn has<L: Linked>(to: &[Id]) -> Self {
        let to = Test::<L>::one_of(const { Field::new("to_id") }, to.iter().copied());
        Self::among::<L>(
            const { Field::new("id") },
            const { Field::new("from_id") },
            to,
        )
    }

    /// One of these has it through links of the kind `L`: what a channel sells, what is in a package.
    pub fn belongs_to<L: Linked>(from: &[Id]) -> Self {
        let from = Test::<L>::one_of(const { Field::new("from_id") }, from.iter().copied());
        Self::among::<L>(
            const { Field::new("id") },
            const { Field::new("to_id") },
            from,
        )
    }
}

impl Test<catalogue::sale::Booking> {
    /// It stands for an order: it is the master of its group, or alone.
    pub fn is_master() -> Self {
        Self::of(Plain::Any(vec![
            Plain::Holds(Condition::Is("group_id", Value::Null)),
            Plain::Holds(Condition::Same("group_id", "id")),
        ]))
    }

    /// It takes a unit without a guest, or it does not.
    pub fn is_block(is: bool) -> Self {
        let blocked = Self::is(const { Field::new("status") }, Status::Blocked);
        if is { blocked } else { Self::not(blocked) }
    }

    /// It has a unit that it keeps, whoever else needs room.
    pub fn is_pinned() -> Self {
        let keeps = Plain::All(vec![
            Plain::Holds(Condition::Is("pinned", true.to_value())),
            Plain::Not(Box::new(Plain::Holds(Condition::Is("unit", Value::Null)))),
        ]);
        Self::of(Plain::Among {
            column: "id",
            table: "allocation",
            only: None,
            of: "booking_id",
            meets: Box::new(keeps),
        })
    }

    /// It stays in one of these units, each given as its resource and its number there.
    pub fn stays_in(units: &[(Id, i64)]) -> Self {
        let of_unit = |(resource_id, number): &(Id, i64)| {
            Plain::All(vec![
                Plain::Holds(Condition::Is("lane_id", (*resource_id).into())),
                Plain::Holds(Condition::Is("unit", (*number).into())),
            ])
        };
        Self::of(Plain::Among {
            column: "id",
            table: "allocation",
            only: None,
            of: "booking_id",
            meets: Box::new(Plain::Any(units.iter().map(of_unit).collect())),
        })
    }
}

impl Plain {
    fn condition(self, tenant_id: Id) -> Condition {
        let all = |tests: Vec<Plain>| tests.into_iter().map(|test| test.condition(tenant_id));
        match self {
            Plain::Holds(condition) => condition,
            Plain::Found(ids) => Condition::In("id", ids),
            Plain::Any(tests) => Condition::Any(all(tests).collect()),
            Plain::All(tests) => Condition::All(all(tests).collect()),
            Plain::Not(test) => Condition::Not(Box::new(test.condition(tenant_id))),
            Plain::Among {
                column,
                table,
                only,
                of,
                meets,
            } => Condition::Among {
                column,
                table,
                of,
                condition: Box::new(rows_of(tenant_id, only, meets.condition(tenant_id))),
            },
        }
    }

    fn size(&self) -> usize {
        match self {
            Plain::Holds(Condition::In(_, values)) => values.len().max(1),
            Plain::Holds(_) => 1,
            Plain::Found(ids) => 1 + ids.len() / 100,
            Plain::Any(tests) | Plain::All(tests) => tests.iter().map(Plain::size).sum(),
            Plain::Not(test) => test.size(),
            Plain::Among { meets, .. } => 1 + meets.size(),
        }
    }
}

/// Rows of the tenant, of one kind where kinds share a table, that meet a condition.
pub(super) fn rows_of(
    tenant_id: Id,
    only: Option<&'static str>,
    condition: Condition,
) -> Condition {
    let tenant = Condition::Is("tenant_id", tenant_id.into());
    let only = only.map(|word| Condition::Is("kind", word.into()));
    let all = [tenant].into_iter().chain(only).chain([condition]);
    Condition::All(all.collect())
}

/// What is asked of a list. The default asks for everything, by id.
pub struct Query<K> {
    tests: Vec<Test<K>>,
    order: Vec<(Field<K>, Direction)>,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The smallest.
    Ascending,
    /// The largest.
    Descending,
}

impl<K> Default for Query<K> {
    fn default() -> Self {
        Self {
            tests: Vec::new(),
            order: Vec::new(),
        }
    }
}

impl<K> Clone for Query<K> {
    fn clone(&self) -> Self {
        Self {
            tests: self.tests.clone(),
            order: self.order.clone(),
        }
    }
}

impl<K: Readable> Query<K> {
    /// Everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// What meets this too.
    #[must_use]
    pub fn meets(mut self, test: Test<K>) -> Self {
        self.tests.push(test);
        self
    }

    /// In this order, where the fields before it are the same.
    #[must_use]
    pub fn by(mut self, field: Field<K>, direction: Direction) -> Self {
        self.order.push((field, direction));
        self
    }

    /// Whether it is larger than any caller has to ask.
    pub(super) fn is_too_large(&self) -> bool {
        let tests: usize = self.tests.iter().map(|test| test.plain.size()).sum();
        tests > MOST_TESTS || self.order.len() > 8
    }

    pub(super) fn condition(&self, tenant_id: Id, reached: Condition) -> Condition {
        let tests = self.tests.iter().map(|test| test.plain.clone());
        let tests = tests.map(|plain| plain.condition(tenant_id));
        Condition::All([reached].into_iter().chain(tests).collect())
    }

    /// The order as the store says it: the id settles what is the same otherwise.
    pub(super) fn order(&self) -> String {
        let mut text = String::new();
        let mut last = Direction::Ascending;
        for (field, direction) in &self.order {
            last = *direction;
            text.push_str(field.name);
            text.push_str(direction.word());
            text.push_str(", ");
        }
        if !self.order.iter().any(|(field, _)| field.name == "id") {
            text.push_str("id");
            text.push_str(last.word());
            return text;
        }
        text.truncate(text.len().saturating_sub(2));
        text
    }
}

impl Direction {
    const fn word(self) -> &'static str {
        match self {
            Direction::Ascending => "",
            Direction::Descending => " DESC",
        }
    }
}

#[cfg(test)]
mod tests {
    use catalogue::{content::Amenity, sale::Booking};

    use super::*;

    const CHANGED_AT: Field<Booking> = Field::new("changed_at");

    #[test]
    fn ids_settle_what_is_the_same_and_follow_the_last_direction() {
        assert_eq!(Query::<Booking>::new().order(), "id");
        let newest = Query::<Booking>::new().by(CHANGED_AT, Direction::Descending);
        assert_eq!(newest.order(), "changed_at DESC, id DESC");
        let by_id = Query::<Booking>::new().by(Field::new("id"), Direction::Descending);
        assert_eq!(by_id.order(), "id DESC");
    }

    #[test]
    fn a_query_has_a_size() {
        let ids: Vec<Id> = (1..=MOST_TESTS as i64).filter_map(Id::new).collect();
        let few = Query::<Amenity>::new().meets(Test::one_of(Field::new("id"), ids.clone()));
        assert!(!few.is_too_large());
        assert!(
            few.meets(Test::contains(Field::new("search"), "a"))
                .is_too_large()
        );
        let found = || Test::<Amenity>::found(ids.iter().copied().cycle().take(1_000));
        let many = |times: usize| {
            let query = Query::<Amenity>::new();
            (0..times).fold(query, |query, _| query.meets(found()))
        };
        assert!(!many(18).is_too_large() && many(19).is_too_large());
    }
}
