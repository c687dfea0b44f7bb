//! Statements whose text never changes.
//!
//! Diesel prepares a statement again each time it is sent where its text might differ: every UPDATE, every INSERT of
//! several rows, all raw SQL. That is a second round trip. What is written here is prepared once for each connection.

/// Defines a statement: its parameters, the SQL types of its rows, and its text, which finds the parameters as columns
/// of the one row of `input`.
///
/// ```ignore
/// fixed_statement! {
///     /// Stock goes down.
///     struct TakeAway { stock: StockId => Uuid, pieces: i32 => Integer } -> ();
///     "update stocks set quantity = quantity - input.pieces from input where id = input.stock"
/// }
/// TakeAway { stock, pieces: 2 }.execute(conn)?;
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
