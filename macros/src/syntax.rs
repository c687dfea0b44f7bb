//! Functions on syntax trees that several macros share.

use proc_macro2::{Ident, Span};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Field, Fields, GenericArgument, Lit, Meta, Path, PathArguments, Token,
    Type,
};

/// Returns the doc comment of an item as one text.
pub fn doc_text(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// Returns the last name of a type path: `TextLookups` for `api::TextLookups`.
pub fn type_name(kind: &Type) -> Option<&Ident> {
    match kind {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// Returns the first type argument of a type: `T` for `Body<T>`.
pub fn type_argument(kind: &Type) -> Option<&Type> {
    let Type::Path(path) = kind else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(kind) => Some(kind),
        _ => None,
    })
}

/// Returns the first constant argument of a type: `500` for `NonEmptyList<CustomerId, 500>`.
pub fn const_argument(kind: &Type) -> Option<&Expr> {
    let Type::Path(path) = kind else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Const(value) => Some(value),
        _ => None,
    })
}

/// Converts `list_groups` to `ListGroups` and appends a suffix.
pub fn camel_case(name: &Ident, suffix: &str) -> Ident {
    let name = name.to_string();
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    Ident::new(&format!("{}{suffix}", words.collect::<String>()), Span::call_site())
}

/// Returns the fields of a struct with named fields.
pub fn named_fields(input: &DeriveInput) -> syn::Result<&Punctuated<Field, Token![,]>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(&fields.named),
            _ => Err(syn::Error::new_spanned(&input.ident, "expected a struct with named fields")),
        },
        _ => Err(syn::Error::new_spanned(&input.ident, "expected a struct")),
    }
}

/// Returns the table of `#[diesel(table_name = ..)]`.
pub fn diesel_table(attributes: &[Attribute]) -> Option<Path> {
    let mut table = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("diesel")) {
        // Diesel parses the other arguments of the attribute and reports errors in them.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("table_name") {
                table = Some(meta.value()?.parse()?);
            }
            Ok(())
        });
    }
    table
}
