//! The body of a posted request, in each of the forms in which clients send it.

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use multer::{Constraints, Multipart, SizeLimit};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::parameters::{BadParameters, LARGEST, Parameters};
use super::reason::Reason;

/// The largest body that is read, in bytes.
pub const BODY_BYTES: usize = LARGEST;

/// A request as it was posted.
#[derive(Clone)]
pub struct Posted<'r> {
    /// Its headers.
    pub headers: &'r HeaderMap,
    /// Its body; whoever reads it stops at [`BODY_BYTES`].
    pub body: Bytes,
}

impl Posted<'_> {
    /// The parameters of the body. The query is never looked at: it ends up in logs.
    pub(crate) async fn parameters(&self) -> Result<Parameters, Reason> {
        if self.body.len() > BODY_BYTES {
            return Err(BadParameters::TooLong.into());
        }
        let mut types = self.headers.get_all(CONTENT_TYPE).iter();
        let (Some(media_type), None) = (types.next(), types.next()) else {
            return Err(Reason::UnknownMediaType);
        };
        let media_type = media_type.to_str().map_err(|_| Reason::UnknownMediaType)?;
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => form(&self.body),
            "application/json" => json(&self.body),
            "multipart/form-data" => multipart(media_type, self.body.clone()).await,
            _ => Err(Reason::UnknownMediaType),
        }
    }
}

fn form(body: &[u8]) -> Result<Parameters, Reason> {
    if std::str::from_utf8(body).is_err() {
        return Err(Reason::Unreadable);
    }
    Ok(Parameters::parse(body)?)
}

fn json(body: &[u8]) -> Result<Parameters, Reason> {
    let pairs: Pairs = serde_json::from_slice(body).map_err(|_| Reason::Unreadable)?;
    Ok(Parameters::of(pairs.0)?)
}

async fn multipart(media_type: &str, body: Bytes) -> Result<Parameters, Reason> {
    let boundary = multer::parse_boundary(media_type).map_err(|_| Reason::Unreadable)?;
    let bound = SizeLimit::new().whole_stream(BODY_BYTES as u64);
    let whole = stream::iter([Ok::<_, std::convert::Infallible>(body)]);
    let mut parts =
        Multipart::with_constraints(whole, boundary, Constraints::new().size_limit(bound));
    let mut pairs = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let Some(name) = part.name().map(str::to_owned) else {
            return Err(Reason::Unreadable);
        };
        if part.file_name().is_some() {
            return Err(Reason::Unreadable);
        }
        let bytes = part.bytes().await.map_err(unreadable)?;
        let value = String::from_utf8(bytes.to_vec()).map_err(|_| Reason::Unreadable)?;
        pairs.push((name, value));
    }
    Ok(Parameters::of(pairs)?)
}

fn unreadable(_: multer::Error) -> Reason {
    Reason::Unreadable
}

/// A JSON object of texts, with every name that stands in it: a map would keep the last of two and hide
/// the first.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Option<String>>()? {
            // Null is how some languages leave a parameter out.
            pairs.push((name, value.unwrap_or_default()));
        }
        Ok(Pairs(pairs))
    }
}
