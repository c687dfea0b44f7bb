//! The `View` derive.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{DeriveInput, Expr, Field, Path, Token, Type, parenthesized};

use crate::syntax::named_fields;

/// A field of the view, and its source.
struct ViewField<'a> {
    name: &'a Ident,
    kind: &'a Type,
    source: Source,
}

enum Source {
    /// Field of the row, moved.
    Field(Ident),
    /// Result of an expression over `row`.
    Expression(Expr),
    /// Argument of `from_row`.
    Argument,
    /// Value of the row's id in the map that a function returns for all rows.
    Lookup(Path),
}

impl<'a> ViewField<'a> {
    fn read(field: &'a Field) -> syn::Result<Self> {
        let name = field.ident.as_ref().ok_or_else(|| syn::Error::new_spanned(field, "expected a named field"))?;
        let mut source = Source::Field(name.clone());
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("view")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("field") {
                    source = Source::Field(meta.value()?.parse()?);
                } else if meta.path.is_ident("value") {
                    source = Source::Expression(meta.value()?.parse()?);
                } else if meta.path.is_ident("argument") {
                    source = Source::Argument;
                } else if meta.path.is_ident("lookup") {
                    source = Source::Lookup(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("expected field, value, argument or lookup"));
                }
                Ok(())
            })?;
        }
        Ok(Self { name, kind: &field.ty, source })
    }
}

/// `#[view(..)]` of the struct.
struct ViewAttributes {
    row: Path,
    relations: Vec<Expr>,
    last_modified: Option<Ident>,
    is_manual: bool,
}

impl ViewAttributes {
    fn read(input: &DeriveInput) -> syn::Result<Self> {
        let (mut row, mut relations, mut last_modified, mut is_manual) = (None, Vec::new(), None, false);
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("view")) {
            attribute.parse_nested_meta(|meta| {
                match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("row") => row = Some(meta.value()?.parse()?),
                    Some("last_modified") => last_modified = Some(meta.value()?.parse()?),
                    Some("manual") => is_manual = true,
                    Some("relations") => {
                        let content;
                        parenthesized!(content in meta.input);
                        relations.extend(Punctuated::<Expr, Token![,]>::parse_terminated(&content)?);
                    }
                    _ => return Err(meta.error("expected row, relations, last_modified or manual")),
                }
                Ok(())
            })?;
        }
        let row = row.ok_or_else(|| syn::Error::new_spanned(&input.ident, "`#[view(row = ..)]` is missing"))?;
        Ok(Self { row, relations, last_modified, is_manual })
    }

    /// Returns the implementation of `Resource`.
    fn resource(&self, name: &Ident, fields: &[ViewField<'_>]) -> Option<TokenStream> {
        let relations = &self.relations;
        let version = fields.iter().any(|field| field.name == "version").then(|| {
            quote! {
                fn version(&self) -> Option<i32> {
                    Some(self.version)
                }
            }
        });
        let last_modified = self.last_modified.as_ref().map(|field| {
            quote! {
                fn last_modified(&self) -> Option<chrono::DateTime<chrono::Utc>> {
                    Some(self.#field)
                }
            }
        });
        (!self.is_manual).then(|| {
            quote! {
                impl crate::platform::api::Resource for #name {
                    const RELATIONS: &'static [crate::platform::api::Relation] = &[#(#relations),*];
                    #version
                    #last_modified
                }
            }
        })
    }
}

pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let name = &input.ident;
    let attributes = ViewAttributes::read(input)?;
    let fields = named_fields(input)?.iter().map(ViewField::read).collect::<syn::Result<Vec<_>>>()?;
    let resource = attributes.resource(name, &fields);
    let row = &attributes.row;
    let arguments: Vec<TokenStream> = fields
        .iter()
        .filter(|field| matches!(field.source, Source::Argument | Source::Lookup(_)))
        .map(|ViewField { name, kind, .. }| quote!(#name: #kind))
        .collect();
    // Expressions borrow the row, so they come before the fields that move out of it.
    let expressions = fields.iter().filter_map(|ViewField { name, source, .. }| match source {
        Source::Expression(value) => Some(quote!(let #name = #value;)),
        _ => None,
    });
    let values = fields.iter().map(|ViewField { name, source, .. }| match source {
        Source::Field(field) => quote!(#name: row.#field),
        Source::Expression(_) | Source::Argument | Source::Lookup(_) => quote!(#name),
    });
    let body = quote!(#(#expressions)* Self { #(#values),* });
    let conversion = if arguments.is_empty() {
        quote! {
            impl From<#row> for #name {
                fn from(row: #row) -> Self { #body }
            }

            impl crate::platform::api::LoadView for #name {
                type Row = #row;

                fn load(_: &mut diesel::PgConnection, rows: Vec<#row>) -> diesel::QueryResult<Vec<Self>> {
                    Ok(rows.into_iter().map(Self::from).collect())
                }
            }
        }
    } else {
        let load = load_with_lookups(name, row, &fields);
        quote! {
            impl #name {
                /// Returns the view of a row.
                pub(super) fn from_row(row: #row, #(#arguments),*) -> Self { #body }
            }

            #load
        }
    };
    Ok(quote!(#conversion #resource))
}

/// Returns `LoadView` for a view whose further fields are all lookups.
fn load_with_lookups(name: &Ident, row: &Path, fields: &[ViewField<'_>]) -> Option<TokenStream> {
    if fields.iter().any(|field| matches!(field.source, Source::Argument)) {
        return None;
    }
    let lookups = fields.iter().filter_map(|ViewField { name, source, .. }| match source {
        Source::Lookup(function) => Some((*name, function)),
        _ => None,
    });
    let (names, functions): (Vec<&Ident>, Vec<&Path>) = lookups.unzip();
    Some(quote! {
        impl crate::platform::api::LoadView for #name {
            type Row = #row;

            fn load(conn: &mut diesel::PgConnection, rows: Vec<#row>) -> diesel::QueryResult<Vec<Self>> {
                let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
                #(let mut #names = #functions(conn, &ids)?;)*
                let view = |row: #row| {
                    #(let #names = #names.remove(&row.id).unwrap_or_default();)*
                    Self::from_row(row, #(#names),*)
                };
                Ok(rows.into_iter().map(view).collect())
            }
        }
    })
}
