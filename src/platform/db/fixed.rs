//! Statements whose text never changes.
//!
//! Diesel does not cache the prepared statement of an UPDATE, an INSERT of several rows, or raw SQL, because its text
//! could differ at the next execution. Preparing it again costs a second round trip. Statements that are defined with
//! this macro are prepared once for each connection.

/// Defines a statement: its parameters, the SQL types of its rows, and its text.
///
/// The text reads the parameters as columns of `input`, which has one row.
///
/// ```ignore
/// fixed_statement! {
///     /// Reduces the quantity of a stock.
///     struct DecreaseStock { stock: StockId => Uuid, quantity: i32 => Integer } -> ();
///     "update stocks set quantity = stocks.quantity - input.quantity from input where id = input.stock"
/// }
/// DecreaseStock { stock, quantity: 2 }.execute(conn)?;
/// ```
macro_rules! fixed_statement {
    (
        $(#[$doc:meta])*
        struct $name:ident { $( $field:ident : $type:ty => $sql_type:ty ),+ $(,)? } -> $row:ty;
        $sql:literal
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        struct $name { $( $field: $type ),+ }

        impl diesel::query_builder::QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                let mut before = "with input as (select ";
                $(
                    out.push_sql(before);
                    out.push_bind_param::<$sql_type, _>(&self.$field)?;
                    out.push_sql(concat!(" as ", stringify!($field)));
                    before = ", ";
                )+
                debug_assert_eq!(before, ", ");
                out.push_sql(concat!(") ", $sql));
                Ok(())
            }
        }

        impl diesel::query_builder::Query for $name {
            type SqlType = $row;
        }

        impl diesel::RunQueryDsl<diesel::pg::PgConnection> for $name {}
    };
}

pub(crate) use fixed_statement;
