//! Filters of lists in the format of django-filter: `field` and `field__lookup`.
//!
//! Unknown parameters are ignored, empty ones do not filter, and invalid ones return 400 under their own name.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{RefOr, Required, Schema};

use super::patterns::{escape, like_pattern};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Day, FromJson, QueryPairs, QueryValue};

/// Maximum number of values of one lookup.
const MAX_VALUES: usize = 100;

/// The lookups of one field of a list.
pub trait Lookup: Sized {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self;

    /// Returns the parameters for the OpenAPI document.
    fn parameters(name: &str, description: &str) -> Vec<Parameter>;
}

/// A query whose filters are being read, with the errors found so far.
#[derive(Debug)]
pub struct LookupQuery<'a> {
    pairs: &'a QueryPairs,
    errors: BTreeMap<String, ErrorTree>,
}

impl LookupQuery<'_> {
    /// Reads the last value of this parameter, if it is not empty.
    pub fn one<T: FromJson>(&mut self, name: &str) -> Option<T> {
        let value = self.pairs.last(name).filter(|value| !value.trim().is_empty())?.to_owned();
        self.read(name, &value)
    }

    fn with<T: FromJson>(&mut self, field: &str, lookup: &str) -> Option<T> {
        self.one(&format!("{field}__{lookup}"))
    }

    /// Reads all values of a repeated parameter, of which any can match.
    fn any<T: FromJson>(&mut self, name: &str) -> Option<Vec<T>> {
        let values: Vec<String> = self.pairs.all(name).filter(|value| !value.is_empty()).map(str::to_owned).collect();
        self.many(name, values.iter().map(String::as_str))
    }

    /// Reads `name__in=a,b`.
    fn listed<T: FromJson>(&mut self, name: &str) -> Option<Vec<T>> {
        let name = format!("{name}__in");
        let list = self.pairs.last(&name).filter(|list| !list.is_empty())?.to_owned();
        self.many(&name, list.split(','))
    }

    fn many<'v, T: FromJson>(&mut self, name: &str, values: impl Iterator<Item = &'v str>) -> Option<Vec<T>> {
        let values: Vec<&str> = values.map(str::trim).filter(|value| !value.is_empty()).collect();
        if values.len() > MAX_VALUES {
            let text = format!("Ensure this field has no more than {MAX_VALUES} elements.");
            self.add_error(name, ErrorTree::message("max_length", text));
            return None;
        }
        let read: Vec<T> = values.iter().filter_map(|value| self.read(name, value)).collect();
        (!read.is_empty()).then_some(read)
    }

    fn read<T: FromJson>(&mut self, name: &str, value: &str) -> Option<T> {
        T::from_json(Value::String(value.to_owned())).map_err(|tree| self.add_error(name, tree)).ok()
    }

    fn add_error(&mut self, name: &str, tree: ErrorTree) {
        self.errors.insert(name.to_owned(), tree);
    }
}

/// Reads the filters `T` of a list, or returns all errors at once.
pub fn filter_from_query<T>(pairs: &QueryPairs, read: impl FnOnce(&mut LookupQuery) -> T) -> Result<T, Problem> {
    let mut query = LookupQuery { pairs, errors: BTreeMap::new() };
    let filter = read(&mut query);
    if query.errors.is_empty() { Ok(filter) } else { Err(Problem::invalid(ErrorTree::Members(query.errors))) }
}

/// One value, which the list compares with its own condition.
impl<T: QueryValue> Lookup for Option<T> {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        query.one(name)
    }

    fn parameters(name: &str, description: &str) -> Vec<Parameter> {
        vec![parameter::<T>(name, description)]
    }
}

/// Lookups of an enum or an id: `field` (can be repeated), `__in`, `__isnull`.
#[derive(Debug, Clone)]
pub struct ChoiceLookups<T> {
    pub exact: Option<Vec<T>>,
    pub any_of: Option<Vec<T>>,
    pub is_null: Option<bool>,
}

impl<T> Default for ChoiceLookups<T> {
    fn default() -> Self {
        Self { exact: None, any_of: None, is_null: None }
    }
}

impl<T: QueryValue> Lookup for ChoiceLookups<T> {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        Self { exact: query.any(name), any_of: query.listed(name), is_null: query.with(name, "isnull") }
    }

    fn parameters(name: &str, description: &str) -> Vec<Parameter> {
        vec![
            parameter::<T>(name, description),
            list_parameter::<T>(&format!("{name}__in"), "Any of these values, separated by commas"),
            parameter::<bool>(
                &format!("{name}__isnull"),
                "True for objects without a value, false for objects with one",
            ),
        ]
    }
}

