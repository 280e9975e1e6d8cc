//! The ways, and what each of them sends.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::chance::{self, Chance};

/// The nights that everybody wants.
pub const WINDOW_NIGHTS: i64 = 6;

/// A way to take capacity, or to give it back so that there is something to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names below say it")]
pub enum Way {
    Create,
    CreateSeveral,
    Request,
    Block,
    Batch,
    Group,
    ChangeDates,
    ChangeRoom,
    SwapRooms,
    Lengthen,
    RaiseQuantity,
    MoveAndRaise,
    PinUnit,
    Revive,
    Approve,
    BlockInquiry,
    ChangeCapacity,
    LimitSales,
    Cancel,
    Delete,
    Reserve,
    HoldAndConfirm,
    Option,
    OptionAndConfirm,
    ConfirmHeld,
    PatchDates,
    PatchType,
    PatchLonger,
    PatchUnit,
    Maintain,
    CallOff,
}

impl Way {
    /// All of them; those through Booking Experts stand behind those through Beds24.
    pub const ALL: [Self; 31] = [
        Self::Create,
        Self::CreateSeveral,
        Self::Request,
        Self::Block,
        Self::Batch,
        Self::Group,
        Self::ChangeDates,
        Self::ChangeRoom,
        Self::SwapRooms,
        Self::Lengthen,
        Self::RaiseQuantity,
        Self::MoveAndRaise,
        Self::PinUnit,
        Self::Revive,
        Self::Approve,
        Self::BlockInquiry,
        Self::ChangeCapacity,
        Self::LimitSales,
        Self::Cancel,
        Self::Delete,
        Self::Reserve,
        Self::HoldAndConfirm,
        Self::Option,
        Self::OptionAndConfirm,
        Self::ConfirmHeld,
        Self::PatchDates,
        Self::PatchType,
        Self::PatchLonger,
        Self::PatchUnit,
        Self::Maintain,
        Self::CallOff,
    ];
    /// Those through Beds24.
    const OF_BEDS24: usize = 20;

    /// The ways that can be taken: through Beds24 alone, or through both dialects.
    pub fn known(both: bool) -> &'static [Self] {
        if both {
            &Self::ALL
        } else {
            &Self::ALL[..Self::OF_BEDS24]
        }
    }

    /// Whether it leads through Booking Experts.
    pub fn is_of_booking_experts(self) -> bool {
        !Self::known(false).contains(&self)
    }

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::CreateSeveral => "create, several units",
            Self::Request => "request",
            Self::Block => "block",
            Self::Batch => "batch in one array",
            Self::Group => "group",
            Self::ChangeDates => "change dates",
            Self::ChangeRoom => "change room",
            Self::SwapRooms => "swap two rooms",
            Self::Lengthen => "lengthen",
            Self::RaiseQuantity => "raise the quantity",
            Self::MoveAndRaise => "move and raise at once",
            Self::PinUnit => "ask for a unit",
            Self::Revive => "revive a cancelled one",
            Self::Approve => "approve an inquiry",
            Self::BlockInquiry => "turn an inquiry into a block",
            Self::ChangeCapacity => "change the capacity",
            Self::LimitSales => "limit sales in the calendar",
            Self::Cancel => "cancel",
            Self::Delete => "delete",
            Self::Reserve => "reserve",
            Self::HoldAndConfirm => "hold, then confirm",
            Self::Option => "option",
            Self::OptionAndConfirm => "option, then confirm",
            Self::ConfirmHeld => "confirm what is held",
            Self::PatchDates => "move a reservation",
            Self::PatchType => "move it to another type",
            Self::PatchLonger => "lengthen a reservation",
            Self::PatchUnit => "move it to a unit",
            Self::Maintain => "block for maintenance",
            Self::CallOff => "call off",
        }
    }
}

