//! Conditions of a query from lookups. A macro, because a generic function would have to name Diesel's types.

use diesel::sql_types::{Text, Timestamptz};

#[diesel::declare_sql_function]
extern "SQL" {
    /// Returns a part of a time in the session's time zone, which is UTC.
    fn date_part(part: Text, time: Timestamptz) -> Double;
}

/// Filters a boxed query by the lookups of one column: `apply_lookups!(query, choices, orders::status, &self.status)`.
///
/// `texts` takes [`TextLookups`](super::TextLookups), `choices` [`ChoiceLookups`](super::ChoiceLookups), `ranges`
/// [`RangeLookups`](super::RangeLookups), `date_times` [`DateTimeLookups`](super::DateTimeLookups).
macro_rules! apply_lookups {
    ($query:ident, choices, $column:expr, $lookups:expr) => {
        let lookups = $lookups;
        for values in [&lookups.exact, &lookups.any_of].into_iter().flatten() {
            $query = $query.filter($column.eq_any(values.clone()));
        }
        $crate::platform::api::apply_lookups!(@is_null $query, $column, lookups.is_null);
    };
    ($query:ident, texts, $column:expr, $lookups:expr) => {
        let lookups = $lookups;
        if let Some(value) = &lookups.exact {
            $query = $query.filter($column.eq(value.clone()));
        }
        if let Some(values) = &lookups.any_of {
            $query = $query.filter($column.eq_any(values.clone()));
        }
        for pattern in &lookups.like {
            $query = $query.filter($column.like(pattern.clone()));
        }
        for pattern in &lookups.ilike {
            $query = $query.filter($column.ilike(pattern.clone()));
        }
        $crate::platform::api::apply_lookups!(@is_null $query, $column, lookups.is_null);
    };
    ($query:ident, date_times, $column:expr, $lookups:expr) => {
        let date_times = $lookups;
        $crate::platform::api::apply_lookups!($query, ranges, $column, &date_times.ranges);
        for (from, before) in &date_times.within {
            $query = $query.filter($column.ge(*from)).filter($column.lt(*before));
        }
        if let Some(month) = date_times.month {
            let part = $crate::platform::api::date_part("month", $column);
            $query = $query.filter(part.eq(f64::from(month)));
        }
    };
    ($query:ident, ranges, $column:expr, $lookups:expr) => {
        let lookups = $lookups;
        if let Some(value) = lookups.exact {
            $query = $query.filter($column.eq(value));
        }
        if let Some(value) = lookups.above {
            $query = $query.filter($column.gt(value));
        }
        if let Some(value) = lookups.from {
            $query = $query.filter($column.ge(value));
        }
        if let Some(value) = lookups.below {
            $query = $query.filter($column.lt(value));
        }
        if let Some(value) = lookups.to {
            $query = $query.filter($column.le(value));
        }
        if let Some(values) = &lookups.any_of {
            $query = $query.filter($column.eq_any(values.clone()));
        }
        if let Some((from, to)) = lookups.between {
            $query = $query.filter($column.between(from, to));
        }
        $crate::platform::api::apply_lookups!(@is_null $query, $column, lookups.is_null);
    };
    (@is_null $query:ident, $column:expr, $is_null:expr) => {
        match $is_null {
            Some(true) => $query = $query.filter($column.is_null()),
            Some(false) => $query = $query.filter($column.is_not_null()),
            None => {}
        }
    };
}

pub(crate) use apply_lookups;
