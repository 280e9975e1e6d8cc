//! Lists that may also be written as one text with commas, as environment variables need it.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Texts.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let texts = match OneOrMany::deserialize(from)? {
        OneOrMany::Many(texts) => texts,
        OneOrMany::One(text) => text.split(',').map(str::to_owned).collect(),
    };
    let trimmed = texts.iter().map(|text| text.trim().to_owned());
    Ok(trimmed.filter(|text| !text.is_empty()).collect())
}

/// Addresses or networks.
pub(super) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = texts(from)?;
    let networks = texts.iter().map(|text| identity::network(text));
    networks.collect::<Result<_, _>>().map_err(D::Error::custom)
}
