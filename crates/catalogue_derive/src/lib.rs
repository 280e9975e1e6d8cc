//! The derive that turns a plain struct into a stored kind.
//!
//! `#[derive(Kind)]` reads `#[kind(table = "…")]` on the struct and `#[column]` or
//! `#[column(key)]` on its fields. Marked fields become typed columns; all others travel
//! together as JSON in the column `doc`, so a new attribute needs no migration. Attributes
//! such as `#[serde(skip_serializing_if = …)]` on document fields are kept.
//!
//! Kinds of the same shape may share a table: `#[kind(table = "…", only = "…")]` puts the word into
//! the key column `kind`, after the first one, and reads rows with this word only.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, LitStr, Result, parse_macro_input};

/// Derives `catalogue::Kind`; see the crate's documentation for the attributes.
#[proc_macro_derive(Kind, attributes(kind, column, serde))]
pub fn derive_kind(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

fn expand(input: &DeriveInput) -> Result<Tokens> {
    let names = names(input)?;
    let fields = named_fields(input)?;
    let mut columns = Vec::new();
    let mut documents = Vec::new();
    for field in fields {
        match column_of(field)? {
            Some(is_key) => columns.push((field, is_key)),
            None => documents.push(field),
        }
    }
    if !columns.iter().any(|(_, is_key)| *is_key) {
        return Err(Error::new_spanned(
            &input.ident,
            "a stored kind needs at least one #[column(key)]",
        ));
    }
    if names.only.is_some() && !columns[0].1 {
        return Err(Error::new_spanned(
            &input.ident,
            "a kind that shares its table begins with a #[column(key)]",
        ));
    }
    Ok(generate(input, &names, &columns, &documents))
}

/// How a kind is called in the store.
struct Names {
    table: LitStr,
    /// The word that tells it from the other kinds of its table.
    only: Option<LitStr>,
}

/// What a kind that shares its table does about the column `kind`.
struct Shared {
    only: Tokens,
    column: Tokens,
    written: Tokens,
    read: Tokens,
}

fn shared(only: Option<&LitStr>) -> Shared {
    let Some(only) = only else {
        return Shared {
            only: quote!(None),
            column: Tokens::new(),
            written: Tokens::new(),
            read: Tokens::new(),
        };
    };
    Shared {
        only: quote!(Some(#only)),
        column: quote! {
            ::catalogue::Column { name: "kind", kind: ::catalogue::ColumnKind::Text, key: true },
        },
        written: quote!(::catalogue::Value::from(#only),),
        read: quote!(cells.word("kind", #only)?;),
    }
}

fn generate(
    input: &DeriveInput,
    names: &Names,
    columns: &[(&Field, bool)],
    documents: &[&Field],
) -> Tokens {
    let name = &input.ident;
    let table = &names.table;
    let shared = shared(names.only.as_ref());
    let (only, kind_column) = (&shared.only, &shared.column);
    let (kind_written, kind_read) = (&shared.written, &shared.read);
    let column_idents: Vec<_> = columns.iter().map(|(field, _)| &field.ident).collect();
    let column_names: Vec<_> = column_idents
        .iter()
        .map(|ident| ident.as_ref().map(ToString::to_string))
        .collect();
    let column_types: Vec<_> = columns.iter().map(|(field, _)| &field.ty).collect();
    let column_keys: Vec<_> = columns.iter().map(|(_, is_key)| *is_key).collect();
    let described: Vec<Tokens> = column_names
        .iter()
        .zip(&column_types)
        .zip(&column_keys)
        .map(|((name, of), key)| {
            quote! {
                ::catalogue::Column {
                    name: #name,
                    kind: <#of as ::catalogue::ColumnValue>::KIND,
                    key: #key,
                },
            }
        })
        .collect();
    let (first_described, other_described) = described.split_at(1);
    let (first_ident, other_idents) = column_idents.split_at(1);
    let (first_name, other_names) = column_names.split_at(1);
    let document_idents: Vec<_> = documents.iter().map(|field| &field.ident).collect();
    let document_types: Vec<_> = documents.iter().map(|field| &field.ty).collect();
    let document_attrs: Vec<Vec<&Attribute>> = documents
        .iter()
        .map(|field| {
            field
                .attrs
                .iter()
                .filter(|attr| attr.path().is_ident("serde"))
                .collect()
        })
        .collect();
    let written = format_ident!("{}Written", name);
    let read = format_ident!("{}Read", name);
    let has_version = column_idents
        .iter()
        .any(|ident| ident.as_ref().is_some_and(|ident| ident == "version"));
    let version = if has_version {
        quote!(Some(self.version))
    } else {
        quote!(None)
    };
    let set_version = if has_version {
        quote!(self.version = version;)
    } else {
        quote!(let _ = version;)
    };
    quote! {
        const _: () = {
            #[derive(::serde::Serialize)]
            struct #written<'a> {
                #( #(#document_attrs)* #document_idents: &'a #document_types, )*
                #[serde(skip)]
                _lifetime: ::std::marker::PhantomData<&'a ()>,
            }
            #[derive(::serde::Deserialize)]
            struct #read {
                #( #(#document_attrs)* #document_idents: #document_types, )*
            }
            impl ::catalogue::Kind for #name {
                const TABLE: &'static ::catalogue::Table = &::catalogue::Table {
                    name: #table,
                    columns: &[
                        #( #first_described )*
                        #kind_column
                        #( #other_described )*
                        ::catalogue::Column { name: "doc", kind: ::catalogue::ColumnKind::Text, key: false },
                    ],
                };
                const ONLY: Option<&'static str> = #only;
                fn version(&self) -> Option<i64> { #version }
                fn set_version(&mut self, version: i64) { #set_version }
                fn to_row(&self) -> ::catalogue::Row {
                    let written = #written {
                        #( #document_idents: &self.#document_idents, )*
                        _lifetime: ::std::marker::PhantomData,
                    };
                    vec![
                        #( ::catalogue::ColumnValue::to_value(&self.#first_ident), )*
                        #kind_written
                        #( ::catalogue::ColumnValue::to_value(&self.#other_idents), )*
                        ::catalogue::document(&written),
                    ]
                }
                fn from_row(row: ::catalogue::Row) -> ::std::result::Result<Self, ::catalogue::Malformed> {
                    let mut cells = ::catalogue::Cells::of(#table, row);
                    #( let #first_ident = cells.next(#first_name)?; )*
                    #kind_read
                    #( let #other_idents = cells.next(#other_names)?; )*
                    let #read { #( #document_idents, )* } = cells.document()?;
                    Ok(Self { #( #column_idents, )* #( #document_idents, )* })
                }
            }
        };
    }
}

fn names(input: &DeriveInput) -> Result<Names> {
    let (mut table, mut only) = (None, None);
    for attr in input
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("kind"))
    {
        attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("table") {
                table = Some(meta.value()?.parse()?);
                return Ok(());
            }
            if meta.path.is_ident("only") {
                only = Some(meta.value()?.parse()?);
                return Ok(());
            }
            Err(meta.error("expected `table = \"…\"` or `only = \"…\"`"))
        })?;
    }
    let table = table.ok_or_else(|| {
        Error::new_spanned(&input.ident, "a stored kind needs #[kind(table = \"…\")]")
    })?;
    Ok(Names { table, only })
}

fn named_fields(input: &DeriveInput) -> Result<impl Iterator<Item = &Field>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter()),
            other => Err(Error::new_spanned(other, "a stored kind has named fields")),
        },
        _ => Err(Error::new_spanned(
            &input.ident,
            "a stored kind is a struct",
        )),
    }
}

/// Returns whether the field is a column, and if so whether it is part of the key.
fn column_of(field: &Field) -> Result<Option<bool>> {
    let Some(attr) = field
        .attrs
        .iter()
        .find(|attr| attr.path().is_ident("column"))
    else {
        return Ok(None);
    };
    let mut is_key = false;
    if matches!(attr.meta, syn::Meta::List(_)) {
        attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("key") {
                is_key = true;
                return Ok(());
            }
            Err(meta.error("expected `key`"))
        })?;
    }
    Ok(Some(is_key))
}
