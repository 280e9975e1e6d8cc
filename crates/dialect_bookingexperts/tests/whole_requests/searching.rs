//! Every parameter of a search by something that it finds, and that no other parameter would have found.

use std::collections::BTreeSet;

use domain::id::Id;
use domain::money::Currency;
use domain::rate::RatePlan;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use service::content::{Channel, ChannelDetails};
use service::inventory::OrganizationDetailsPatch;
use service::kept::{Review, ReviewDetails};
use service::patch::{ContactField, ContactPatch};
use service::records::create;

use crate::availability::priced;
use crate::house::{House, in_every_house};
use crate::shop::{Shop, id};
use crate::writing::{document, linked};

/// A week of arrivals.
const WEEK: &str = "filter[start_date]=2027-06-01..2027-06-08";

/// What one unit of the cabin has, each in a number of its own.
const ROOMS: [(&str, u16); 8] = [
    ("number_of_bedrooms", 1),
    ("number_of_beds", 2),
    ("number_of_showers", 3),
    ("number_of_toilets", 4),
    ("number_of_bathrooms", 5),
    ("number_of_parking_spots", 6),
    ("number_of_child_beds", 7),
    ("number_of_child_chairs", 8),
];

/// Three rentable types: a cabin and a lodge in the Netherlands, sold in euros, and a tent elsewhere, sold in
/// dollars.
struct Market {
    cabin: Id,
    lodge: Id,
    tent: Id,
    north: Id,
}

/// One stay of an answer: its rentable type, its day of arrival, its nights.
type Stay = (Id, String, i64);

impl Market {
    async fn new(house: &House) -> Self {
        let shop = Shop::new(house, 2).await;
        let [(north, lodge), (south, tent)] = house.parks;
        for (park, country, currency) in
            [(north, "NL", Currency::EUR), (south, "US", Currency::USD)]
        {
            lies(house, park, country, currency).await;
        }
        let mut channel = Channel::new(
            house.service.new_id(&house.actor),
            ChannelDetails {
                name: "South".into(),
                slug: "south".into(),
                sells_everything: true,
                ..ChannelDetails::default()
            },
        );
        channel.organization_id = Some(south);
        let channel_id = channel.id;
        house.write(vec![create(channel)]).await;
        let sold = |park, room, channel| Shop {
            park,
            room,
            channel,
        };
        let plan = RatePlan::new(1);
        priced(house, &sold(north, lodge, shop.channel), "90", plan.clone()).await;
        priced(house, &sold(south, tent, channel_id), "80", plan).await;
        let market = Self {
            cabin: shop.room,
            lodge,
            tent,
            north,
        };
        market.describe(house).await;
        market
    }

    /// Guests, what one unit has, what is shown off, what guests think.
    async fn describe(&self, house: &House) {
        let mut cabin = json!({ "max_guests": 4 });
        for (name, number) in ROOMS {
            cabin[name] = json!(number);
        }
        change(house, self.cabin, cabin).await;
        change(house, self.lodge, json!({ "max_guests": 6 })).await;
        let tent = json!({ "max_guests": 5, "highlighted": true });
        change(house, self.tent, tent).await;
        let (south, _) = house.parks[1];
        let mut reviews = Vec::new();
        for (park, room, score) in [
            (self.north, self.cabin, 8),
            (self.north, self.lodge, 6),
            (south, self.tent, 7),
        ] {
            let details = ReviewDetails {
                score: Decimal::from(score),
                resource_id: Some(room),
                ..ReviewDetails::default()
            };
            let mut review = Review::new(house.service.new_id(&house.actor), park, details);
            review.parent_id = Some(room);
            reviews.push(create(review));
        }
        house.write(reviews).await;
    }

    /// The rentable types that stays of two nights are found of.
    async fn types(&self, house: &House, query: &str) -> BTreeSet<Id> {
        let query = format!("{WEEK}&filter[los]=2&limit=rentable_types&{query}");
        let found = stays(house, &query).await;
        found.into_iter().map(|(room, ..)| room).collect()
    }
}

