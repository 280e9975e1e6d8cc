//! The derive that turns a plain struct into a stored kind.
//!
//! `#[derive(Kind)]` reads `#[kind(table = "…")]` on the struct and `#[column]` or
//! `#[column(key)]` on its fields. Marked fields become typed columns; all others travel
//! together as JSON in the column `doc`, so a new attribute needs no migration. Attributes
//! such as `#[serde(skip_serializing_if = …)]` on document fields are kept.

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
    let table = table_name(input)?;
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
    Ok(generate(input, &table, &columns, &documents))
}

fn generate(
    input: &DeriveInput,
    table: &LitStr,
    columns: &[(&Field, bool)],
    documents: &[&Field],
) -> Tokens {
    let name = &input.ident;
    let column_idents: Vec<_> = columns.iter().map(|(field, _)| &field.ident).collect();
    let column_names: Vec<_> = column_idents
        .iter()
        .map(|ident| ident.as_ref().map(ToString::to_string))
        .collect();
    let column_types: Vec<_> = columns.iter().map(|(field, _)| &field.ty).collect();
    let column_keys: Vec<_> = columns.iter().map(|(_, is_key)| *is_key).collect();
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
                        #( ::catalogue::Column {
                            name: #column_names,
                            kind: <#column_types as ::catalogue::ColumnValue>::KIND,
                            key: #column_keys,
                        }, )*
                        ::catalogue::Column { name: "doc", kind: ::catalogue::ColumnKind::Text, key: false },
                    ],
                };
                fn version(&self) -> Option<i64> { #version }
                fn set_version(&mut self, version: i64) { #set_version }
                fn to_row(&self) -> ::catalogue::Row {
                    let written = #written {
                        #( #document_idents: &self.#document_idents, )*
                        _lifetime: ::std::marker::PhantomData,
                    };
                    vec![
                        #( ::catalogue::ColumnValue::to_value(&self.#column_idents), )*
                        ::catalogue::document(&written),
                    ]
                }
                fn from_row(row: ::catalogue::Row) -> ::std::result::Result<Self, ::catalogue::Malformed> {
                    let mut cells = ::catalogue::Cells::of(#table, row);
                    #( let #column_idents = cells.next(#column_names)?; )*
                    let #read { #( #document_idents, )* } = cells.document()?;
                    Ok(Self { #( #column_idents, )* #( #document_idents, )* })
                }
            }
        };
    }
}

fn table_name(input: &DeriveInput) -> Result<LitStr> {
    let mut table = None;
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
            Err(meta.error("expected `table = \"…\"`"))
        })?;
    }
    table.ok_or_else(|| {
        Error::new_spanned(&input.ident, "a stored kind needs #[kind(table = \"…\")]")
    })
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
