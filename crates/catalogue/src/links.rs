//! What belongs to what: amenities of places, labels on bookings, resources in channels, parts of
//! packages. All of it stands in the table `link`; nothing belongs to the same twice.

pub use crate::content::{AmenityAnswer, LinkDetails};
use crate::{Kind, Table, shared::linked};

linked!(
    /// An organization, a resource, a unit or a booking has an amenity, with its answer.
    AmenityValue, "amenity_value"
);

linked!(
    /// A unit or a booking carries a label.
    Labelled, "labelled"
);

linked!(
    /// A resource belongs to a segment.
    InSegment, "in_segment"
);

linked!(
    /// An organization lies in a region.
    InRegion, "in_region"
);

linked!(
    /// An organization lies in a town.
    InCity, "in_city"
);

linked!(
    /// A channel sells a resource.
    SoldIn, "sold_in"
);

linked!(
    /// A campaign, an extra, a cost or a package is only for these resources.
    LimitedTo, "limited_to"
);

linked!(
    /// A package contains an extra or a cost.
    PackagePart, "package_part"
);

linked!(
    /// A booking has a package; the first is its primary one.
    BookedPackage, "booked_package"
);

/// The tables of all kinds of this file, which are one and the same.
pub const TABLES: &[&Table] = &[
    <AmenityValue as Kind>::TABLE,
    <Labelled as Kind>::TABLE,
    <InSegment as Kind>::TABLE,
    <InRegion as Kind>::TABLE,
    <InCity as Kind>::TABLE,
    <SoldIn as Kind>::TABLE,
    <LimitedTo as Kind>::TABLE,
    <PackagePart as Kind>::TABLE,
    <BookedPackage as Kind>::TABLE,
];
