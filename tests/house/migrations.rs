//! Migrations: reversible, with an index for every foreign key, and in accordance with the printed schema.

use diesel::pg::PgConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use mercer::platform::db::{migrate, revert_all};
use pretty_assertions::assert_eq;

use super::files::{self, RepositoryFile};
use super::schema::{self, Column, Table};
use super::{assert_none, catalogue};
use crate::support::database::TestDatabase;

/// Lists folders that are not named like `2026-01-15-101500_create_orders`, or whose `down.sql` is empty.
fn invalid_migrations(files: &[RepositoryFile]) -> Vec<String> {
    let mut violations = Vec::new();
    let folders = files.iter().filter_map(|file| file.path.strip_suffix("/up.sql"));
    for folder in folders {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        if !is_well_named(name) {
            violations.push(format!("{name} is not named timestamp_verb_noun"));
        }
        let down = files.iter().find(|file| file.path == format!("{folder}/down.sql"));
        if !down.is_some_and(|file| file.text.lines().any(is_statement)) {
            violations.push(format!("{name} cannot be reverted: its down.sql is empty"));
        }
    }
    violations
}

fn is_statement(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("--")
}

fn is_well_named(name: &str) -> bool {
    let Some((timestamp, words)) = name.split_once('_') else {
        return false;
    };
    let digits: Vec<_> =
        timestamp.split('-').map(|part| (part.len(), part.chars().all(|c| c.is_ascii_digit()))).collect();
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    digits == [(4, true), (2, true), (2, true), (6, true)] && words.contains('_') && words.split('_').all(is_word)
}

/// Lists the differences between the printed schema and the database.
fn differences(printed: &[Table], found: &[Table]) -> Vec<String> {
    let mut violations = Vec::new();
    for table in printed.iter().filter(|table| !found.contains(table)) {
        match found.iter().find(|other| other.name == table.name) {
            None => violations.push(format!("{} is printed, but not in the database", table.name)),
            Some(other) => violations.extend(table_differences(table, other)),
        }
    }
    let unprinted = found.iter().filter(|table| !printed.iter().any(|other| other.name == table.name));
    violations.extend(unprinted.map(|table| format!("{} is in the database, but not printed", table.name)));
    violations
}

fn table_differences(printed: &Table, found: &Table) -> Vec<String> {
    let lines = |table: &Table| {
        let column = |Column { name, sql_type, max_length }: &Column| format!("{name} -> {sql_type} {max_length:?}");
        let key = format!("({})", table.primary_key.join(", "));
        [vec![key], table.columns.iter().map(column).collect()].concat()
    };
    let (printed_lines, found_lines) = (lines(printed), lines(found));
    let name = &printed.name;
    let wrong = printed_lines.iter().filter(|line| !found_lines.contains(line));
    let missing = found_lines.iter().filter(|line| !printed_lines.contains(line));
    let wrong = wrong.map(|line| format!("{name}: printed {line}, which is not in the database"));
    let missing = missing.map(|line| format!("{name}: the database has {line}, which is not printed"));
    let differences_found: Vec<_> = wrong.chain(missing).collect();
    // Equal columns in another order.
    if differences_found.is_empty() {
        vec![format!("{name}: its columns are in another order")]
    } else {
        differences_found
    }
}

#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    violation: String,
}

/// Lists foreign keys without an index that starts with their columns.
///
/// An index on the referenced primary key is sufficient if the foreign key has more columns, as is a partial index of
/// the rows in which the column is not null.
fn unindexed_foreign_keys(conn: &mut PgConnection) -> Vec<String> {
    let query = "
        select format('%s has no index for %s', c.conrelid::regclass, pg_get_constraintdef(c.oid)) as violation
        from pg_constraint c
        left join lateral (
            select array_agg(k.own) as columns
            from pg_index p, unnest(c.conkey, c.confkey) as k (own, other)
            where p.indrelid = c.confrelid and p.indisprimary and k.other = any (p.indkey)
            having count(*) = max(p.indnkeyatts)
        ) as needed on true
        where c.contype = 'f' and not exists (
            select from pg_index i, coalesce(needed.columns, c.conkey) as columns
            where i.indrelid = c.conrelid
              and (string_to_array(i.indkey::text, ' ')::smallint[])[1:cardinality(columns)] @> columns
              and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) in (
                  select format('(%I IS NOT NULL)', a.attname) from pg_attribute a
                  where a.attrelid = c.conrelid and a.attnum = any (c.conkey))))
        order by 1";
    let keys: Vec<ForeignKey> = sql_query(query).load(conn).unwrap_or_else(|error| panic!("{error}"));
    keys.into_iter().map(|key| key.violation).collect()
}

