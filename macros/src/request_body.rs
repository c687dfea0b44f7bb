//! The `request_body` attribute.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Field, Fields, ItemStruct, Path, Token, Type, parse_quote};

use crate::syntax::{const_argument, type_argument, type_name};

/// Arguments of the attribute.
pub struct BodyAttributes {
    schema: Ident,
    patch: Option<Ident>,
    is_partial: bool,
    table: Option<Path>,
}

impl Parse for BodyAttributes {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let schema = input.parse()?;
        let mut attributes = Self { schema, patch: None, is_partial: false, table: None };
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let name: Ident = input.parse()?;
            if name == "partial" {
                attributes.is_partial = true;
                continue;
            }
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "patch" => attributes.patch = Some(input.parse()?),
                "table" => attributes.table = Some(input.parse()?),
                _ => return Err(syn::Error::new(name.span(), "expected patch, partial or table")),
            }
        }
        Ok(attributes)
    }
}

/// A field of the body, with its macro attributes removed.
struct BodyField {
    field: Field,
    name: Ident,
    kind: FieldKind,
    /// Column of the table; none for a field that the service handles.
    column: Option<Ident>,
}

/// Presence of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FieldKind {
    Required,
    Optional,
    /// `Field<T>`: absent, null or a value.
    Nullable,
}

