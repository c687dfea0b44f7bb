//! The `ListFilter` derive.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{DeriveInput, Expr, Field, LitStr, Path, Token, Type, parenthesized};

use crate::syntax::{doc_text, named_fields, type_argument, type_name};

pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let name = &input.ident;
    let list = ListAttributes::read(input)?;
    let filters = named_fields(input)?.iter().map(Filter::read).collect::<syn::Result<Vec<_>>>()?;
    let reads =
        filters.iter().map(|Filter { field, key, .. }| quote!(#field: crate::platform::api::Lookup::read(#key, query)));
    let parameters = filters.iter().map(|Filter { key, kind, description, .. }| {
        quote!(<#kind as crate::platform::api::Lookup>::parameters(#key, #description))
    });
    let table = &list.table;
    let conditions = filters.iter().map(|filter| filter.condition(table)).collect::<syn::Result<Vec<_>>>()?;
    let query =
        list.query.as_ref().map_or_else(|| quote!(#table::BoxedQuery<'q, diesel::pg::Pg>), |query| quote!(#query));
    let ordering = list.ordering(name);
    let page = list.page(&query);
    Ok(quote! {
        impl crate::platform::api::ListFilter for #name {
            fn read(query: &mut crate::platform::api::LookupQuery) -> Self {
                Self { #(#reads),* }
            }
        }

        impl utoipa::IntoParams for #name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                let parameters: Vec<Vec<utoipa::openapi::path::Parameter>> = vec![#(#parameters),*];
                parameters.concat()
            }
        }

        #ordering

        impl #name {
            /// Adds the conditions of the filters to the query.
            pub(super) fn apply<'q>(&self, query: #query) -> #query {
                use diesel::prelude::*;
                let mut query = query;
                #(#conditions)*
                query
            }

            #page
        }
    })
}

/// `#[list(..)]` of the struct.
struct ListAttributes {
    table: Path,
    row: Option<Type>,
    query: Option<Type>,
    id: Ident,
    default: Option<Expr>,
    columns: Vec<SortColumn>,
}

impl ListAttributes {
    fn read(input: &DeriveInput) -> syn::Result<Self> {
        let (mut table, mut row, mut query, mut id, mut default) = (None, None, None, None, None);
        let mut columns = Vec::new();
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("list")) {
            attribute.parse_nested_meta(|meta| {
                match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("table") => table = Some(meta.value()?.parse()?),
                    Some("row") => row = Some(meta.value()?.parse()?),
                    Some("query") => query = Some(meta.value()?.parse()?),
                    Some("id") => id = Some(meta.value()?.parse()?),
                    Some("default") => default = Some(meta.value()?.parse()?),
                    Some("order_by") => {
                        let content;
                        parenthesized!(content in meta.input);
                        columns.extend(Punctuated::<SortColumn, Token![,]>::parse_terminated(&content)?);
                    }
                    _ => return Err(meta.error("expected table, row, query, id, default or order_by")),
                }
                Ok(())
            })?;
        }
        let table = table.ok_or_else(|| syn::Error::new_spanned(&input.ident, "`#[list(table = ..)]` is missing"))?;
        if !columns.is_empty() && default.is_none() {
            return Err(syn::Error::new_spanned(&input.ident, "`#[list(default = \"..\")]` is missing"));
        }
        Ok(Self { table, row, query, id: id.unwrap_or_else(|| format_ident!("id")), default, columns })
    }

    /// Returns the implementation of `Ordering`, if the struct lists columns.
    fn ordering(&self, name: &Ident) -> Option<TokenStream> {
        let default = self.default.as_ref()?;
        let columns = self.columns.iter().map(|column| column.expand(&self.table));
        let id = SortColumn { key: None, value: SortValue::Column(self.id.clone().into()) }.expand(&self.table);
        Some(quote! {
            impl crate::platform::api::Ordering for #name {
                const COLUMNS: &'static [crate::platform::api::SortColumn] = &[#(#columns),*];
                const DEFAULT: &'static str = #default;
                const ID: crate::platform::api::SortColumn = #id;
            }
        })
    }

    /// Returns the function that loads a page, if the struct names a row.
    fn page(&self, query: &TokenStream) -> Option<TokenStream> {
        let row = self.row.as_ref()?;
        Some(quote! {
            /// Returns the requested page of the rows that match the filters.
            pub(super) fn page<'q>(
                conn: &mut diesel::PgConnection,
                list: &crate::platform::api::ListRequest<Self>,
                rows: impl Fn() -> #query,
            ) -> Result<crate::platform::api::PageRows<#row>, crate::platform::error::Problem> {
                Ok(crate::platform::api::paginate!(conn, || list.filter.apply(rows()), #row, list))
            }
        })
    }
}

/// An entry of `order_by(..)`.
struct SortColumn {
    key: Option<LitStr>,
    value: SortValue,
}

enum SortValue {
    Column(Path),
    Sql(Box<SortExpressions>),
}

/// Expressions for the ascending and the descending order, and their SQL type.
struct SortExpressions {
    ascending: Expr,
    descending: Option<Expr>,
    sql_type: Expr,
}

impl Parse for SortColumn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(LitStr) {
            return Ok(Self { key: None, value: SortValue::Column(input.parse()?) });
        }
        let key = Some(input.parse()?);
        input.parse::<Token![=]>()?;
        let path: Path = input.parse()?;
        if !path.is_ident("sql") {
            return Ok(Self { key, value: SortValue::Column(path) });
        }
        let content;
        parenthesized!(content in input);
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
        let mut arguments: Vec<Expr> = arguments.into_iter().collect();
        let (Some(sql_type), 1..=2) = (arguments.pop(), arguments.len()) else {
            return Err(content.error("expected sql(expression, type) or sql(ascending, descending, type)"));
        };
        let descending = if arguments.len() == 2 { arguments.pop() } else { None };
        let ascending = arguments.pop().ok_or_else(|| content.error("expected an expression"))?;
        Ok(Self { key, value: SortValue::Sql(Box::new(SortExpressions { ascending, descending, sql_type })) })
    }
}