/// What a round is played on.
#[derive(Debug, Clone)]
pub struct Pool {
    /// The property.
    pub property: i64,
    /// Its rooms.
    pub rooms: Vec<i64>,
    /// The first night of the window.
    pub from: Date,
    /// Bookings that take capacity when the round begins.
    pub taken: Vec<i64>,
    /// Inquiries.
    pub inquiries: Vec<i64>,
    /// Cancelled bookings.
    pub cancelled: Vec<i64>,
    /// What Booking Experts has beside, where that is spoken.
    pub other: Option<OtherPool>,
}

/// What a round is played on through Booking Experts, beside the same rooms and bookings.
#[derive(Debug, Clone)]
pub struct OtherPool {
    /// The channel of the property.
    pub channel: i64,
    /// Its units.
    pub units: Vec<i64>,
    /// Reservations of the channel that are held.
    pub held: Vec<i64>,
}

/// One request of a way.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// POST or DELETE.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// The items of the body; empty for a DELETE.
    pub items: Vec<Value>,
}

impl Call {
    /// How many verdicts must come back.
    pub fn expected(&self) -> usize {
        self.items.len().max(1)
    }
}

/// Draws what a way sends.
pub fn draw(way: Way, pool: &Pool, chance: &mut Chance) -> Call {
    let items = match way {
        Way::Create => vec![new_booking(pool, chance, json!({}))],
        Way::CreateSeveral => vec![new_booking(pool, chance, json!({ "roomQty": 2 }))],
        Way::Request => vec![new_booking(pool, chance, json!({ "status": "request" }))],
        Way::Block => vec![new_booking(pool, chance, json!({ "status": "black" }))],
        Way::Batch => (0..5)
            .map(|_| new_booking(pool, chance, json!({})))
            .collect(),
        Way::Group => (0..3).map(|_| new_group_member(pool, chance)).collect(),
        Way::SwapRooms => {
            let (first, second) = (known(&pool.taken, chance), known(&pool.taken, chance));
            let (room, other) = two_rooms(pool, chance);
            vec![
                change(first, json!({ "roomId": room })),
                change(second, json!({ "roomId": other })),
            ]
        }
        Way::ChangeCapacity => return change_capacity(pool, chance),
        Way::LimitSales => return limit_sales(pool, chance),
        Way::Delete => {
            let id = known(&pool.taken, chance);
            return Call {
                method: "DELETE",
                path: format!("/bookings?id={id}"),
                items: vec![],
            };
        }
        one => vec![one_change(one, pool, chance)],
    };
    Call {
        method: "POST",
        path: "/bookings".to_owned(),
        items,
    }
}

fn one_change(way: Way, pool: &Pool, chance: &mut Chance) -> Value {
    let (arrival, departure) = stay(pool.from, chance);
    let room = two_rooms(pool, chance).0;
    let quantity = chance::between(chance, 2, 3);
    match way {
        Way::ChangeRoom => change(known(&pool.taken, chance), json!({ "roomId": room })),
        Way::Lengthen => change(
            known(&pool.taken, chance),
            json!({ "arrival": pool.from, "departure": pool.from.saturating_add(WINDOW_NIGHTS.days()) }),
        ),
        Way::RaiseQuantity => change(known(&pool.taken, chance), json!({ "roomQty": quantity })),
        Way::MoveAndRaise => change(
            known(&pool.taken, chance),
            json!({ "roomId": room, "roomQty": quantity, "arrival": arrival, "departure": departure }),
        ),
        Way::PinUnit => change(
            known(&pool.taken, chance),
            json!({ "unitId": chance::between(chance, 1, 3) }),
        ),
        Way::Revive => change(
            known(&pool.cancelled, chance),
            json!({ "status": "confirmed" }),
        ),
        Way::Approve => change(
            known(&pool.inquiries, chance),
            json!({ "status": "confirmed" }),
        ),
        Way::BlockInquiry => change(known(&pool.inquiries, chance), json!({ "status": "black" })),
        Way::Cancel => change(known(&pool.taken, chance), json!({ "status": "cancelled" })),
        _ => change(
            known(&pool.taken, chance),
            json!({ "arrival": arrival, "departure": departure }),
        ),
    }
}