/// Lookups of a number: `field`, `__gt`, `__gte` (or `_min`), `__lt`, `__lte` (or `_max`), `__in`, `__range=a,b`,
/// `__isnull`.
#[derive(Debug, Clone)]
pub struct RangeLookups<T> {
    pub exact: Option<T>,
    pub above: Option<T>,
    pub from: Option<T>,
    pub below: Option<T>,
    pub to: Option<T>,
    pub any_of: Option<Vec<T>>,
    pub between: Option<(T, T)>,
    pub is_null: Option<bool>,
}

impl<T> Default for RangeLookups<T> {
    fn default() -> Self {
        Self { exact: None, above: None, from: None, below: None, to: None, any_of: None, between: None, is_null: None }
    }
}

impl<T> RangeLookups<T> {
    /// Returns true if no lookup is set.
    pub const fn is_empty(&self) -> bool {
        matches!(
            self,
            Self {
                exact: None,
                above: None,
                from: None,
                below: None,
                to: None,
                any_of: None,
                between: None,
                is_null: None,
            }
        )
    }
}

impl<T: FromJson> RangeLookups<T> {
    fn read_with_suffixes(name: &str, suffixes: &BoundSuffixes, query: &mut LookupQuery) -> Self {
        let BoundSuffixes { lower, upper } = suffixes;
        Self {
            exact: query.one(name).or_else(|| query.with(name, "exact")),
            above: query.with(name, "gt"),
            from: query.with(name, "gte").or_else(|| query.one(&format!("{name}_{lower}"))),
            below: query.with(name, "lt"),
            to: query.with(name, "lte").or_else(|| query.one(&format!("{name}_{upper}"))),
            any_of: query.listed(name),
            between: Self::between(name, query),
            is_null: query.with(name, "isnull"),
        }
    }

    fn between(name: &str, query: &mut LookupQuery) -> Option<(T, T)> {
        let name = format!("{name}__range");
        let range = query.pairs.last(&name).filter(|range| !range.is_empty())?.to_owned();
        let Some((from, to)) = range.split_once(',').filter(|(_, to)| !to.contains(',')) else {
            query.add_error(&name, ErrorTree::message("invalid", "Range query expects two values."));
            return None;
        };
        let (from, to) = (query.read(&name, from), query.read(&name, to));
        from.zip(to)
    }
}

impl<T: QueryValue> RangeLookups<T> {
    fn all_parameters(name: &str, description: &str, suffixes: &BoundSuffixes) -> Vec<Parameter> {
        let BoundSuffixes { lower, upper } = suffixes;
        let lookup = |lookup: &str, description: &str| parameter::<T>(&format!("{name}__{lookup}"), description);
        vec![
            parameter::<T>(name, description),
            lookup("gt", "Lower bound, exclusive"),
            lookup("gte", "Lower bound, inclusive"),
            parameter::<T>(&format!("{name}_{lower}"), "Alias of `__gte`"),
            lookup("lt", "Upper bound, exclusive"),
            lookup("lte", "Upper bound, inclusive"),
            parameter::<T>(&format!("{name}_{upper}"), "Alias of `__lte`"),
            list_parameter::<T>(&format!("{name}__in"), "Any of these values, separated by commas"),
            list_parameter::<T>(
                &format!("{name}__range"),
                "Lower and upper bound, both inclusive, separated by a comma",
            ),
            parameter::<bool>(
                &format!("{name}__isnull"),
                "True for objects without a value, false for objects with one",
            ),
        ]
    }
}

impl<T: QueryValue> Lookup for RangeLookups<T> {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        Self::read_with_suffixes(name, &BoundSuffixes::NUMBER, query)
    }

    fn parameters(name: &str, description: &str) -> Vec<Parameter> {
        Self::all_parameters(name, description, &BoundSuffixes::NUMBER)
    }
}

/// Suffixes of the parameters `field_min` and `field_max`.
struct BoundSuffixes {
    lower: &'static str,
    upper: &'static str,
}

impl BoundSuffixes {
    const NUMBER: Self = Self { lower: "min", upper: "max" };
    const TIME: Self = Self { lower: "after", upper: "before" };
}

/// Lookups of a date and time: those of [`RangeLookups`] with `_after` and `_before`, and `__date`, `__year` and
/// `__month` in UTC.
#[derive(Debug, Clone, Default)]
pub struct DateTimeLookups {
    pub ranges: RangeLookups<DateTime<Utc>>,
    /// Half-open periods that must all contain the time.
    pub within: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    pub month: Option<i32>,
}

