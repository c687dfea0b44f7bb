//! `ordering=name,-price`: the keys a list allows, unknown ones dropped.

use std::marker::PhantomData;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::Untyped;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{Required, Type};

/// What a list can be ordered by.
#[derive(Debug, PartialEq, Eq)]
pub struct SortColumn {
    /// In the query.
    pub name: &'static str,
    /// Never null, so that rows can be compared: a column with its table, or an expression of columns.
    pub sql: &'static str,
    /// Where the descending order needs another expression: what has no value comes last both ways.
    pub sql_descending: Option<&'static str>,
    /// The type of its values, as PostgreSQL calls it.
    pub sql_type: &'static str,
}

impl SortColumn {
    pub const fn new(name: &'static str, sql: &'static str, sql_type: &'static str) -> Self {
        Self { name, sql, sql_descending: None, sql_type }
    }

    #[must_use]
    pub const fn descending_by(mut self, sql: &'static str) -> Self {
        self.sql_descending = Some(sql);
        self
    }
}

/// How a kind of thing can be ordered. All of it is our own text; nothing of a request ever becomes SQL.
pub trait Ordering: 'static {
    const COLUMNS: &'static [SortColumn];
    /// As it would stand in the query.
    const DEFAULT: &'static str;
    /// The last word between equals.
    const ID: SortColumn;
}

/// One column of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SortedBy {
    pub column: &'static SortColumn,
    pub is_descending: bool,
}

impl SortedBy {
    pub fn sql(&self) -> &'static str {
        self.column.sql_descending.filter(|_| self.is_descending).unwrap_or(self.column.sql)
    }
}

/// The order that a list was asked for; the id comes last.
#[derive(Debug, Clone)]
pub struct Sort<O> {
    pub(super) columns: Vec<SortedBy>,
    ordering: PhantomData<fn() -> O>,
}

impl<O: Ordering> Sort<O> {
    pub(in crate::platform::api) fn read(asked: &str) -> Self {
        let mut columns = Self::known(asked);
        if columns.is_empty() {
            columns = Self::known(O::DEFAULT);
        }
        // The id goes the way of the column before it, so that one index serves both.
        let is_descending = columns.last().is_some_and(|by| by.is_descending);
        columns.push(SortedBy { column: &O::ID, is_descending });
        Self { columns, ordering: PhantomData }
    }

    /// Each column once, the first time counting: a second time changes no order.
    fn known(asked: &str) -> Vec<SortedBy> {
        let mut columns: Vec<SortedBy> = Vec::new();
        for name in asked.split(',').map(str::trim) {
            let (name, is_descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
            let column = O::COLUMNS.iter().find(|column| column.name == name);
            let is_new = |column: &&SortColumn| columns.iter().all(|by| by.column != *column);
            if let Some(column) = column.filter(is_new) {
                columns.push(SortedBy { column, is_descending });
            }
        }
        columns
    }

    /// The same order from its other end, where `is_backward`.
    pub(super) fn clause(&self, is_backward: bool) -> SqlLiteral<Untyped> {
        let clause = self.columns.iter().map(|by| {
            let direction = if by.is_descending == is_backward { "asc" } else { "desc" };
            format!("{} {direction}", by.sql())
        });
        sql(&clause.collect::<Vec<_>>().join(", "))
    }

    /// Names this order: a cursor of another is no good.
    pub(super) fn name(&self) -> String {
        let names =
            self.columns.iter().map(|by| format!("{}{}", if by.is_descending { "-" } else { "" }, by.column.name));
        names.collect::<Vec<_>>().join(",")
    }
}

impl<O: Ordering> Default for Sort<O> {
    fn default() -> Self {
        Self::read("")
    }
}

impl<O: Ordering> IntoParams for Sort<O> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let names = O::COLUMNS.iter().flat_map(|column| [column.name.to_owned(), format!("-{}", column.name)]);
        let item = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build();
        let description = format!(
            "Which fields to order by; a leading `-` reverses. Unknown names are ignored. By default `{}`.",
            O::DEFAULT
        );
        vec![
            ParameterBuilder::new()
                .name("ordering")
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(description))
                .schema(Some(ArrayBuilder::new().items(item).build()))
                .explode(Some(false))
                .build(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Things;

    impl Ordering for Things {
        const COLUMNS: &'static [SortColumn] = &[
            SortColumn::new("name", "things.name", "text"),
            SortColumn::new("price", "coalesce(price, 'Infinity')", "numeric").descending_by("coalesce(price, -1)"),
        ];
        const DEFAULT: &'static str = "-name";
        const ID: SortColumn = SortColumn::new("id", "things.id", "uuid");
    }

    #[test]
    fn each_key_counts_once_and_unknown_ones_not_at_all() {
        assert_eq!(Sort::<Things>::read("-price, name,weight,,price,name,-name").name(), "-price,name,id");
        assert_eq!(Sort::<Things>::read("weight; drop table things").name(), "-name,-id");
        assert_eq!(Sort::<Things>::default().name(), "-name,-id");
    }
}
