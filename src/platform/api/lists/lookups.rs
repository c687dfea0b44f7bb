//! Filters of lists, read from the query as django-filter reads them: `field` and `field__lookup`.
//!
//! Unknown parameters are ignored, empty ones do not filter, wrong ones are 400 under their own name.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{RefOr, Required, Schema};

use super::patterns::{like_pattern, literal};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Day, FromJson, QueryPairs, QueryValue};

/// No index helps with more at once.
const MOST_CHOICES: usize = 100;

/// What one field of a list can be filtered by.
pub trait Lookup: Sized {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self;

    /// For the OpenAPI document.
    fn parameters(name: &str, meaning: &str) -> Vec<Parameter>;
}

/// The query while its filters are read, and what is wrong with them so far.
#[derive(Debug)]
pub struct LookupQuery<'a> {
    pairs: &'a QueryPairs,
    errors: BTreeMap<String, ErrorTree>,
}

impl LookupQuery<'_> {
    /// The last value under this name, if it is not empty.
    pub fn one<T: FromJson>(&mut self, name: &str) -> Option<T> {
        let value = self.pairs.last(name).filter(|value| !value.trim().is_empty())?.to_owned();
        self.read(name, &value)
    }

    fn with<T: FromJson>(&mut self, field: &str, lookup: &str) -> Option<T> {
        self.one(&format!("{field}__{lookup}"))
    }

    /// All values under this name: any of them will do.
    fn any<T: FromJson>(&mut self, name: &str) -> Option<Vec<T>> {
        let values: Vec<String> = self.pairs.all(name).filter(|value| !value.is_empty()).map(str::to_owned).collect();
        self.many(name, values.iter().map(String::as_str))
    }

    /// `name__in=a,b`.
    fn listed<T: FromJson>(&mut self, name: &str) -> Option<Vec<T>> {
        let name = format!("{name}__in");
        let list = self.pairs.last(&name).filter(|list| !list.is_empty())?.to_owned();
        self.many(&name, list.split(','))
    }

    fn many<'v, T: FromJson>(&mut self, name: &str, values: impl Iterator<Item = &'v str>) -> Option<Vec<T>> {
        let values: Vec<&str> = values.map(str::trim).filter(|value| !value.is_empty()).collect();
        if values.len() > MOST_CHOICES {
            let text = format!("Ensure this field has no more than {MOST_CHOICES} elements.");
            self.refuse(name, ErrorTree::message("max_length", text));
            return None;
        }
        let read: Vec<T> = values.iter().filter_map(|value| self.read(name, value)).collect();
        (!read.is_empty()).then_some(read)
    }

    fn read<T: FromJson>(&mut self, name: &str, value: &str) -> Option<T> {
        T::from_json(Value::String(value.to_owned())).map_err(|tree| self.refuse(name, tree)).ok()
    }

    fn refuse(&mut self, name: &str, tree: ErrorTree) {
        self.errors.insert(name.to_owned(), tree);
    }
}

/// Reads the filters `T` of a list, or tells all that is wrong with them.
pub fn filter_from_query<T>(pairs: &QueryPairs, read: impl FnOnce(&mut LookupQuery) -> T) -> Result<T, Problem> {
    let mut query = LookupQuery { pairs, errors: BTreeMap::new() };
    let filter = read(&mut query);
    if query.errors.is_empty() { Ok(filter) } else { Err(Problem::invalid(ErrorTree::Members(query.errors))) }
}

/// One value, compared as the list sees fit.
impl<T: QueryValue> Lookup for Option<T> {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        query.one(name)
    }

    fn parameters(name: &str, meaning: &str) -> Vec<Parameter> {
        vec![parameter::<T>(name, meaning)]
    }
}

/// A value of a closed set, or an id: `field` (also several times), `__in`, `__isnull`.
#[derive(Debug, Clone)]
pub struct Choices<T> {
    pub exact: Option<Vec<T>>,
    pub any_of: Option<Vec<T>>,
    pub is_null: Option<bool>,
}

impl<T> Default for Choices<T> {
    fn default() -> Self {
        Self { exact: None, any_of: None, is_null: None }
    }
}

