//! What is stored, shown as resources: one file for each group of types, as in [`crate::kinds`].

pub mod bookings;
pub mod content;
pub mod discounts;
pub mod money;
pub mod operations;
pub mod orders;
pub mod parts;
pub mod people;
pub mod periods;
pub mod platform;
pub mod structure;
pub mod units;

use domain::{access::Capability, id::Id};
use jsonapi::{ResourceType, Row};
use service::{Subject, UseCase, records::Readable};

use crate::read::{Look, Shown, by_ids};

/// Declares how a type is shown whose rows say everything themselves.
macro_rules! plain {
    ($(#[$doc:meta])* $name:ident: $stored:ty as $kind:expr,
     [$($field:literal => $how:ident $column:literal),* $(,)?],
     |$row:ident, $begun:ident| $show:expr) => {
        $(#[$doc])*
        pub struct $name;

        impl crate::read::Shown for $name {
            type Stored = $stored;
            const KIND: &'static jsonapi::ResourceType = &$kind;

            fn lookup(name: &str) -> Option<crate::read::Lookup<$stored>> {
                use service::records::Field;
                match name {
                    $($field => Some(crate::read::Lookup::$how(const { Field::new($column) })),)*
                    _ => None,
                }
            }

            async fn show(
                stored: &[$stored],
                _: &crate::read::Look<'_>,
            ) -> service::Result<Vec<jsonapi::Row>> {
                let shown = stored.iter().map(|$row| {
                    let $begun = crate::rows::parts::begun(Self::KIND, $row);
                    $show
                });
                Ok(shown.collect())
            }
        }
    };
}
pub(crate) use plain;

/// Declares the table from the names of types to how they are shown.
macro_rules! shown {
    ($($type:ty),* $(,)?) => {
        /// Resources of a type by their ids; none of a type that is not found by id.
        pub async fn load(
            kind: &'static ResourceType,
            ids: &[Id],
            look: &Look<'_>,
        ) -> service::Result<Vec<Row>> {
            $(if kind == <$type as Shown>::KIND {
                return by_ids::<$type>(ids, look).await;
            })*
            elsewhere(kind, ids, look).await
        }

        /// Reads what resources of a type are shown from, to be kept until they are; nothing of a type that is not
        /// found by id.
        pub async fn prepare(
            kind: &'static ResourceType,
            ids: &[Id],
            look: &Look<'_>,
        ) -> service::Result<()> {
            $(if kind == <$type as Shown>::KIND {
                return crate::read::prepare::<$type>(ids, look).await;
            })*
            Ok(())
        }

        /// A resource as it was before a change and after it, by what an event notes of its row; none where it
        /// notes nothing of the rows that this type is shown from.
        pub async fn sides(
            kind: &'static ResourceType,
            id: Id,
            facts: &serde_json::Value,
            look: &Look<'_>,
        ) -> service::Result<Option<[Row; 2]>> {
            $(if kind == <$type as Shown>::KIND {
                return crate::read::sides::<$type>(id, facts, look).await;
            })*
            Ok(None)
        }

        /// What it takes at use cases to read a type; none for a type that is not kept as rows.
        pub fn needs(kind: &'static ResourceType) -> Option<Capability> {
            $(if kind == <$type as Shown>::KIND {
                return Some(UseCase::Find(<<$type as Shown>::Stored as Readable>::SUBJECT).needs());
            })*
            match kind.name {
                "customer" => Some(UseCase::Find(Subject::Customers).needs()),
                "organization" => Some(UseCase::Find(Subject::Account).needs()),
                _ => None,
            }
        }

        /// What each type can be filtered and sorted by, for the test that holds the two tables together.
        #[cfg(test)]
        fn missing() -> Vec<String> {
            let mut missing = Vec::new();
            $(missing.extend(parts::missing::<$type>());)*
            missing
        }
    };
}

shown! {
    structure::Administration,
    content::RegionShown,
    content::CityShown,
    content::AmenityShown,
    content::AmenityGroupShown,
    content::AmenityOptionShown,
    content::AdministrationAmenity,
    content::RentableTypeAmenity,
    content::CategoryAmenity,
    content::RentableAmenity,
    content::ReservationAmenity,
    content::RentableSegment,
    content::CategoryGroup,
    structure::RentableType,
    structure::Category,
    structure::ImageShown,
    units::InventoryObject,
    units::RentableIdentity,
    units::Rentable,
    content::LabelShown,
    structure::OwnerShown,
    structure::ContractorShown,
    structure::AgreementShown,
    content::ChannelShown,
    content::MasterPriceList,
    discounts::DiscountCampaign,
    discounts::DiscountCardShown,
    discounts::CouponShown,
    content::Extra,
    content::CostShown,
    content::PeriodicCostShown,
    content::PackageShown,
    content::CancellationRuleShown,
    bookings::Reservation,
    bookings::BookingShown,
    orders::OrderShown,
    orders::MainOrderItem,
    orders::ExtraOrderItem,
    orders::SimplePrice,
    orders::ComplexPrice,
    people::GuestShown,
    people::GuestMutationShown,
    periods::AgendaPeriod,
    money::InvoiceShown,
    money::PaymentShown,
    money::PaymentMethodShown,
    money::PaymentRequestShown,
    money::PaymentResultShown,
    operations::TodoShown,
    operations::ReviewShown,
    operations::MessageTemplateShown,
    operations::MessageShown,
    operations::InternalMessageShown,
    content::ApplicationCommandShown,
}

/// Customers may be kept in their bookings, and the platform's own types are not kept as rows.
async fn elsewhere(
    kind: &'static ResourceType,
    ids: &[Id],
    look: &Look<'_>,
) -> service::Result<Vec<Row>> {
    match kind.name {
        "customer" => people::customers(ids, look).await,
        "organization" => platform::organizations(ids, look).await,
        "administration_subscription" => Ok(platform::administration_subscriptions(ids, look)),
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_can_be_filtered_or_sorted_by_can_be_looked_up() {
        let missing = super::missing();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
