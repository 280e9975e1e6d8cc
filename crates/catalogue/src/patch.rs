//! Structs whose changes travel as a patch: every field may be absent.

use domain::{contact::Contact, party::Party};

use crate::sale::Extra;

/// Declares a struct together with its patch. An absent field of the patch leaves the struct's
/// field as it is; a nullable field is an `Option<Option<…>>` in the patch, so that "set to
/// nothing" and "leave" differ.
///
/// `compact` in front leaves fields with their default value out of the stored document. It is for
/// structs that derive `Default`, and for those only: what is left out is read as its type's default.
macro_rules! patched {
    (compact $(#[$meta:meta])* pub struct $name:ident, $(#[$patch_meta:meta])* $patch:ident {
        $( $(#[$field_meta:meta])* pub $field:ident : $type:ty $( as $part:ty )?, )*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $( $(#[$field_meta])* #[serde(skip_serializing_if = "crate::patch::is_default")] pub $field: $type, )*
        }
        $crate::patch::patched! {
            @patch $name, $(#[$patch_meta])* $patch { $( $(#[$field_meta])* pub $field: $type $( as $part )?, )* }
        }
    };
    ($(#[$meta:meta])* pub struct $name:ident, $(#[$patch_meta:meta])* $patch:ident {
        $( $(#[$field_meta:meta])* pub $field:ident : $type:ty $( as $part:ty )?, )*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name { $( $(#[$field_meta])* pub $field: $type, )* }
        $crate::patch::patched! {
            @patch $name, $(#[$patch_meta])* $patch { $( $(#[$field_meta])* pub $field: $type $( as $part )?, )* }
        }
    };
    (@patch $name:ident, $(#[$patch_meta:meta])* $patch:ident {
        $( $(#[$field_meta:meta])* pub $field:ident : $type:ty $( as $part:ty )?, )*
    }) => {
        $(#[$patch_meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $patch { $( $(#[$field_meta])* pub $field: $crate::patch::part!($type $(, $part)?), )* }

        impl $patch {
            /// Writes every field that is present into `target`.
            pub fn apply(self, target: &mut $name) {
                $( $crate::patch::Part::apply(self.$field, &mut target.$field); )*
            }

            /// Whether nothing would change.
            pub fn is_empty(&self) -> bool {
                true $( && $crate::patch::Part::<$type>::is_empty(&self.$field) )*
            }
        }
    };
}

/// Whether a field need not be stored.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The type of a field in a patch: its own patch where it has one, otherwise an `Option`.
macro_rules! part {
    ($type:ty) => { Option<$type> };
    ($type:ty, $part:ty) => { $part };
}
pub(crate) use part;
pub(crate) use patched;

/// A change of one field.
pub trait Part<T> {
    /// Writes the change.
    fn apply(self, target: &mut T);
    /// Whether nothing would change.
    fn is_empty(&self) -> bool;
}

impl<T> Part<T> for Option<T> {
    fn apply(self, target: &mut T) {
        if let Some(value) = self {
            *target = value;
        }
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }
}

/// A change of a dialect's own attributes: merged key by key, null removes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExtraPatch(pub Extra);

impl Part<Extra> for ExtraPatch {
    fn apply(self, target: &mut Extra) {
        for (key, value) in self.0 {
            if value.is_null() {
                target.remove(&key);
            } else {
                target.insert(key, value);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A change of a contact, field by field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactPatch(pub Vec<(ContactField, String)>);

/// The fields of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each is the field of the same name in the contact"
)]
pub enum ContactField {
    Title,
    FirstName,
    LastName,
    Email,
    Phone,
    Mobile,
    Fax,
    Company,
    Address,
    City,
    Region,
    Postcode,
    Country,
    CountryCode,
}

impl ContactField {
    /// The field in a contact.
    pub fn of(self, contact: &mut Contact) -> &mut String {
        match self {
            ContactField::Title => &mut contact.title,
            ContactField::FirstName => &mut contact.first_name,
            ContactField::LastName => &mut contact.last_name,
            ContactField::Email => &mut contact.email,
            ContactField::Phone => &mut contact.phone,
            ContactField::Mobile => &mut contact.mobile,
            ContactField::Fax => &mut contact.fax,
            ContactField::Company => &mut contact.company,
            ContactField::Address => &mut contact.address,
            ContactField::City => &mut contact.city,
            ContactField::Region => &mut contact.region,
            ContactField::Postcode => &mut contact.postcode,
            ContactField::Country => &mut contact.country,
            ContactField::CountryCode => &mut contact.country_code,
        }
    }
}

impl Part<Contact> for ContactPatch {
    fn apply(self, target: &mut Contact) {
        for (field, value) in self.0 {
            *field.of(target) = value;
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A change of a party, number by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartyPatch {
    /// Adults.
    pub adults: Option<u16>,
    /// Children.
    pub children: Option<u16>,
    /// Infants.
    pub infants: Option<u16>,
}

impl Part<Party> for PartyPatch {
    fn apply(self, target: &mut Party) {
        target.adults = self.adults.unwrap_or(target.adults);
        target.children = self.children.unwrap_or(target.children);
        target.infants = self.infants.unwrap_or(target.infants);
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