impl BodyField {
    fn read(field: &Field) -> syn::Result<Self> {
        let mut field = field.clone();
        let name = field.ident.clone().ok_or_else(|| syn::Error::new_spanned(&field, "expected a named field"))?;
        let kind = match type_name(&field.ty).map(ToString::to_string).as_deref() {
            Some("Option") => FieldKind::Optional,
            Some("Field") => FieldKind::Nullable,
            _ => FieldKind::Required,
        };
        let mut column = Some(name.clone());
        let (own, others): (Vec<Attribute>, Vec<Attribute>) =
            field.attrs.drain(..).partition(|attribute| attribute.path().is_ident("body"));
        for attribute in own {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("column") {
                    column = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("skip") {
                    column = None;
                } else {
                    return Err(meta.error("expected column or skip"));
                }
                Ok(())
            })?;
        }
        field.attrs = others;
        // An explicit schema of the field takes precedence.
        let schema = field.attrs.iter().filter(|attribute| attribute.path().is_ident("schema"));
        let has_type =
            schema.into_iter().any(|attribute| attribute.meta.to_token_stream().to_string().contains("value_type"));
        match (bounded_schema(&field.ty), kind, type_argument(&field.ty)) {
            _ if has_type => {}
            (Some(schema), ..) => field.attrs.push(schema),
            (None, FieldKind::Nullable, Some(value)) => {
                field.attrs.push(parse_quote!(#[schema(value_type = Option<#value>, required = false)]));
            }
            _ => {}
        }
        Ok(Self { field, name, kind, column })
    }

    /// Returns the field of the PATCH body: every field can be absent.
    fn for_patch(&self) -> Field {
        let mut field = self.field.clone();
        if self.kind == FieldKind::Required {
            let kind = &field.ty;
            field.ty = parse_quote!(Option<#kind>);
            field.attrs.push(parse_quote!(#[schema(required = false)]));
        }
        field
    }

    /// Returns the assignment of this field's column, if the field has a value.
    fn assignment(&self, table: &Path, is_patch: bool) -> Option<Assignment> {
        let (name, column) = (&self.name, self.column.as_ref()?);
        let value = match self.kind {
            FieldKind::Required => &self.field.ty,
            FieldKind::Optional | FieldKind::Nullable => type_argument(&self.field.ty)?,
        };
        let (kind, expression) = match self.kind {
            FieldKind::Required if !is_patch => (quote!(&'a #value), quote!(Some(#table::#column.eq(&self.#name)))),
            FieldKind::Required | FieldKind::Optional => {
                (quote!(&'a #value), quote!(self.#name.as_ref().map(|value| #table::#column.eq(value))))
            }
            FieldKind::Nullable => {
                let value = quote!(Option<&'a #value>);
                (value, quote!(self.#name.as_nullable().map(|value| #table::#column.eq(value))))
            }
        };
        Some(Assignment { kind: quote!(Option<diesel::dsl::Eq<#table::#column, #kind>>), expression })
    }
}

/// Returns the schema of `NonEmptyList<T, MAX>`, `NonEmptyText<MAX>` and `Text<MAX>`, optional or not: utoipa cannot
/// derive the limits, and would drop an example beside a reference.
fn bounded_schema(kind: &Type) -> Option<Attribute> {
    let is_optional = type_name(kind).is_some_and(|name| name == "Option" || name == "Field");
    let inner = if is_optional { type_argument(kind)? } else { kind };
    let max = const_argument(inner)?;
    let (value, limits) = match type_name(inner)?.to_string().as_str() {
        "NonEmptyList" => {
            let item = type_argument(inner)?;
            (quote!(Vec<#item>), quote!(min_items = 1, max_items = #max))
        }
        "NonEmptyText" => (quote!(String), quote!(min_length = 1, max_length = #max)),
        "Text" => (quote!(String), quote!(max_length = #max)),
        _ => return None,
    };
    Some(match type_name(kind)?.to_string().as_str() {
        "Field" => parse_quote!(#[schema(value_type = Option<#value>, required = false, #limits)]),
        "Option" => parse_quote!(#[schema(value_type = Option<#value>, #limits)]),
        _ => parse_quote!(#[schema(value_type = #value, #limits)]),
    })
}

/// An element of a Diesel tuple: its type and its value.
struct Assignment {
    kind: TokenStream,
    expression: TokenStream,
}

/// Returns the struct, its PATCH struct, and their implementations.
pub fn expand(attributes: &BodyAttributes, item: &ItemStruct) -> syn::Result<TokenStream> {
    let Fields::Named(named) = &item.fields else {
        return Err(syn::Error::new_spanned(item, "expected a struct with named fields"));
    };
    let fields = named.named.iter().map(BodyField::read).collect::<syn::Result<Vec<_>>>()?;
    let schema = &attributes.schema;
    if attributes.is_partial {
        let body = expand_struct(item, &item.ident, schema, &fields, Form::Partial);
        let changes = attributes.table.as_ref().map(|table| changeset(&item.ident, table, &fields));
        return Ok(quote!(#body #changes));
    }
    let body = expand_struct(item, &item.ident, schema, &fields, Form::Complete);
    let insert = attributes.table.as_ref().map(|table| insertable(&item.ident, table, &fields));
    let patch = attributes.patch.as_ref().map(|patch| {
        let patch_schema = Ident::new(&format!("Patched{schema}"), Span::call_site());
        let patch_struct = expand_struct(item, patch, &patch_schema, &fields, Form::Patch);
        let changes = attributes.table.as_ref().map(|table| changeset(patch, table, &fields));
        let conversion = conversion(&item.ident, patch, &fields);
        quote!(#patch_struct #changes #conversion)
    });
    Ok(quote!(#body #insert #patch))
}

/// Form of a generated struct.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The struct as written, for POST and PUT.
    Complete,
    /// The struct as written, for PATCH.
    Partial,
    /// The fields of the struct, none of them required.
    Patch,
}

fn expand_struct(item: &ItemStruct, name: &Ident, schema: &Ident, fields: &[BodyField], form: Form) -> TokenStream {
    let ItemStruct { attrs, vis, .. } = item;
    let is_patch = form == Form::Patch;
    // The example and the doc comment of a body are those of the whole body; a PATCH has its own.
    let attrs = attrs.iter().filter(|attribute| !is_patch || attribute.path().is_ident("derive"));
    let definitions = fields
        .iter()
        .map(|field| if is_patch { field.for_patch().to_token_stream() } else { field.field.to_token_stream() });
    let names: Vec<&Ident> = fields.iter().map(|field| &field.name).collect();
    let take = Ident::new(if form == Form::Complete { "take" } else { "take_for_patch" }, Span::call_site());
    quote! {
        #[derive(utoipa::ToSchema)]
        #(#attrs)*
        #[schema(as = #schema)]
        #vis struct #name { #(#definitions),* }

        impl crate::platform::http::FromObject for #name {
            fn from_object(members: &mut crate::platform::http::Members) -> Option<Self> {
                #(let #names = members.#take(stringify!(#names));)*
                Some(Self { #(#names: #names?),* })
            }
        }

        impl crate::platform::http::FromJson for #name {
            fn from_json(value: serde_json::Value) -> Result<Self, crate::platform::error::ErrorTree> {
                crate::platform::http::object_from_json(value)
            }
        }
    }
}

/// Returns `Insertable` for a reference to the body. An absent field gets the default of its column.
fn insertable(name: &Ident, table: &Path, fields: &[BodyField]) -> TokenStream {
    let assignments = fields.iter().filter_map(|field| field.assignment(table, false));
    let (kinds, expressions): (Vec<_>, Vec<_>) =
        assignments.map(|Assignment { kind, expression }| (kind, expression)).unzip();
    quote! {
        impl<'a> diesel::Insertable<#table::table> for &'a #name {
            type Values = <(#(#kinds,)*) as diesel::Insertable<#table::table>>::Values;

            fn values(self) -> Self::Values {
                use diesel::ExpressionMethods;
                diesel::Insertable::<#table::table>::values((#(#expressions,)*))
            }
        }
    }
}

/// Returns `AsChangeset` for a reference to the PATCH body. An absent field leaves its column unchanged.
fn changeset(name: &Ident, table: &Path, fields: &[BodyField]) -> TokenStream {
    let assignments = fields.iter().filter_map(|field| field.assignment(table, true));
    let (kinds, expressions): (Vec<_>, Vec<_>) =
        assignments.map(|Assignment { kind, expression }| (kind, expression)).unzip();
    quote! {
        impl<'a> diesel::AsChangeset for &'a #name {
            type Target = #table::table;
            type Changeset = <(#(#kinds,)*) as diesel::AsChangeset>::Changeset;

            fn as_changeset(self) -> Self::Changeset {
                use diesel::ExpressionMethods;
                diesel::AsChangeset::as_changeset((#(#expressions,)*))
            }
        }
    }
}

/// Returns the conversion of a PUT body to changes: omitted optional fields stay unchanged.
fn conversion(name: &Ident, patch: &Ident, fields: &[BodyField]) -> TokenStream {
    let values = fields.iter().map(|BodyField { name, kind, .. }| match kind {
        FieldKind::Required => quote!(#name: Some(body.#name)),
        FieldKind::Optional | FieldKind::Nullable => quote!(#name: body.#name),
    });
    quote! {
        impl From<#name> for #patch {
            fn from(body: #name) -> Self {
                Self { #(#values),* }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(attributes: TokenStream, item: ItemStruct) -> String {
        let attributes = syn::parse2(attributes).unwrap();
        expand(&attributes, &item).unwrap().to_string().replace(' ', "")
    }

    #[test]
    fn patch_body_makes_required_fields_optional() {
        let code = expanded(
            quote!(ThingRequest, patch = PatchedThingBody, table = things),
            parse_quote! {
                pub struct ThingBody {
                    pub name: NonEmptyText<150>,
                    pub note: Option<Text<40>>,
                    #[body(column = parent_id)]
                    pub parent: Field<ThingId>,
                    #[body(skip)]
                    pub tags: Option<Vec<Tag>>,
                }
            },
        );
        let required = "#[schema(value_type=String,min_length=1,max_length=150)]";
        assert!(code.contains(&format!("{required}pubname:NonEmptyText<150>")), "{code}");
        assert!(code.contains("#[schema(value_type=Option<String>,max_length=40)]pubnote:Option<Text<40>>"));
        assert!(code.contains("#[schema(as=PatchedThingRequest)]pubstructPatchedThingBody"));
        assert!(code.contains(&format!("{required}#[schema(required=false)]pubname:Option<NonEmptyText<150>>")));
        assert!(code.contains("name:Some(body.name),note:body.note,parent:body.parent,tags:body.tags"));
        assert!(code.contains("self.parent.as_nullable().map(|value|things::parent_id.eq(value))"));
        assert!(!code.contains("things::tags"));
        assert!(code.contains("lettags=members.take_for_patch"));
    }

    #[test]
    fn partial_body_is_a_changeset() {
        let item = parse_quote! {
            pub struct PatchedThingBody {
                pub name: Option<Name>,
            }
        };
        let code = expanded(quote!(PatchedThingRequest, partial, table = things), item);
        assert!(
            code.contains("members.take_for_patch(stringify!(name))") && code.contains("AsChangesetfor&'a"),
            "{code}"
        );
        assert!(!code.contains("Insertable"));
    }
}