/// Where a property is, and in which currency it sells.
async fn lies(house: &House, park: Id, country: &str, currency: Currency) {
    let details = OrganizationDetailsPatch {
        currency: Some(currency),
        contact: ContactPatch(vec![(ContactField::CountryCode, country.into())]),
        ..OrganizationDetailsPatch::default()
    };
    house.describe(park, details).await;
}

async fn change(house: &House, room: Id, attributes: Value) {
    let mut change = document("rentable_type", attributes);
    change["data"]["id"] = json!(room.to_string());
    let path = format!("/rentable_types/{room}");
    let reply = house.send("PATCH", &path, &change).await;
    assert_eq!(reply.status, 200, "{}", reply.json());
}

async fn searched(house: &House, query: &str) -> Value {
    house.get(&format!("/availabilities?{query}")).await
}

async fn stays(house: &House, query: &str) -> Vec<Stay> {
    let found = searched(house, query).await;
    let stay = |row: &Value| {
        let room = &row["relationships"]["rentable_type"]["data"]["id"];
        let attributes = &row["attributes"];
        (
            room.as_str().unwrap().parse().unwrap(),
            attributes["start_date"].as_str().unwrap().to_owned(),
            attributes["los"].as_i64().unwrap(),
        )
    };
    found["data"].as_array().unwrap().iter().map(stay).collect()
}

#[tokio::test]
async fn each_filter_of_days_finds_its_own_stays() {
    in_every_house(|house| async move {
        let market = Market::new(&house).await;
        let cabin = format!("filter[rentable_type_ids]={}", market.cabin);
        let range = "2027-06-03..2027-06-05";
        let days = |first: i8, last: i8| -> Vec<String> {
            (first..=last)
                .map(|day| format!("2027-06-{day:02}"))
                .collect()
        };
        // Stays of one to three nights, by how many there are and on which days they begin.
        for (filter, total, arrivals) in [
            (WEEK.to_owned(), 21, days(1, 7)),
            (format!("filter[start_date]={range}"), 6, days(3, 4)),
            (
                format!("{WEEK}&filter[overlaps_date]={range}"),
                9,
                days(1, 4),
            ),
            (
                format!("{WEEK}&filter[includes_date]={range}"),
                3,
                days(2, 3),
            ),
            (format!("{WEEK}&filter[arrangement]={range}"), 1, days(3, 3)),
            // The first of June is a Tuesday.
            (format!("{WEEK}&filter[wday]=2"), 3, days(1, 1)),
            (format!("{WEEK}&filter[wday]=0,6"), 6, days(5, 6)),
        ] {
            let query = format!("{filter}&{cabin}&filter[los]=1..3");
            let all = format!("{query}&limiter[availabilities][limit]=100");
            let found = stays(&house, &all).await;
            assert_eq!(found.len(), total, "{filter}");
            let begun: BTreeSet<String> = found.into_iter().map(|(_, day, _)| day).collect();
            assert_eq!(begun.into_iter().collect::<Vec<_>>(), arrivals, "{filter}");
        }
        let exact = format!("{WEEK}&filter[arrangement]={range}&{cabin}");
        let only = (market.cabin, "2027-06-03".to_owned(), 2);
        assert_eq!(stays(&house, &exact).await, [only]);
    })
    .await;
}