#[test]
fn migrations_can_be_applied_reverted_and_applied_again() {
    let database = TestDatabase::create_empty();
    let empty = catalogue::describe(&mut database.connect());
    let migrated = migrate(&database.url).map(|names| names.len());
    assert!(migrated.is_ok_and(|count| count > 0));
    let first = catalogue::describe(&mut database.connect());

    revert_all(&database.url).unwrap_or_else(|error| panic!("reverting fails: {error:#}"));
    let reverted = catalogue::describe(&mut database.connect());
    migrate(&database.url).unwrap_or_else(|error| panic!("applying again fails: {error:#}"));
    let second = catalogue::describe(&mut database.connect());

    assert_eq!(reverted, empty, "reverting leaves objects behind");
    assert_eq!(first, second);
}

#[test]
fn every_foreign_key_has_an_index() {
    assert_none(&unindexed_foreign_keys(&mut TestDatabase::create().connect()));
}

#[test]
fn migrations_have_valid_names_and_can_be_reverted() {
    assert_none(&invalid_migrations(&files::below("migrations")));
}

#[test]
fn printed_schema_equals_the_database() {
    let printed = schema::parse(&files::read("src/schema.rs").unwrap_or_default());
    assert!(!printed.is_empty());
    let found = catalogue::tables(&mut TestDatabase::create().connect());
    assert_none(&differences(&printed, &found));
}

/// Each rule on a bad example.
mod bad_examples {
    use diesel::connection::SimpleConnection;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn invalid_migrations_are_found() {
        let file =
            |path: &str, text: &str| RepositoryFile { path: format!("migrations/{path}"), text: text.to_owned() };
        let files = [
            file("2026-01-15-101500_create_orders/up.sql", ""),
            file("2026-01-15-101500_create_orders/down.sql", "drop table orders;"),
            file("2026-01-15_orders/up.sql", ""),
            file("2026-01-15_orders/down.sql", "-- later\n"),
        ];
        assert_eq!(
            invalid_migrations(&files),
            [
                "2026-01-15_orders is not named timestamp_verb_noun",
                "2026-01-15_orders cannot be reverted: its down.sql is empty",
            ]
        );
        assert!(!is_well_named("2026-01-15-101500_orders"));
        assert!(!is_well_named("2026-01-15-101500_Create_orders"));
    }

    #[test]
    fn unindexed_foreign_key_is_found() {
        let database = TestDatabase::create_empty();
        let mut conn = database.connect();
        let made = conn.batch_execute(
            "create table a (x integer, y integer, primary key (x, y));
             create table b (x integer, y integer, z integer, foreign key (x, y) references a);
             create index on b (z, x, y); create index on b (x, y) where z > 1;
             create table c (x integer, y integer, foreign key (x, y) references a);
             create index on c (y, x);
             create table d (x integer primary key, y integer, unique (x, y));
             create table e (x integer, y integer, foreign key (x, y) references d (x, y));
             create index on e (x) where x is not null",
        );
        assert_eq!(made, Ok(()));
        assert_eq!(unindexed_foreign_keys(&mut conn), ["b has no index for FOREIGN KEY (x, y) REFERENCES a(x, y)"]);
    }

    #[test]
    fn schema_differences_are_found() {
        let database = TestDatabase::create_empty();
        let mut conn = database.connect();
        let made = conn.batch_execute("create table a (id uuid primary key, b text, c varchar(3) not null, e text[] not null); create table d (id int primary key)");
        assert_eq!(made, Ok(()));
        let printed =
            "table! { a (id) { id -> Uuid, b -> Text, #[max_length = 3] c -> Varchar, e -> Array<Nullable<Text>>, } }
            table! { e (id) { id -> Uuid, } }";
        assert_eq!(
            differences(&schema::parse(printed), &catalogue::tables(&mut conn)),
            [
                "a: printed b -> Text None, which is not in the database",
                "a: the database has b -> Nullable<Text> None, which is not printed",
                "e is printed, but not in the database",
                "d is in the database, but not printed",
            ]
        );
    }
}