impl<T: QueryValue> Lookup for Choices<T> {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        Self { exact: query.any(name), any_of: query.listed(name), is_null: query.with(name, "isnull") }
    }

    fn parameters(name: &str, meaning: &str) -> Vec<Parameter> {
        vec![
            parameter::<T>(name, meaning),
            list_parameter::<T>(&format!("{name}__in"), "Any of these, separated by commas."),
            parameter::<bool>(&format!("{name}__isnull"), "Whether there is none."),
        ]
    }
}

/// A number: `field`, `__gt`, `__gte` (or `_min`), `__lt`, `__lte` (or `_max`), `__in`, `__range=a,b`, `__isnull`.
#[derive(Debug, Clone)]
pub struct Ranges<T> {
    pub exact: Option<T>,
    pub above: Option<T>,
    pub from: Option<T>,
    pub below: Option<T>,
    pub to: Option<T>,
    pub any_of: Option<Vec<T>>,
    pub between: Option<(T, T)>,
    pub is_null: Option<bool>,
}

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Self { exact: None, above: None, from: None, below: None, to: None, any_of: None, between: None, is_null: None }
    }
}

impl<T> Ranges<T> {
    /// Nothing is filtered.
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

impl<T: FromJson> Ranges<T> {
    fn of(name: &str, suffixes: (&str, &str), query: &mut LookupQuery) -> Self {
        let (least, most) = suffixes;
        Self {
            exact: query.one(name).or_else(|| query.with(name, "exact")),
            above: query.with(name, "gt"),
            from: query.with(name, "gte").or_else(|| query.one(&format!("{name}_{least}"))),
            below: query.with(name, "lt"),
            to: query.with(name, "lte").or_else(|| query.one(&format!("{name}_{most}"))),
            any_of: query.listed(name),
            between: Self::between(name, query),
            is_null: query.with(name, "isnull"),
        }
    }

    fn between(name: &str, query: &mut LookupQuery) -> Option<(T, T)> {
        let name = format!("{name}__range");
        let range = query.pairs.last(&name).filter(|range| !range.is_empty())?.to_owned();
        let Some((from, to)) = range.split_once(',').filter(|(_, to)| !to.contains(',')) else {
            query.refuse(&name, ErrorTree::message("invalid", "Range query expects two values."));
            return None;
        };
        let (from, to) = (query.read(&name, from), query.read(&name, to));
        from.zip(to)
    }
}

impl<T: QueryValue> Ranges<T> {
    fn all_parameters(name: &str, meaning: &str, suffixes: (&str, &str)) -> Vec<Parameter> {
        let (least, most) = suffixes;
        let lookup = |lookup: &str, meaning: &str| parameter::<T>(&format!("{name}__{lookup}"), meaning);
        vec![
            parameter::<T>(name, meaning),
            lookup("gt", "More than this."),
            lookup("gte", "This or more."),
            parameter::<T>(&format!("{name}_{least}"), "The same as `__gte`."),
            lookup("lt", "Less than this."),
            lookup("lte", "This or less."),
            parameter::<T>(&format!("{name}_{most}"), "The same as `__lte`."),
            list_parameter::<T>(&format!("{name}__in"), "Any of these, separated by commas."),
            list_parameter::<T>(&format!("{name}__range"), "From the first to the second, both included."),
            parameter::<bool>(&format!("{name}__isnull"), "Whether there is none."),
        ]
    }
}

impl<T: QueryValue> Lookup for Ranges<T> {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        Self::of(name, ("min", "max"), query)
    }

    fn parameters(name: &str, meaning: &str) -> Vec<Parameter> {
        Self::all_parameters(name, meaning, ("min", "max"))
    }
}

/// A moment: as [`Ranges`], with `_after` and `_before`, and `__date`, `__year`, `__month` in UTC.
#[derive(Debug, Clone, Default)]
pub struct Moments {
    pub ranges: Ranges<DateTime<Utc>>,
    /// Half-open spans that it must lie in.
    pub within: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    pub month: Option<i32>,
}

