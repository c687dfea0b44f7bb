//! From a query to a slice of its rows.

use diesel::QueryResult;
use diesel::dsl::sql;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, SqlLiteral, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Text, Untyped};

use super::ordering::{Ordering, Sort, SortedBy};

/// How many things a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Exact(i64),
    /// The planner's guess, for what is too many to count.
    Estimated(i64),
}

impl Count {
    pub const fn get(self) -> i64 {
        match self {
            Self::Exact(count) | Self::Estimated(count) => count,
        }
    }
}

/// Rows of a list, and what is needed to tell where others are.
#[derive(Debug, Clone)]
pub struct Slice<T> {
    /// None on keyset pages.
    pub count: Option<Count>,
    pub rows: Vec<T>,
    /// On keyset pages: the positions of the first and the last row.
    pub(super) ends: Option<(Vec<String>, Vec<String>)>,
    /// On keyset pages: whether there are rows beyond, the way that the cursor goes.
    pub(super) goes_on: bool,
}

impl<T> Slice<T> {
    /// The same place in the list, its rows made into something else.
    pub fn map_rows<U, E>(self, make: impl FnOnce(Vec<T>) -> Result<Vec<U>, E>) -> Result<Slice<U>, E> {
        let Self { count, rows, ends, goes_on } = self;
        Ok(Slice { count, rows: make(rows)?, ends, goes_on })
    }

    /// [`Slice::map_rows`] for what cannot fail.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Slice<U> {
        let Self { count, rows, ends, goes_on } = self;
        Slice { count, rows: rows.into_iter().map(make).collect(), ends, goes_on }
    }
}

/// Which rows of the ordered query are wanted.
#[derive(Debug, Clone)]
pub struct Window {
    pub limit: i64,
    pub offset: i64,
    /// Keyset pages only: their rows come with their positions.
    pub keyset: Option<Keyset>,
    pub order: SqlLiteral<Untyped>,
    pub(super) positions: String,
    pub(super) is_backward: bool,
    /// One more is read on keyset pages, to see whether there are more.
    pub(super) size: usize,
}

/// The select expression of the positions of a window's rows.
pub fn positions(window: &Window) -> SqlLiteral<Array<Text>> {
    sql(&window.positions)
}

impl Window {
    pub fn slice<T>(self, count: Option<Count>, mut rows: Vec<(T, Vec<String>)>) -> Slice<T> {
        if count.is_some() {
            let rows = rows.into_iter().map(|(row, _)| row).collect();
            return Slice { count, rows, ends: None, goes_on: false };
        }
        let goes_on = rows.len() > self.size;
        rows.truncate(self.size);
        if self.is_backward {
            rows.reverse();
        }
        let ends = rows.first().zip(rows.last()).map(|((_, first), (_, last))| (first.clone(), last.clone()));
        Slice { count, rows: rows.into_iter().map(|(row, _)| row).collect(), ends, goes_on }
    }
}

/// The position of a row as an array of texts: exact, and read back by a cast.
pub(super) fn position_sql<O: Ordering>(sort: &Sort<O>) -> String {
    let columns: Vec<String> = sort.columns.iter().map(|by| format!("({})::text", by.sql())).collect();
    format!("array[{}]", columns.join(", "))
}

/// Rows behind a position, in the order of `columns`, or before it.
#[derive(Debug, Clone)]
pub struct Keyset {
    columns: Vec<SortedBy>,
    /// None: from the beginning.
    position: Option<Vec<String>>,
    is_backward: bool,
}

impl Keyset {
    pub(super) fn new<O>(sort: &Sort<O>, position: Option<Vec<String>>, is_backward: bool) -> Self {
        Self { columns: sort.columns.clone(), position, is_backward }
    }

    /// `(a, b) > ($1, $2)`, which one index answers, where all columns go the same way; else column by column:
    /// `a > $1 or (a = $1 and (b < $2 or …))`.
    fn compare<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, place: usize) -> QueryResult<()> {
        let Some(position) = &self.position else { return Ok(()) };
        let (Some(by), Some(value)) = (self.columns.get(place), position.get(place)) else {
            out.push_sql("false");
            return Ok(());
        };
        let sign = if by.is_descending == self.is_backward { " > " } else { " < " };
        let rest = self.columns.get(place..).unwrap_or_default();
        if rest.iter().all(|other| other.is_descending == by.is_descending) {
            let columns: Vec<&str> = rest.iter().map(SortedBy::sql).collect();
            out.push_sql(&format!("({}){sign}(", columns.join(", ")));
            for (turn, (by, value)) in rest.iter().zip(position.iter().skip(place)).enumerate() {
                out.push_sql(if turn == 0 { "" } else { ", " });
                push_value(out, value, by)?;
            }
            out.push_sql(")");
            return Ok(());
        }
        out.push_sql(&format!("({}{sign}", by.sql()));
        push_value(out, value, by)?;
        out.push_sql(&format!(" or ({} = ", by.sql()));
        push_value(out, value, by)?;
        out.push_sql(" and ");
        self.compare(out, place + 1)?;
        out.push_sql("))");
        Ok(())
    }
}

fn push_value<'b>(out: &mut AstPass<'_, 'b, Pg>, value: &'b String, by: &SortedBy) -> QueryResult<()> {
    out.push_bind_param::<Text, _>(value)?;
    out.push_sql("::");
    out.push_sql(by.column.sql_type);
    Ok(())
}

impl QueryFragment<Pg> for Keyset {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.position.is_none() {
            out.push_sql("true");
            return Ok(());
        }
        out.push_sql("(");
        self.compare(&mut out, 0)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for Keyset {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for Keyset {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for Keyset {}
impl<QS> SelectableExpression<QS> for Keyset {}

impl<G> ValidGrouping<G> for Keyset {
    type IsAggregate = is_aggregate::Never;
}

/// Reads a page of a boxed query: `paginate!(conn, || self.query(), Order, list)`. The second argument makes the query
/// anew each time it is called; the last one is the [`ListRequest`](crate::platform::api::ListRequest).
macro_rules! paginate {
    ($conn:expr, $query:expr, $row:ty, $list:expr) => {{
        use diesel::prelude::*;
        use $crate::platform::api::{bounded_count, positions};

        let make = $query;
        let one = diesel::dsl::sql::<diesel::sql_types::Integer>("1");
        let count = if $list.wants_count() { Some(bounded_count($conn, || make().select(one.clone()))?) } else { None };
        let window = $list.window(count)?;
        let mut query = make().order(window.order.clone()).limit(window.limit).offset(window.offset);
        if let Some(keyset) = &window.keyset {
            query = query.filter(keyset.clone());
        }
        let rows = query.select((<$row>::as_select(), positions(&window))).load::<($row, Vec<String>)>($conn)?;
        window.slice(count, rows)
    }};
}

pub(crate) use paginate;