/// A new booking somewhere in the window.
pub fn new_booking(pool: &Pool, chance: &mut Chance, fields: Value) -> Value {
    let (arrival, departure) = stay(pool.from, chance);
    let booking = json!({
        "roomId": two_rooms(pool, chance).0, "arrival": arrival, "departure": departure,
        "status": "confirmed", "numAdult": 2, "lastName": "Ways",
        "actions": { "checkAvailability": true },
    });
    merged(booking, fields)
}

fn new_group_member(pool: &Pool, chance: &mut Chance) -> Value {
    let actions = json!({ "actions": { "checkAvailability": true, "makeGroup": true } });
    new_booking(pool, chance, actions)
}

fn change(id: i64, fields: Value) -> Value {
    merged(
        json!({ "id": id, "actions": { "checkAvailability": true } }),
        fields,
    )
}

fn change_capacity(pool: &Pool, chance: &mut Chance) -> Call {
    let room = two_rooms(pool, chance).0;
    let quantity = chance::between(chance, 1, 6);
    let item = json!({ "id": pool.property, "roomTypes": [{ "id": room, "qty": quantity }] });
    Call {
        method: "POST",
        path: "/properties".to_owned(),
        items: vec![item],
    }
}

fn limit_sales(pool: &Pool, chance: &mut Chance) -> Call {
    let room = two_rooms(pool, chance).0;
    let limit = chance::between(chance, 0, 3);
    let last = pool.from.saturating_add((WINDOW_NIGHTS - 1).days());
    let calendar = json!([{ "from": pool.from, "to": last, "numAvail": limit }]);
    let item = json!({ "roomId": room, "calendar": calendar });
    Call {
        method: "POST",
        path: "/inventory/rooms/calendar".to_owned(),
        items: vec![item],
    }
}

/// Some nights of the window: arrival and departure.
pub fn stay(from: Date, chance: &mut Chance) -> (Date, Date) {
    let first = chance::between(chance, 0, WINDOW_NIGHTS - 1);
    let nights = chance::between(chance, 1, WINDOW_NIGHTS - first);
    (
        from.saturating_add(first.days()),
        from.saturating_add((first + nights).days()),
    )
}

/// An id of a list; the pool is made so that no list is empty.
pub fn known(ids: &[i64], chance: &mut Chance) -> i64 {
    chance::one_of(chance, ids).copied().unwrap_or_default()
}

/// A room, and another one.
pub fn two_rooms(pool: &Pool, chance: &mut Chance) -> (i64, i64) {
    match pool.rooms[..] {
        [first, second] if chance::percent(chance, 50) => (first, second),
        [first, second] => (second, first),
        _ => (0, 0),
    }
}

fn merged(mut value: Value, fields: Value) -> Value {
    if let (Some(into), Value::Object(fields)) = (value.as_object_mut(), fields) {
        into.extend(fields);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_sends_something_and_stays_inside_the_window() {
        let pool = Pool {
            property: 1,
            rooms: vec![2, 3],
            from: jiff::civil::date(2030, 5, 1),
            taken: vec![10],
            inquiries: vec![11],
            cancelled: vec![12],
            other: None,
        };
        let mut names = std::collections::BTreeSet::new();
        names.extend(Way::ALL.map(Way::name));
        for way in Way::known(false).iter().copied() {
            assert!(!way.is_of_booking_experts());
            for part in 0..50 {
                let call = draw(way, &pool, &mut chance::stream(1, part));
                assert_eq!(call.items.is_empty(), call.method == "DELETE");
                for item in &call.items {
                    let day = |key: &str| item.get(key).map(|day| day.as_str().unwrap().to_owned());
                    if let (Some(arrival), Some(departure)) = (day("arrival"), day("departure")) {
                        assert!(arrival < departure, "{item}");
                        assert!(
                            *"2030-05-01" <= *arrival && *departure <= *"2030-05-07",
                            "{item}"
                        );
                    }
                }
            }
        }
        assert_eq!(names.len(), Way::ALL.len());
    }
}