impl Lookup for Moments {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        let ranges = Ranges::of(name, ("after", "before"), query);
        let day = query.with::<Day>(name, "date").map(|day| (day.0, day.0.succ_opt()));
        let year = query.with::<Year>(name, "year").map(|Year(year)| {
            (NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default(), NaiveDate::from_ymd_opt(year + 1, 1, 1))
        });
        let spans = [day, year].into_iter().flatten();
        let within = spans.filter_map(|(from, to)| Some((midnight(from)?, midnight(to?)?))).collect();
        Self { ranges, within, month: query.with::<Month>(name, "month").map(|month| month.0) }
    }

    fn parameters(name: &str, meaning: &str) -> Vec<Parameter> {
        let mut parameters = Ranges::<DateTime<Utc>>::all_parameters(name, meaning, ("after", "before"));
        parameters.extend([
            parameter::<Day>(&format!("{name}__date"), "On this day, in UTC."),
            parameter::<i32>(&format!("{name}__year"), "In this year, in UTC."),
            parameter::<i32>(&format!("{name}__month"), "In this month of any year, from 1 to 12, in UTC."),
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

fn bounded(value: Value, least: i32, most: i32) -> Result<i32, ErrorTree> {
    match i32::from_json(value)? {
        less if less < least => Err(ErrorTree::min_value(i64::from(least))),
        more if more > most => Err(ErrorTree::max_value(i64::from(most))),
        number => Ok(number),
    }
}

/// A text: `field`, `__iexact`, `__contains`, `__icontains`, `__startswith`, `__istartswith`, `__endswith`,
/// `__iendswith`, `__in`, `__isnull`.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    pub exact: Option<String>,
    pub any_of: Option<Vec<String>>,
    /// Patterns for LIKE.
    pub like: Vec<String>,
    /// Patterns for ILIKE.
    pub ilike: Vec<String>,
    pub is_null: Option<bool>,
}

impl Texts {
    /// For columns that are kept in lower case.
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

impl Lookup for Texts {
    fn read(name: &'static str, query: &mut LookupQuery) -> Self {
        let mut pattern =
            |lookup: &str, make: fn(&str) -> String| query.with::<String>(name, lookup).map(|text| make(&text));
        let starts = |text: &str| format!("{}%", literal(text));
        let ends = |text: &str| format!("%{}", literal(text));
        let like = [pattern("contains", like_pattern), pattern("startswith", starts), pattern("endswith", ends)];
        let ilike = [
            pattern("iexact", literal),
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

    fn parameters(name: &str, meaning: &str) -> Vec<Parameter> {
        let lookup = |lookup: &str, meaning: &str| parameter::<String>(&format!("{name}__{lookup}"), meaning);
        vec![
            parameter::<String>(name, meaning),
            lookup("iexact", "This, whatever the case of letters."),
            lookup("contains", "With this in it."),
            lookup("icontains", "With this in it, whatever the case."),
            lookup("startswith", "Beginning with this."),
            lookup("istartswith", "Beginning with this, whatever the case."),
            lookup("endswith", "Ending with this."),
            lookup("iendswith", "Ending with this, whatever the case."),
            list_parameter::<String>(&format!("{name}__in"), "Any of these, separated by commas."),
            parameter::<bool>(&format!("{name}__isnull"), "Whether there is none."),
        ]
    }
}

/// A parameter of the query with the values of `T`.
pub(super) fn parameter<T: QueryValue>(name: &str, meaning: &str) -> Parameter {
    described(name, meaning, T::schema()).build()
}

fn list_parameter<T: QueryValue>(name: &str, meaning: &str) -> Parameter {
    let list = ArrayBuilder::new().items(T::schema()).build();
    described(name, meaning, list.into()).explode(Some(false)).build()
}

fn described(name: &str, meaning: &str, schema: RefOr<Schema>) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description((!meaning.trim().is_empty()).then(|| meaning.trim()))
        .schema(Some(schema))
}

/// Defines the filters of a list: for each field its name in the query, and what it can be looked up by.
macro_rules! filter {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $( $(#[doc = $doc:literal])* $key:literal => pub $field:ident : $type:ty ),* $(,)? }
    ) => {
        #[derive(Debug, Clone, Default)]
        $(#[$meta])*
        pub struct $name { $( $(#[doc = $doc])* pub $field: $type ),* }

        impl $crate::platform::api::ListFilter for $name {
            fn read(query: &mut $crate::platform::api::LookupQuery) -> Self {
                Self { $( $field: $crate::platform::api::Lookup::read($key, query) ),* }
            }
        }

        impl utoipa::IntoParams for $name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                let parameters = [
                    $( <$type as $crate::platform::api::Lookup>::parameters($key, concat!("", $($doc),*)) ),*
                ];
                parameters.concat()
            }
        }
    };
}

pub(crate) use filter;
