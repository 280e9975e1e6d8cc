//! The search for stays over all channels of an app.
//!
//! The index of the house finds the stays, by the same rules and prices as a booking that is made
//! without a price. Channels, segments and amenities are resolved to rentable types before; what a master
//! price list says in a channel is looked up for the stays that are shown, and what a campaign takes off
//! is taken off that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    charge::StayFacts,
    id::Id,
    money::Money,
    party::AgeGroups,
    reduction::{Reduced, Reductions},
    time::today,
};
use http_kit::{Answer, Call, Refusal};
use jiff::Timestamp;
use jsonapi::{Code, Error, Identifier, Query as Asked, Row, Rules};
use service::{
    content::{AmenityAnswer, Channel},
    inventory::{Organization, Resource, Unit},
    links::{AmenityValue, InSegment, SoldIn},
    records::{CampaignChoice, CampaignsAsked, Direction, Field, Query, StayAsked, Test},
    search::{Found, Hit, Searched},
};

use super::{
    asked::{Search, keep},
    bad,
};
use crate::errors::{no_access, refused};
use crate::kinds::availability::AVAILABILITY;
use crate::read::{Look, Shown, Writing, begin, needs_word, parse};
use crate::rows::structure::RentableType;
use crate::state::State;

/// At most so many channels are searched at once.
const MOST_CHANNELS: u32 = 1_000;

/// At most so many rentable types are named to the index; a channel that sells more of them sells
/// everything that there is.
const MOST_NAMED: u32 = 10_000;

/// A search that comes before the index stands waits so long, seconds.
const PREPARED_IN_S: u32 = 2;

/// Finds stays that can be reserved, each with its price for the party.
///
/// # Errors
/// What cannot be searched for, by its name; 503 while the index is being made.
pub async fn stays(state: State, call: Call) -> Result<Answer, Refusal> {
    needs_word(&call, &AVAILABILITY)?;
    let query = parse(&call, &Rules::one(&state.schema, &AVAILABILITY))?;
    let pairs = call.query()?;
    let pairs: Vec<(String, String)> = pairs
        .pairs()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut search = Search::read(&pairs, call.actor.now)?;
    let sold = {
        let look = begin(&state, &call, &query).await?;
        let sold = Sold::read(&call, &look, search.channels.as_deref()).await?;
        narrow(&look, &mut search, &sold).await?;
        sold
    };
    let asks = (search.query.counts_segments, search.query.counts_amenities);
    let reductions = search.query.reductions.clone();
    let found = state.service.search(&call.actor, search.query, call.now);
    let found = match found.await.map_err(refused)? {
        Searched::Found(found) => found.found,
        Searched::Refused(why) => {
            return Err(bad(Error::new(Code::InvalidFilter, why.to_string())));
        }
        Searched::Preparing(_) => {
            return Err(Refusal::Busy {
                retry_after_s: PREPARED_IN_S,
            });
        }
    };
    show(&state, &call, &query, (&sold, &reductions), &found, asks).await
}

/// The channels that are searched, and what they sell.
struct Sold {
    channels: Vec<Channel>,
    /// What is linked to channels, by rentable type.
    linked: HashMap<Id, Vec<Id>>,
}

impl Sold {
    async fn read(call: &Call, look: &Look<'_>, named: Option<&[Id]>) -> Result<Self, Refusal> {
        let caller = &call.caller;
        let mut query =
            Query::<Channel>::new().by(const { Field::new("id") }, Direction::Ascending);
        if let Some(ids) = named {
            let id = const { Field::<Channel>::new("id") };
            query = query.meets(Test::one_of(id, ids.iter().copied()));
        }
        let most = service::PageOf::first(MOST_CHANNELS);
        let found = look.reading.page(&query, most).await.map_err(refused)?;
        let is_whole = caller.organizations.is_none() && caller.channels.is_empty();
        let is_open = |channel: &Channel| {
            is_whole
                || caller.needs_channel(channel.id).is_ok()
                || channel.details.client_id == Some(caller.client_id)
        };
        let channels: Vec<Channel> = found.rows.into_iter().filter(is_open).collect();
        // Whoever names a channel learns that it is not theirs.
        for id in named.unwrap_or_default() {
            if !channels.iter().any(|channel| channel.id == *id) {
                caller.needs_channel(*id).map_err(no_access)?;
            }
        }
        let ids: Vec<Id> = channels.iter().map(|channel| channel.id).collect();
        let from = const { Field::<SoldIn>::new("from_id") };
        let links = look.reading.of::<SoldIn>(from, &ids).await;
        let mut linked: HashMap<Id, Vec<Id>> = HashMap::new();
        for link in links.map_err(refused)? {
            linked.entry(link.to_id).or_default().push(link.from_id);
        }
        Ok(Self { channels, linked })
    }

