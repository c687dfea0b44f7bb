//! The `Record` derive.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{DeriveInput, Expr, LitStr, Path, Token, Type, parenthesized};

use crate::syntax::{diesel_table, named_fields};

/// `#[record(..)]` of the struct.
struct RecordAttributes {
    table: Path,
    object: LitStr,
    error: Path,
    audit: Vec<Ident>,
    constraints: Vec<Constraint>,
    create: Option<Type>,
    update: Option<Type>,
    delete: bool,
}

/// The name of a constraint and the error of its violation.
struct Constraint {
    name: LitStr,
    error: Expr,
}

impl Parse for Constraint {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        input.parse::<Token![=>]>()?;
        Ok(Self { name, error: input.parse()? })
    }
}

impl RecordAttributes {
    fn read(input: &DeriveInput) -> syn::Result<Self> {
        let (mut object, mut error, mut create, mut update, mut delete) = (None, None, None, None, false);
        let (mut audit, mut constraints) = (Vec::new(), Vec::new());
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("record")) {
            attribute.parse_nested_meta(|meta| {
                match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("object") => object = Some(meta.value()?.parse()?),
                    Some("error") => error = Some(meta.value()?.parse()?),
                    Some("create") => create = Some(meta.value()?.parse()?),
                    Some("update") => update = Some(meta.value()?.parse()?),
                    Some("delete") => delete = true,
                    Some("audit") => {
                        let content;
                        parenthesized!(content in meta.input);
                        audit.extend(Punctuated::<Ident, Token![,]>::parse_terminated(&content)?);
                    }
                    Some("constraints") => {
                        let content;
                        parenthesized!(content in meta.input);
                        constraints.extend(Punctuated::<Constraint, Token![,]>::parse_terminated(&content)?);
                    }
                    _ => {
                        return Err(meta.error("expected object, error, audit, constraints, create, update or delete"));
                    }
                }
                Ok(())
            })?;
        }
        let missing = |name: &str| syn::Error::new_spanned(&input.ident, format!("`#[record({name})]` is missing"));
        Ok(Self {
            table: diesel_table(&input.attrs).ok_or_else(|| missing("table_name of diesel"))?,
            object: object.ok_or_else(|| missing("object = \"..\""))?,
            error: error.ok_or_else(|| missing("error = .."))?,
            audit,
            constraints,
            create,
            update,
            delete,
        })
    }
}

pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let name = &input.ident;
    let record = RecordAttributes::read(input)?;
    let fields = named_fields(input)?;
    let id = fields.iter().find(|field| field.ident.as_ref().is_some_and(|name| name == "id"));
    let id = id.map(|field| &field.ty).ok_or_else(|| syn::Error::new_spanned(name, "expected a field `id`"))?;
    let columns: BTreeSet<String> = fields.iter().filter_map(|field| Some(field.ident.as_ref()?.to_string())).collect();
    let read = record.read_functions(id, &columns);
    let audit = record.audit_functions();
    let create = record.create.as_ref().map(|new| record.create_function(id, new, &columns));
    let update = record.update.as_ref().map(|changes| record.update_function(changes, &columns));
    let delete = record.delete.then(|| record.delete_function());
    Ok(quote! {
        #[allow(dead_code, reason = "a room does not need every function of a record")]
        impl #name {
            #read
            #audit
            #create
            #update
            #delete
        }
    })
}