#[tokio::test]
async fn each_filter_of_types_finds_what_is_so_and_nothing_else() {
    in_every_house(|house| async move {
        let market = Market::new(&house).await;
        let (cabin, lodge, tent) = (market.cabin, market.lodge, market.tent);
        let path = "/rentable_segments".to_owned();
        let segment = document("rentable_segment", json!({ "name": { "en": "Canvas" } }));
        let segment = id(&house.send("POST", &path, &segment).await.json()).to_owned();
        let link = json!([{ "type": "rentable_segment", "id": segment }]);
        let links = json!({ "rentable_segments": { "data": link } });
        let change = json!({ "data": { "type": "rentable_type", "id": tent.to_string(), "relationships": links } });
        let path = format!("/rentable_types/{tent}");
        assert_eq!(house.send("PATCH", &path, &change).await.status, 200);
        let group = |name: &str, people: u16| format!("filter[guest_group][{name}]={people}");
        let mut table: Vec<(String, Vec<Id>)> = vec![
            ("filter[country_codes]=nl,DE".into(), vec![cabin, lodge]),
            ("filter[-country_codes]=NL".into(), vec![tent]),
            ("filter[currency]=EUR".into(), vec![cabin, lodge]),
            ("filter[currency]=USD".into(), vec![tent]),
            ("filter[price]=170..190".into(), vec![lodge]),
            (format!("filter[administration_ids]={}", market.north), vec![cabin, lodge]),
            (format!("filter[rentable_type_ids]={cabin},{tent}"), vec![cabin, tent]),
            (format!("filter[-rentable_type_ids]={cabin},{tent}"), vec![lodge]),
            (format!("filter[category_ids]={lodge}"), vec![lodge]),
            (format!("filter[-category_ids]={lodge}"), vec![cabin, tent]),
            // Both names are asked at once: both hold.
            (format!("filter[category_ids]={lodge},{tent}&filter[rentable_type_ids]={cabin},{tent}"), vec![tent]),
            (format!("filter[rentable_segment_ids]={segment}"), vec![tent]),
            (format!("filter[-rentable_segment_ids]={segment}"), vec![cabin, lodge]),
            (format!("filter[category_group_ids]={segment}"), vec![tent]),
            (format!("filter[-category_group_ids]={segment}"), vec![cabin, lodge]),
            // Animals and babies take no place, all others do.
            (format!("{}&{}", group("adults", 2), group("pets", 9)), vec![cabin, lodge, tent]),
            (format!("{}&{}", group("adults", 2), group("babies", 9)), vec![cabin, lodge, tent]),
            ("referrer=newsletter".into(), vec![cabin, lodge, tent]),
        ];
        for name in ["seniors", "adults", "adolescents", "children"] {
            table.push((group(name, 5), vec![lodge, tent]));
            table.push((group(name, 6), vec![lodge]));
        }
        for (name, number) in ROOMS {
            table.push((format!("filter[{name}]={number}"), vec![cabin]));
            table.push((format!("filter[{name}]={}..", number + 1), vec![]));
            table.push((format!("filter[{name}]=..0"), vec![lodge, tent]));
        }
        for (query, expected) in table {
            let expected: BTreeSet<Id> = expected.into_iter().collect();
            assert_eq!(market.types(&house, &query).await, expected, "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_sorter_puts_its_own_stay_first() {
    in_every_house(|house| async move {
        let market = Market::new(&house).await;
        let (cabin, lodge, tent) = (market.cabin, market.lodge, market.tent);
        let amenity = document("amenity", json!({ "name": { "en": "View" } }));
        let amenity = id(&house.send("POST", "/amenities", &amenity).await.json()).to_owned();
        let ends = [
            ("rentable_type", "rentable_type", lodge.to_string()),
            ("amenity", "amenity", amenity.clone()),
        ];
        let answer = linked("rentable_type_amenity", json!({ "value": "true" }), &ends);
        let path = format!("/administrations/{}/rentable_types/{lodge}/amenities", market.north);
        let reply = house.send("POST", &path, &answer).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let first = async |query: String| stays(&house, &query).await.remove(0);
        let matches = format!("amenity_ids_match_score&sorter[amenity_ids_match_score][amenity_ids]={amenity}");
        // The type that comes first, and the one that does in the other direction.
        for (sorter, up, down) in [
            ("max_guests", Some(cabin), Some(lodge)),
            ("avg_score", Some(lodge), Some(cabin)),
            ("all_in_amount", Some(tent), Some(cabin)),
            ("highlighted", None, Some(tent)),
            (matches.as_str(), None, Some(lodge)),
        ] {
            let query = format!("{WEEK}&filter[los]=2&sorters={sorter}");
            let (rising, ..) = first(query.clone()).await;
            let name = sorter.split('&').next().unwrap();
            let (falling, ..) = first(format!("{query}&sorter[{name}][desc]=true")).await;
            assert!(up.is_none_or(|up| up == rising), "{sorter}");
            assert_ne!(rising, falling, "{sorter}");
            assert_eq!(Some(falling), down, "{sorter}");
        }
        let query = format!("{WEEK}&filter[los]=1..3&filter[rentable_type_ids]={cabin}");
        for (sorter, day, nights) in [
            ("start_date", 1, 1),
            ("start_date&sorter[start_date][desc]=true", 7, 1),
            ("los&sorter[los][desc]=true", 1, 3),
            ("los_distance&sorter[los_distance][los]=2", 1, 2),
            ("start_date_distance&sorter[start_date_distance][start_date]=2027-06-04", 4, 1),
            (
                "arrangement_distance&sorter[arrangement_distance][arrangement]=2027-06-05..2027-06-08",
                5,
                3,
            ),
            ("los,start_date&sorter[start_date][desc]=true", 7, 1),
            ("start_date_distance,los&sorter[start_date_distance][start_date]=2027-06-06&sorter[los][desc]=true", 6, 3),
        ] {
            let expected = (cabin, format!("2027-06-{day:02}"), nights);
            assert_eq!(first(format!("{query}&sorters={sorter}")).await, expected, "{sorter}");
        }
        for (query, parameter) in [
            ("sorters=los&sorter[weather][desc]=true", "sorter[weather][desc]"),
            ("sorters=los&sorter[los_distance][los]=many", "sorter[los_distance][los]"),
            ("sorters=start_date_distance", "sorter[start_date_distance][start_date]"),
        ] {
            let reply = house.get_as(&house.key, &format!("/availabilities?{query}")).await;
            assert_eq!(reply.code(), (400, "INVALID_SORTING".to_owned()), "{query}");
            assert_eq!(reply.json()["errors"][0]["source"]["parameter"], parameter);
        }
    })
    .await;
}

#[tokio::test]
async fn each_limiter_makes_its_own_groups_and_shows_its_part_of_them() {
    in_every_house(|house| async move {
        let market = Market::new(&house).await;
        let query = format!("{WEEK}&filter[los]=1..3");
        for (limit, groups) in [
            ("availabilities", 63),
            ("start_dates", 7),
            ("los", 3),
            ("rentable_types", 3),
            ("categories", 3),
            ("administrations", 2),
        ] {
            let found = searched(
                &house,
                &format!("{query}&limit={limit}&limiter[{limit}][limit]=2"),
            )
            .await;
            assert_eq!(found["meta"]["total_groups"], groups, "{limit}");
            assert_eq!(found["data"].as_array().unwrap().len(), 2, "{limit}");
        }
        let part = async |limit: &str, parts: &str| {
            let parts = parts.replace("[[", &format!("limiter[{limit}]["));
            stays(&house, &format!("{query}&limit={limit}&{parts}")).await
        };
        let begun: Vec<String> = part("start_dates", "[[offset]=2&[[limit]=3")
            .await
            .into_iter()
            .map(|stay| stay.1)
            .collect();
        assert_eq!(begun, ["2027-06-03", "2027-06-04", "2027-06-05"]);
        let nights: Vec<i64> = part("los", "[[offset]=1")
            .await
            .into_iter()
            .map(|stay| stay.2)
            .collect();
        assert_eq!(nights, [2, 3]);
        assert_eq!(
            part("rentable_types", "[[availabilities]=4").await.len(),
            12
        );
        let two = part("start_dates", "[[limit]=1&[[rentable_types]=2").await;
        let types: BTreeSet<Id> = two.iter().map(|stay| stay.0).collect();
        assert_eq!((two.len(), types.len()), (2, 2));
        let six = part(
            "start_dates",
            "[[limit]=1&[[rentable_types]=2&[[availabilities]=3",
        )
        .await;
        assert_eq!(six.len(), 6);
        let of_north = part("administrations", "[[rentable_types]=9").await;
        assert_eq!(
            of_north.iter().filter(|stay| stay.0 != market.tent).count(),
            2
        );
        for parameter in [
            "limiter[weather][limit]",
            "limiter[los][weather]",
            "limiter[los][limit]",
        ] {
            let path = format!("/availabilities?{query}&{parameter}=101");
            let reply = house.get_as(&house.key, &path).await;
            assert_eq!(
                reply.code(),
                (400, "FORBIDDEN_INPUT".to_owned()),
                "{parameter}"
            );
            assert_eq!(reply.json()["errors"][0]["source"]["parameter"], parameter);
        }
    })
    .await;
}