    /// The rentable types that are sold; nothing where all are.
    async fn resources(&self, look: &Look<'_>) -> Result<Option<Vec<Id>>, Refusal> {
        let sells_all = |channel: &&Channel| channel.details.sells_everything;
        let everywhere = self.channels.iter().filter(sells_all);
        let mut places = BTreeSet::new();
        for channel in everywhere {
            match channel.organization_id {
                None => return Ok(None),
                Some(id) => {
                    places.insert(id);
                }
            }
        }
        let mut ids: BTreeSet<Id> = self.linked.keys().copied().collect();
        if !places.is_empty() {
            let place = const { Field::<Resource>::new("organization_id") };
            let query = Query::new().meets(Test::one_of(place, places));
            let most = service::PageOf::first(MOST_NAMED);
            let found = look.reading.page(&query, most).await.map_err(refused)?;
            if found.more {
                let detail = "These channels sell too many rentable types: name some of them";
                return Err(bad(
                    Error::new(Code::InvalidFilter, detail).in_parameter("channel_ids")
                ));
            }
            ids.extend(found.rows.iter().map(|resource| resource.id));
        }
        Ok(Some(ids.into_iter().collect()))
    }

    /// The first channel that sells a rentable type.
    fn channel_of(&self, hit: &Hit) -> Option<&Channel> {
        let linked = self.linked.get(&hit.resource_id);
        let mut channels = self.channels.iter();
        channels.find(|channel| {
            let everything = channel.details.sells_everything
                && channel
                    .organization_id
                    .is_none_or(|id| id == hit.organization_id);
            everything || linked.is_some_and(|linked| linked.contains(&channel.id))
        })
    }
}

/// Narrows the query to what is sold, and to what has the segments and amenities that are asked for.
async fn narrow(look: &Look<'_>, search: &mut Search, sold: &Sold) -> Result<(), Refusal> {
    if sold.channels.is_empty() {
        search.query.resources.only = Some(Vec::new());
        return Ok(());
    }
    if let Some(ids) = sold.resources(look).await? {
        keep(&mut search.query.resources.only, ids);
    }
    for segments in &search.segments {
        let ids = in_segments(look, segments).await?;
        keep(&mut search.query.resources.only, ids);
    }
    if !search.no_segments.is_empty() {
        let ids = in_segments(look, &search.no_segments).await?;
        search.query.resources.never.extend(ids);
    }
    if let Some(id) = search.unit {
        let unit = look.reading.one::<Unit>(id).await.map_err(refused)?;
        // A query that touches no days is refused when it is asked.
        if let (Some(unit), Ok(days)) = (&unit, search.query.touched()) {
            let reach = look.reading.unit_reach(unit, days).await;
            search.query.reach = Some(reach.map_err(refused)?);
        }
        let ids = unit.map(|unit| unit.resource_id).into_iter().collect();
        keep(&mut search.query.resources.only, ids);
    }
    let asked = CampaignsAsked {
        choice: search
            .campaign
            .map_or(CampaignChoice::Best, CampaignChoice::Only),
        token: search.token.clone(),
        had: None,
    };
    let campaigns = look.reading.campaigns(&asked).await;
    search.query.reductions = campaigns.map_err(refused)?;
    if !search.amenities.is_empty() {
        let ids = with_amenities(look, &search.amenities).await?;
        keep(&mut search.query.resources.only, ids);
    }
    Ok(())
}

async fn in_segments(look: &Look<'_>, segments: &[Id]) -> Result<Vec<Id>, Refusal> {
    let to = const { Field::<InSegment>::new("to_id") };
    let links = look.reading.of::<InSegment>(to, segments).await;
    let links = links.map_err(refused)?;
    Ok(links.into_iter().map(|link| link.from_id).collect())
}

/// The rentable types that have all of these amenities.
async fn with_amenities(look: &Look<'_>, amenities: &[Id]) -> Result<Vec<Id>, Refusal> {
    let wanted: BTreeSet<Id> = amenities.iter().copied().collect();
    let to = const { Field::<AmenityValue>::new("to_id") };
    let links = look.reading.of::<AmenityValue>(to, amenities).await;
    let mut has: HashMap<Id, BTreeSet<Id>> = HashMap::new();
    for link in links.map_err(refused)? {
        if link.details.answer != Some(AmenityAnswer::There(false)) {
            has.entry(link.from_id).or_default().insert(link.to_id);
        }
    }
    let all = has.into_iter().filter(|(_, has)| has.is_superset(&wanted));
    Ok(all.map(|(id, _)| id).collect())
}

