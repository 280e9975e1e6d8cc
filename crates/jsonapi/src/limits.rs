//! Every limit of this crate, in one place, each with its reason.

/// Bytes of a query. Above what a page of ids by name needs, and what proxies let through anyway.
pub const QUERY_BYTES: usize = 16_384;

/// Parameters in one query. The longest honest search has some forty.
pub const PARAMETERS: usize = 200;

/// Rows on a page where nobody says how many; the vendor's usual figure.
pub const PAGE_SIZE: u32 = 30;

/// Rows on a page at most; the vendor's figure.
pub const PAGE_SIZE_MOST: u32 = 100;

/// The last page that may be asked for. Links to the last page of any list have to be answered, so
/// this only keeps the arithmetic in bounds.
pub const PAGE_NUMBER: u32 = 1_000_000_000;

/// Fields to sort by. A person reads three.
pub const SORT_KEYS: usize = 8;

/// Paths in one `include`.
pub const INCLUDE_PATHS: usize = 30;

/// Steps of one path in an `include`. Reservation, order, item, extra are four.
pub const INCLUDE_DEPTH: usize = 5;

/// Resources in `included`. A page of 100 rows with fifty related ones each.
pub const INCLUDED: usize = 5_000;

/// Fields joined by `|` in one filter.
pub const ALTERNATIVES: usize = 10;

/// Terms in the list of one filter. Ten pages of ids.
pub const TERMS: usize = 1_000;

/// Characters of the value of one filter. A page of a hundred ids has some two thousand.
pub const FILTER_CHARACTERS: usize = 8_000;

/// Characters of an id or a temporary id. A UUID has 36.
pub const ID_CHARACTERS: usize = 100;

/// Characters of a text attribute. Descriptions of rooms have some thousands.
pub const TEXT_CHARACTERS: usize = 65_536;

/// The greatest decimal number of an attribute, and its negation the least. No price and no size
/// comes near it, and every digit of it survives in a floating point number.
pub const DECIMAL: i64 = 999_999_999_999_999;

/// Items of an attribute that is a list.
pub const ITEMS: usize = 1_000;

/// Resources that a request may carry in `included`. Price lists come with some twenty, years of
/// nights with 730.
pub const SIDEPOSTED: usize = 2_000;

/// Links to others that one relationship of a request may hold.
pub const LINKS: usize = 2_000;

/// Errors in one answer. Whoever has more has one mistake, made often.
pub const ERRORS: usize = 100;

/// Characters of an `Accept-Language` header that are read. Browsers send some sixty.
pub const LANGUAGES: usize = 1_000;
