//! `ordering=name,-price`: the ordering of a list. Unknown names are ignored.

use std::marker::PhantomData;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::Untyped;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{Required, Type};

/// A column or expression that a list can be ordered by.
#[derive(Debug, PartialEq, Eq)]
pub struct SortColumn {
    /// Name in the `ordering` parameter.
    pub name: &'static str,
    /// A column with its table, or an expression of columns. Never null, so that keyset pages can compare rows.
    pub sql: &'static str,
    /// Expression of the descending order, if it differs: rows without a value come last in both directions.
    pub sql_descending: Option<&'static str>,
    /// PostgreSQL type of the values.
    pub sql_type: &'static str,
}

impl SortColumn {
    pub const fn new(name: &'static str, sql: &'static str, sql_type: &'static str) -> Self {
        Self { name, sql, sql_descending: None, sql_type }
    }

    /// Sets the expression of the descending order.
    #[must_use]
    pub const fn descending_by(mut self, sql: &'static str) -> Self {
        self.sql_descending = Some(sql);
        self
    }
}

/// PostgreSQL's name of a SQL type, for the comparisons of keyset pages. Nullable types have none: an ordering by a
/// nullable column needs an expression.
pub trait SqlTypeName {
    const NAME: &'static str;
}

macro_rules! sql_type_names {
    ($($sql_type:ident = $name:literal),+ $(,)?) => {
        $(impl SqlTypeName for diesel::sql_types::$sql_type {
            const NAME: &'static str = $name;
        })+
    };
}

sql_type_names! {
    Bool = "boolean", Date = "date", Int2 = "smallint", Int4 = "integer", Int8 = "bigint", Numeric = "numeric",
    Text = "text", Timestamptz = "timestamptz", Uuid = "uuid",
}

/// Orderings of a list. All SQL is constant; no text of a request becomes SQL.
pub trait Ordering: 'static {
    const COLUMNS: &'static [SortColumn];
    /// Default value of the `ordering` parameter.
    const DEFAULT: &'static str;
    /// Last ordering column, which makes the order unique.
    const ID: SortColumn;
}

/// One column of an ordering.
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

/// The ordering of a list request. The id is always the last column.
#[derive(Debug, Clone)]
pub struct Sort<O> {
    pub(super) columns: Vec<SortedBy>,
    ordering: PhantomData<fn() -> O>,
}

impl<O: Ordering> Sort<O> {
    pub(in crate::platform::api) fn read(requested: &str) -> Self {
        let mut columns = Self::parse(requested);
        if columns.is_empty() {
            columns = Self::parse(O::DEFAULT);
        }
        // The id has the direction of the column before it, so that one index serves both.
        let is_descending = columns.last().is_some_and(|by| by.is_descending);
        columns.push(SortedBy { column: &O::ID, is_descending });
        Self { columns, ordering: PhantomData }
    }

    /// Parses the known columns. Only the first occurrence of a column counts.
    fn parse(requested: &str) -> Vec<SortedBy> {
        let mut columns: Vec<SortedBy> = Vec::new();
        for name in requested.split(',').map(str::trim) {
            let (name, is_descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
            let column = O::COLUMNS.iter().find(|column| column.name == name);
            let is_new = |column: &&SortColumn| columns.iter().all(|by| by.column != *column);
            if let Some(column) = column.filter(is_new) {
                columns.push(SortedBy { column, is_descending });
            }
        }
        columns
    }

    /// Returns the `ORDER BY` expression, reversed if `is_backward`.
    pub(super) fn clause(&self, is_backward: bool) -> SqlLiteral<Untyped> {
        let clause = self.columns.iter().map(|by| {
            let direction = if by.is_descending == is_backward { "asc" } else { "desc" };
            format!("{} {direction}", by.sql())
        });
        sql(&clause.collect::<Vec<_>>().join(", "))
    }

    /// Returns the name of the ordering, which is part of a cursor's signature.
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
            "Fields to order by, separated by commas. A leading `-` sorts in descending order. Unknown names are \
             ignored. Default: `{}`.",
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

    struct ProductOrdering;

    impl Ordering for ProductOrdering {
        const COLUMNS: &'static [SortColumn] = &[
            SortColumn::new("name", "products.name", "text"),
            SortColumn::new("price", "coalesce(price, 'Infinity')", "numeric").descending_by("coalesce(price, -1)"),
        ];
        const DEFAULT: &'static str = "-name";
        const ID: SortColumn = SortColumn::new("id", "products.id", "uuid");
    }

    #[test]
    fn repeated_and_unknown_columns_are_ignored() {
        assert_eq!(Sort::<ProductOrdering>::read("-price, name,weight,,price,name,-name").name(), "-price,name,id");
        assert_eq!(Sort::<ProductOrdering>::read("weight; drop table products").name(), "-name,-id");
        assert_eq!(Sort::<ProductOrdering>::default().name(), "-name,-id");
    }
}