impl SortColumn {
    fn expand(&self, table: &Path) -> TokenStream {
        match &self.value {
            SortValue::Column(column) => {
                let column = qualified(column, table);
                let names: Vec<String> = column.segments.iter().map(|segment| segment.ident.to_string()).collect();
                let sql = names.iter().rev().take(2).rev().cloned().collect::<Vec<_>>().join(".");
                let key = self.key.as_ref().map(LitStr::value).or_else(|| names.last().cloned()).unwrap_or_default();
                quote! {
                    crate::platform::api::SortColumn::new(
                        #key,
                        #sql,
                        <<#column as diesel::Expression>::SqlType as crate::platform::api::SqlTypeName>::NAME,
                    )
                }
            }
            SortValue::Sql(expressions) => {
                let SortExpressions { ascending, descending, sql_type } = &**expressions;
                let key = self.key.as_ref();
                let descending = descending.as_ref().map(|descending| quote!(.descending_by(#descending)));
                quote!(crate::platform::api::SortColumn::new(#key, #ascending, #sql_type)#descending)
            }
        }
    }
}

/// Returns the path of a column; a bare name is a column of the table.
fn qualified(column: &Path, table: &Path) -> Path {
    let Some(name) = column.get_ident() else { return column.clone() };
    let mut path = table.clone();
    path.segments.push(name.clone().into());
    path
}

/// A field of the struct.
struct Filter {
    field: Ident,
    kind: Type,
    key: String,
    description: String,
    column: Option<Expr>,
    search: Vec<Expr>,
    is_lowercase: bool,
    with: Option<Path>,
    is_skipped: bool,
}

impl Filter {
    fn read(field: &Field) -> syn::Result<Self> {
        let name = field.ident.clone().ok_or_else(|| syn::Error::new_spanned(field, "expected a named field"))?;
        let mut filter = Self {
            key: name.to_string(),
            field: name,
            kind: field.ty.clone(),
            description: doc_text(&field.attrs),
            column: None,
            search: Vec::new(),
            is_lowercase: false,
            with: None,
            is_skipped: false,
        };
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("list")) {
            attribute.parse_nested_meta(|meta| {
                match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("key") => filter.key = meta.value()?.parse::<LitStr>()?.value(),
                    Some("column") => filter.column = Some(meta.value()?.parse()?),
                    Some("with") => filter.with = Some(meta.value()?.parse()?),
                    Some("lowercase") => filter.is_lowercase = true,
                    Some("skip") => filter.is_skipped = true,
                    Some("search") => {
                        let content;
                        parenthesized!(content in meta.input);
                        filter.search =
                            Punctuated::<Expr, Token![,]>::parse_terminated(&content)?.into_iter().collect();
                    }
                    _ => return Err(meta.error("expected key, column, search, lowercase, with or skip")),
                }
                Ok(())
            })?;
        }
        Ok(filter)
    }

    /// Returns the statement that adds the condition of this filter to `query`.
    fn condition(&self, table: &Path) -> syn::Result<TokenStream> {
        let field = &self.field;
        if self.is_skipped {
            return Ok(TokenStream::new());
        }
        if let Some(function) = &self.with {
            return Ok(quote!(query = #function(query, &self.#field);));
        }
        let default = || Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path: field.clone().into() });
        let column = column_expression(&self.column.clone().unwrap_or_else(default), table);
        let kind = type_name(&self.kind).map(ToString::to_string).unwrap_or_default();
        let lookups = match kind.as_str() {
            "TextLookups" => "texts",
            "ChoiceLookups" => "choices",
            "RangeLookups" => "ranges",
            "DateTimeLookups" => "date_times",
            "Search" => return self.search_condition(table),
            "Option" if type_argument(&self.kind).is_some() => {
                return Ok(quote! {
                    if let Some(value) = self.#field.clone() {
                        query = query.filter(#column.eq(value));
                    }
                });
            }
            _ => {
                let text = "expected TextLookups, ChoiceLookups, RangeLookups, DateTimeLookups, Search or Option; \
                            other types need `#[list(with = ..)]` or `#[list(skip)]`";
                return Err(syn::Error::new_spanned(&self.kind, text));
            }
        };
        let lookups = format_ident!("{lookups}");
        let value = if self.is_lowercase { quote!(self.#field.lowercase()) } else { quote!(self.#field) };
        Ok(quote!(crate::platform::api::apply_lookups!(query, #lookups, #column, &#value);))
    }

    fn search_condition(&self, table: &Path) -> syn::Result<TokenStream> {
        let field = &self.field;
        let mut columns = self.search.iter().map(|column| column_expression(column, table));
        let Some(first) = columns.next() else {
            return Err(syn::Error::new_spanned(field, "`#[list(search(..))]` is missing"));
        };
        let others = columns.map(|column| quote!(.or(#column.ilike(pattern.clone()))));
        Ok(quote! {
            for pattern in self.#field.patterns() {
                query = query.filter(#first.ilike(pattern.clone())#(#others)*);
            }
        })
    }
}

/// Returns a column or an expression; a bare name is a column of the table.
fn column_expression(column: &Expr, table: &Path) -> TokenStream {
    match column {
        Expr::Path(path) => {
            let path = qualified(&path.path, table);
            quote!(#path)
        }
        other => quote!(#other),
    }
}