impl RecordAttributes {
    fn read_functions(&self, id: &Type, columns: &BTreeSet<String>) -> TokenStream {
        let Self { table, error, .. } = self;
        let compare = columns.contains("version").then(|| quote!(context.expected.ensure(row.version)?;));
        quote! {
            /// Returns the row with this id.
            pub(super) fn find(conn: &mut diesel::PgConnection, id: #id) -> diesel::QueryResult<Option<Self>> {
                use diesel::prelude::*;
                Self::query().filter(#table::id.eq(id)).first(conn).optional()
            }

            /// Returns the row with this id, or the error `NotFound`.
            pub(super) fn get(conn: &mut diesel::PgConnection, id: #id) -> Result<Self, #error> {
                Self::find(conn, id)?.ok_or(#error::NotFound)
            }

            /// Locks the row until the transaction ends, and checks `If-Match`.
            pub(super) fn lock(
                conn: &mut diesel::PgConnection,
                context: &crate::platform::write_context::WriteContext,
                id: #id,
            ) -> Result<Self, #error> {
                use diesel::prelude::*;
                let row = Self::query().filter(#table::id.eq(id)).for_no_key_update().first(conn).optional()?;
                let row: Self = row.ok_or(#error::NotFound)?;
                #compare
                Ok(row)
            }
        }
    }

    fn audit_functions(&self) -> TokenStream {
        let Self { object, audit, .. } = self;
        let names = audit.iter().map(ToString::to_string);
        let action = |verb: &str| format!("{}.{verb}", object.value());
        let (created, changed, deleted) = (action("created"), action("changed"), action("deleted"));
        quote! {
            /// Returns the fields that the audit log records.
            pub(super) fn audit_fields(&self) -> serde_json::Value {
                serde_json::json!({ #(#names: self.#audit),* })
            }

            /// Records the creation of the row in the audit log.
            pub(super) fn audit_created(
                &self,
                conn: &mut diesel::PgConnection,
                context: &crate::platform::write_context::WriteContext,
            ) -> diesel::QueryResult<()> {
                let changes = crate::platform::audit::Changes::created(&self.audit_fields());
                self.audit(conn, context, #created, changes)
            }

            /// Records the difference to the row `before` in the audit log.
            pub(super) fn audit_changed(
                &self,
                conn: &mut diesel::PgConnection,
                context: &crate::platform::write_context::WriteContext,
                before: &Self,
            ) -> diesel::QueryResult<()> {
                let changes = crate::platform::audit::Changes::between(&before.audit_fields(), &self.audit_fields());
                self.audit(conn, context, #changed, changes)
            }

            /// Records the deletion of the row in the audit log.
            pub(super) fn audit_deleted(
                &self,
                conn: &mut diesel::PgConnection,
                context: &crate::platform::write_context::WriteContext,
            ) -> diesel::QueryResult<()> {
                let changes = crate::platform::audit::Changes::deleted(&self.audit_fields());
                self.audit(conn, context, #deleted, changes)
            }

            /// Records an action on the row in the audit log.
            pub(super) fn audit(
                &self,
                conn: &mut diesel::PgConnection,
                context: &crate::platform::write_context::WriteContext,
                action: &str,
                changes: crate::platform::audit::Changes,
            ) -> diesel::QueryResult<()> {
                crate::platform::audit::record(conn, context, action, crate::platform::audit::AuditObject::new(#object, &self.id), changes)
            }
        }
    }

    fn create_function(&self, id: &Type, new: &Type, columns: &BTreeSet<String>) -> TokenStream {
        let Self { table, error, .. } = self;
        let times = ["created_at", "updated_at"].into_iter().filter(|name| columns.contains(*name));
        let times = times.map(|name| Ident::new(name, proc_macro2::Span::call_site()));
        let map_error = self.map_error();
        quote! {
            /// Inserts a row with a new id, and records it in the audit log.
            pub(super) fn create(
                conn: &mut diesel::PgConnection,
                context: &crate::platform::write_context::WriteContext,
                new: &#new,
            ) -> Result<Self, #error> {
                use diesel::prelude::*;
                let row: Self = diesel::insert_into(#table::table)
                    .values((#table::id.eq(<#id>::generate()), new, #(#table::#times.eq(context.at),)*))
                    .returning(Self::as_returning())
                    .get_result(conn)
                    .map_err(#map_error)?;
                row.audit_created(conn, context)?;
                Ok(row)
            }
        }
    }

    fn update_function(&self, changes: &Type, columns: &BTreeSet<String>) -> TokenStream {
        let Self { table, error, .. } = self;
        let version = columns.contains("version").then(|| quote!(#table::version.eq(#table::version + 1),));
        let time = columns.contains("updated_at").then(|| quote!(#table::updated_at.eq(context.at),));
        let map_error = self.map_error();
        quote! {
            /// Updates the locked row, and records the changed fields in the audit log.
            pub(super) fn update(
                &self,
                conn: &mut diesel::PgConnection,
                context: &crate::platform::write_context::WriteContext,
                changes: &#changes,
            ) -> Result<Self, #error> {
                use diesel::prelude::*;
                let row: Self = diesel::update(#table::table.find(self.id))
                    .set((changes, #version #time))
                    .returning(Self::as_returning())
                    .get_result(conn)
                    .map_err(#map_error)?;
                row.audit_changed(conn, context, self)?;
                Ok(row)
            }
        }
    }

    fn delete_function(&self) -> TokenStream {
        let Self { table, error, .. } = self;
        let map_error = self.map_error();
        quote! {
            /// Deletes the locked row, and records it in the audit log.
            pub(super) fn delete(
                &self,
                conn: &mut diesel::PgConnection,
                context: &crate::platform::write_context::WriteContext,
            ) -> Result<(), #error> {
                use diesel::prelude::*;
                diesel::delete(#table::table.find(self.id)).execute(conn).map_err(#map_error)?;
                self.audit_deleted(conn, context)?;
                Ok(())
            }
        }
    }

    /// Returns the conversion of a database error: the violation of a named constraint is an error of the room.
    fn map_error(&self) -> TokenStream {
        let Self { error, constraints, .. } = self;
        let arms = constraints.iter().map(|Constraint { name, error }| quote!(Some(#name) => #error,));
        quote! {
            |error: diesel::result::Error| -> #error {
                let constraint = match &error {
                    diesel::result::Error::DatabaseError(_, cause) => cause.constraint_name(),
                    _ => None,
                };
                match constraint {
                    #(#arms)*
                    _ => #error::from(error),
                }
            }
        }
    }
}
