//! The rows of one page of a query.

use diesel::QueryResult;
use diesel::dsl::sql;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, SqlLiteral, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Text, Untyped};

use super::ordering::{Ordering, Sort, SortedBy};

/// Number of rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Exact(i64),
    /// The planner's estimate for a large list.
    Estimated(i64),
}

impl Count {
    pub const fn get(self) -> i64 {
        match self {
            Self::Exact(count) | Self::Estimated(count) => count,
        }
    }
}

/// Rows of one page, with the data for the links to other pages.
#[derive(Debug, Clone)]
pub struct PageRows<T> {
    /// Number of rows of the whole list. None for keyset pages.
    pub count: Option<Count>,
    pub rows: Vec<T>,
    /// Positions of the first and the last row, for keyset pages.
    pub(super) boundaries: Option<(Vec<String>, Vec<String>)>,
    /// True if a keyset page has further rows in the direction of its cursor.
    pub(super) has_more: bool,
}

impl<T> PageRows<T> {
    /// Converts all rows at once and keeps the position in the list.
    pub fn map_rows<U, E>(self, convert: impl FnOnce(Vec<T>) -> Result<Vec<U>, E>) -> Result<PageRows<U>, E> {
        let Self { count, rows, boundaries, has_more } = self;
        Ok(PageRows { count, rows: convert(rows)?, boundaries, has_more })
    }

    /// Converts each row and keeps the position in the list.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> PageRows<U> {
        let Self { count, rows, boundaries, has_more } = self;
        PageRows { count, rows: rows.into_iter().map(convert).collect(), boundaries, has_more }
    }
}

/// Rows of an ordered query that form a page.
#[derive(Debug, Clone)]
pub struct RowWindow {
    pub limit: i64,
    pub offset: i64,
    /// Condition of a keyset page. Its rows are loaded with their positions.
    pub keyset: Option<Keyset>,
    pub order: SqlLiteral<Untyped>,
    pub(super) positions: String,
    pub(super) is_backward: bool,
    /// Page size. A keyset page loads one row more, to detect further rows.
    pub(super) size: usize,
}

/// Returns the select expression for the positions of the rows.
pub fn positions(window: &RowWindow) -> SqlLiteral<Array<Text>> {
    sql(&window.positions)
}

impl RowWindow {
    /// Builds the page from the loaded rows and their positions.
    pub fn into_page<T>(self, count: Option<Count>, mut rows: Vec<(T, Vec<String>)>) -> PageRows<T> {
        if count.is_some() {
            let rows = rows.into_iter().map(|(row, _)| row).collect();
            return PageRows { count, rows, boundaries: None, has_more: false };
        }
        let has_more = rows.len() > self.size;
        rows.truncate(self.size);
        if self.is_backward {
            rows.reverse();
        }
        let boundaries = rows.first().zip(rows.last()).map(|((_, first), (_, last))| (first.clone(), last.clone()));
        PageRows { count, rows: rows.into_iter().map(|(row, _)| row).collect(), boundaries, has_more }
    }
}

/// Returns the SQL of a row's position: an array of texts, which a cast restores exactly.
pub(super) fn position_sql<O: Ordering>(sort: &Sort<O>) -> String {
    let columns: Vec<String> = sort.columns.iter().map(|by| format!("({})::text", by.sql())).collect();
    format!("array[{}]", columns.join(", "))
}

/// Condition that selects the rows after a position in the order of `columns`, or before it.
#[derive(Debug, Clone)]
pub struct Keyset {
    columns: Vec<SortedBy>,
    /// None selects all rows.
    position: Option<Vec<String>>,
    is_backward: bool,
}

impl Keyset {
    pub(super) fn new<O>(sort: &Sort<O>, position: Option<Vec<String>>, is_backward: bool) -> Self {
        Self { columns: sort.columns.clone(), position, is_backward }
    }

    /// Writes `(a, b) > ($1, $2)`, which can use one index, if all columns have the same direction. Otherwise compares
    /// column by column: `a > $1 or (a = $1 and (b < $2 or …))`.
    fn compare<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, index: usize) -> QueryResult<()> {
        let Some(position) = &self.position else { return Ok(()) };
        let (Some(by), Some(value)) = (self.columns.get(index), position.get(index)) else {
            out.push_sql("false");
            return Ok(());
        };
        let operator = if by.is_descending == self.is_backward { " > " } else { " < " };
        let rest = self.columns.get(index..).unwrap_or_default();
        if rest.iter().all(|other| other.is_descending == by.is_descending) {
            let columns: Vec<&str> = rest.iter().map(SortedBy::sql).collect();
            out.push_sql(&format!("({}){operator}(", columns.join(", ")));
            for (number, (by, value)) in rest.iter().zip(position.iter().skip(index)).enumerate() {
                out.push_sql(if number == 0 { "" } else { ", " });
                push_value(out, value, by)?;
            }
            out.push_sql(")");
            return Ok(());
        }
        out.push_sql(&format!("({}{operator}", by.sql()));
        push_value(out, value, by)?;
        out.push_sql(&format!(" or ({} = ", by.sql()));
        push_value(out, value, by)?;
        out.push_sql(" and ");
        self.compare(out, index + 1)?;
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

/// Loads a page of a boxed query: `paginate!(conn, || self.query(), Order, list)`. The second argument builds the query
/// each time it is called; the last one is the [`ListRequest`](crate::platform::api::ListRequest).
macro_rules! paginate {
    ($conn:expr, $query:expr, $row:ty, $list:expr) => {{
        use diesel::prelude::*;
        use $crate::platform::api::{bounded_count, positions};

        let build_query = $query;
        let one = diesel::dsl::sql::<diesel::sql_types::Integer>("1");
        let count =
            if $list.wants_count() { Some(bounded_count($conn, || build_query().select(one.clone()))?) } else { None };
        let window = $list.window(count)?;
        let mut query = build_query().order(window.order.clone()).limit(window.limit).offset(window.offset);
        if let Some(keyset) = &window.keyset {
            query = query.filter(keyset.clone());
        }
        let rows = query.select((<$row>::as_select(), positions(&window))).load::<($row, Vec<String>)>($conn)?;
        window.into_page(count, rows)
    }};
}

pub(crate) use paginate;