/// Answers with what was found.
async fn show(
    state: &State,
    call: &Call,
    query: &Asked,
    (sold, reductions): (&Sold, &Reductions),
    found: &Found,
    asks: (bool, bool),
) -> Result<Answer, Refusal> {
    let look = begin(state, call, query).await?;
    let ids: Vec<Id> = found.hits.iter().map(|hit| hit.organization_id).collect();
    let places = look.reading.by_ids::<Organization>(&ids).await;
    let places = places.map_err(refused)?;
    let places: HashMap<Id, Organization> =
        places.into_iter().map(|place| (place.id, place)).collect();
    let prices = prices(&look, sold, &found.hits).await?;
    let rows = found.hits.iter().zip(prices);
    let rows: Vec<Row> = rows
        .map(|(hit, price)| {
            let place = places.get(&hit.organization_id);
            let reduced = reduced(hit, price, reductions, place, call.actor.now);
            row(hit, (price, reduced), sold.channel_of(hit), place)
        })
        .collect();
    let writing = Writing {
        state,
        call,
        query,
        locale: None,
    };
    let answer = writing.answer(look, &rows, |view, rows, related| {
        let counted = |counts: &BTreeMap<Id, u64>| -> serde_json::Value {
            let counts = counts
                .iter()
                .map(|(id, count)| (id.to_string(), (*count).into()));
            counts.collect::<serde_json::Map<_, _>>().into()
        };
        let mut document = view.whole(rows, related);
        if asks.0 {
            document = document.with_meta("semantic_segment_counts", counted(&found.segments));
        }
        if asks.1 {
            document = document.with_meta("amenity_counts", counted(&found.amenities));
        }
        document
            .with_meta("total_availabilities", found.stays.into())
            .with_meta("total_rentable_types", found.resources.into())
            .with_meta("total_groups", found.groups.into())
    });
    answer.await
}

/// What a campaign takes off a stay at this price.
fn reduced(
    hit: &Hit,
    rent: Money,
    reductions: &Reductions,
    place: Option<&Organization>,
    now: Timestamp,
) -> Option<Reduced> {
    let facts = StayFacts {
        arrival: hit.arrival,
        departure: hit.departure(),
        // Who comes has been counted in the price.
        group: AgeGroups::default(),
        rent,
    };
    let today = today(&place?.details.zone, now);
    let sold = (hit.resource_id, hit.organization_id);
    reductions.best(sold, &facts, today).ok()?.reduced
}

/// What the stays cost before a campaign takes anything off: by the master price list of their types in the
/// channel, where that has a price, otherwise as they were found.
async fn prices(look: &Look<'_>, sold: &Sold, hits: &[Hit]) -> Result<Vec<Money>, Refusal> {
    let ids: Vec<Id> = hits.iter().map(|hit| hit.resource_id).collect();
    let resources = look.reading.by_ids::<Resource>(&ids).await;
    let resources = resources.map_err(refused)?;
    let lists: HashMap<Id, Id> = resources
        .iter()
        .filter_map(|resource| Some((resource.id, resource.details.price_list_id?)))
        .collect();
    let whole = |hit: &Hit| hit.price.plus(hit.off).unwrap_or(hit.price);
    let mut prices: Vec<Money> = hits.iter().map(whole).collect();
    for channel in &sold.channels {
        let of_channel = hits.iter().enumerate().filter_map(|(index, hit)| {
            let is_its = sold.channel_of(hit).is_some_and(|one| one.id == channel.id);
            let list_id = lists.get(&hit.resource_id).copied().filter(|_| is_its)?;
            let asked = StayAsked {
                list_id,
                arrival: hit.arrival,
                nights: hit.nights,
            };
            Some((index, asked))
        });
        let (indexes, asked): (Vec<usize>, Vec<StayAsked>) = of_channel.unzip();
        if asked.is_empty() {
            continue;
        }
        let answers = look.reading.stay_prices(channel, &asked).await;
        for (index, answer) in indexes.into_iter().zip(answers.map_err(refused)?) {
            if let Ok(price) = answer
                && price.total.currency == prices[index].currency
            {
                prices[index] = price.total;
            }
        }
    }
    Ok(prices)
}

fn row(
    hit: &Hit,
    (whole, reduced): (Money, Option<Reduced>),
    channel: Option<&Channel>,
    place: Option<&Organization>,
) -> Row {
    let channel_id = channel.map(|channel| channel.id);
    let digits = channel_id.map_or_else(String::new, |id| format!("-{id}"));
    let id = format!("{}-{}-{}{digits}", hit.resource_id, hit.arrival, hit.nights);
    let money = |money: Money| jsonapi::Money {
        currency: money.currency,
        value: money.to_decimal(),
    };
    let left = reduced.and_then(|reduced| whole.minus(reduced.off).ok());
    let (price, whole) = (money(left.unwrap_or(whole)), money(whole));
    let times = place.map(|place| &place.details);
    Row::new(&AVAILABILITY, id)
        .with("start_date", hit.arrival)
        .with("end_date", hit.departure())
        .with("los", i64::from(hit.nights))
        .with(
            "checkin_time",
            times.map(|times| times.check_in_from.clone()),
        )
        .with(
            "checkout_time",
            times.map(|times| times.check_out_to.clone()),
        )
        .with("price", price)
        .with("original_price", whole)
        .with("rent_price", price)
        .with("original_rent_price", whole)
        .to_one(
            "administration",
            Some(Identifier::new("administration", hit.organization_id)),
        )
        .to_one(
            "channel",
            channel_id.map(|id| Identifier::new("channel", id)),
        )
        .to_one(
            "rentable_type",
            Some(Identifier::new(RentableType::KIND.name, hit.resource_id)),
        )
        .to_one(
            "category",
            Some(Identifier::new("category", hit.resource_id)),
        )
        .to_one(
            "discount_campaign",
            reduced.map(|reduced| Identifier::new("discount_campaign", reduced.by)),
        )
}