impl Lookup for DateTimeLookups {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        let ranges = RangeLookups::read_with_suffixes(name, &BoundSuffixes::TIME, query);
        let day = query.with::<Day>(name, "date").map(|day| (day.0, day.0.succ_opt()));
        let year = query.with::<Year>(name, "year").map(|Year(year)| {
            (NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default(), NaiveDate::from_ymd_opt(year + 1, 1, 1))
        });
        let periods = [day, year].into_iter().flatten();
        let within = periods.filter_map(|(from, to)| Some((midnight(from)?, midnight(to?)?))).collect();
        Self { ranges, within, month: query.with::<Month>(name, "month").map(|month| month.0) }
    }

    fn parameters(name: &str, description: &str) -> Vec<Parameter> {
        let mut parameters = RangeLookups::<DateTime<Utc>>::all_parameters(name, description, &BoundSuffixes::TIME);
        parameters.extend([
            parameter::<Day>(&format!("{name}__date"), "On this day, in UTC"),
            parameter::<i32>(&format!("{name}__year"), "In this year, in UTC"),
            parameter::<i32>(&format!("{name}__month"), "In this month of any year, from 1 to 12, in UTC"),
        ]);
        parameters
    }
}

fn midnight(day: NaiveDate) -> Option<DateTime<Utc>> {
    day.and_hms_opt(0, 0, 0).map(|start| start.and_utc())
}

struct Year(i32);
struct Month(i32);

impl FromJson for Year {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        bounded(value, 1, 9998).map(Self)
    }
}

impl FromJson for Month {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        bounded(value, 1, 12).map(Self)
    }
}

fn bounded(value: Value, min: i32, max: i32) -> Result<i32, ErrorTree> {
    match i32::from_json(value)? {
        number if number < min => Err(ErrorTree::min_value(i64::from(min))),
        number if number > max => Err(ErrorTree::max_value(i64::from(max))),
        number => Ok(number),
    }
}

/// Lookups of a text: `field`, `__iexact`, `__contains`, `__icontains`, `__startswith`, `__istartswith`, `__endswith`,
/// `__iendswith`, `__in`, `__isnull`.
#[derive(Debug, Clone, Default)]
pub struct TextLookups {
    pub exact: Option<String>,
    pub any_of: Option<Vec<String>>,
    /// Patterns for LIKE.
    pub like: Vec<String>,
    /// Patterns for ILIKE.
    pub ilike: Vec<String>,
    pub is_null: Option<bool>,
}

impl TextLookups {
    /// Returns the lookups in lower case, for a column that stores lower-case text.
    #[must_use]
    pub fn lowercase(&self) -> Self {
        let lower = |texts: &Vec<String>| texts.iter().map(|text| text.to_lowercase()).collect();
        Self {
            exact: self.exact.as_ref().map(|text| text.to_lowercase()),
            any_of: self.any_of.as_ref().map(lower),
            like: lower(&self.like),
            ..self.clone()
        }
    }
}

impl Lookup for TextLookups {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        let mut pattern =
            |lookup: &str, make: fn(&str) -> String| query.with::<String>(name, lookup).map(|text| make(&text));
        let starts = |text: &str| format!("{}%", escape(text));
        let ends = |text: &str| format!("%{}", escape(text));
        let like = [pattern("contains", like_pattern), pattern("startswith", starts), pattern("endswith", ends)];
        let ilike = [
            pattern("iexact", escape),
            pattern("icontains", like_pattern),
            pattern("istartswith", starts),
            pattern("iendswith", ends),
        ];
        Self {
            exact: query.one(name).or_else(|| query.with(name, "exact")),
            any_of: query.listed(name),
            like: like.into_iter().flatten().collect(),
            ilike: ilike.into_iter().flatten().collect(),
            is_null: query.with(name, "isnull"),
        }
    }

    fn parameters(name: &str, description: &str) -> Vec<Parameter> {
        let lookup = |lookup: &str, description: &str| parameter::<String>(&format!("{name}__{lookup}"), description);
        vec![
            parameter::<String>(name, description),
            lookup("iexact", "Case-insensitive exact match"),
            lookup("contains", "Case-sensitive substring match"),
            lookup("icontains", "Case-insensitive substring match"),
            lookup("startswith", "Case-sensitive prefix match"),
            lookup("istartswith", "Case-insensitive prefix match"),
            lookup("endswith", "Case-sensitive suffix match"),
            lookup("iendswith", "Case-insensitive suffix match"),
            list_parameter::<String>(&format!("{name}__in"), "Any of these values, separated by commas"),
            parameter::<bool>(
                &format!("{name}__isnull"),
                "True for objects without a value, false for objects with one",
            ),
        ]
    }
}

/// Returns a query parameter with the values of `T`.
pub(super) fn parameter<T: QueryValue>(name: &str, description: &str) -> Parameter {
    described(name, description, T::schema()).build()
}

fn list_parameter<T: QueryValue>(name: &str, description: &str) -> Parameter {
    let list = ArrayBuilder::new().items(T::schema()).build();
    described(name, description, list.into()).explode(Some(false)).build()
}

fn described(name: &str, description: &str, schema: RefOr<Schema>) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description((!description.trim().is_empty()).then(|| description.trim()))
        .schema(Some(schema))
}
