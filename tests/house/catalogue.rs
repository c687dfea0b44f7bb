//! Descriptions of a database from the catalogues of PostgreSQL.

use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::schema::{Column, Table};

/// All objects that migrations create, one per line, without the table of Diesel.
const DESCRIPTION: &str = "
    with objects as (
        select c.oid, c.relname, c.relkind from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relname not like '\\_\\_diesel%'
    )
    select line from (
        select format('column %s.%s %s %s default %s identity %s generated %s', o.relname, a.attname,
                      format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
                      pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated)
        from objects o join pg_attribute a on a.attrelid = o.oid
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attnum > 0 and not a.attisdropped and o.relkind in ('r', 'p', 'v', 'm', 'c')
        union all
        select format('index %s', pg_get_indexdef(o.oid)) from objects o where o.relkind in ('i', 'I')
        union all
        select format('constraint %s.%s %s', o.relname, k.conname, pg_get_constraintdef(k.oid))
        from objects o join pg_constraint k on k.conrelid = o.oid
        union all
        select format('trigger %s', pg_get_triggerdef(t.oid))
        from objects o join pg_trigger t on t.tgrelid = o.oid where not t.tgisinternal
        union all
        select format('view %s %s', o.relname, pg_get_viewdef(o.oid)) from objects o where o.relkind in ('v', 'm')
        union all
        select format('sequence %s %s start %s by %s from %s to %s cycle %s', s.sequencename, s.data_type,
                      s.start_value, s.increment_by, s.min_value, s.max_value, s.cycle)
        from pg_sequences s where s.schemaname = 'public'
        union all
        select format('function %s', pg_get_functiondef(p.oid))
        from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prokind in ('f', 'p')
          and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
        union all
        select format('type %s %s %s', t.typname, t.typtype, e.enumlabel)
        from pg_type t left join pg_enum e on e.enumtypid = t.oid
        where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd', 'r')
        union all
        select format('extension %s', extname) from pg_extension
        union all
        select format('schema %s', nspname) from pg_namespace where nspname !~ '^pg_'
    ) as everything (line)
    order by line collate \"C\"";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Returns the whole schema as text.
pub fn describe(conn: &mut PgConnection) -> Vec<String> {
    let lines: Vec<Line> = load(conn, DESCRIPTION);
    lines.into_iter().map(|line| line.line).collect()
}

/// PostgreSQL types with their names in Diesel.
const TYPES: [(&str, &str); 21] = [
    ("bool", "Bool"),
    ("bpchar", "Bpchar"),
    ("bytea", "Bytea"),
    ("cidr", "Cidr"),
    ("date", "Date"),
    ("float4", "Float4"),
    ("float8", "Float8"),
    ("inet", "Inet"),
    ("int2", "Int2"),
    ("int4", "Int4"),
    ("int8", "Int8"),
    ("interval", "Interval"),
    ("json", "Json"),
    ("jsonb", "Jsonb"),
    ("numeric", "Numeric"),
    ("text", "Text"),
    ("time", "Time"),
    ("timestamp", "Timestamp"),
    ("timestamptz", "Timestamptz"),
    ("uuid", "Uuid"),
    ("varchar", "Varchar"),
];

const COLUMNS: &str = "
    select c.table_name::text, c.column_name::text, c.udt_name::text, c.is_nullable = 'YES' as is_nullable,
           c.character_maximum_length::integer as max_length,
           coalesce(k.columns, '{}') as primary_key
    from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    left join lateral (
        select array_agg(u.column_name::text order by u.ordinal_position) as columns
        from information_schema.table_constraints p
        join information_schema.key_column_usage u using (constraint_schema, constraint_name, table_name)
        where p.constraint_type = 'PRIMARY KEY' and p.table_schema = 'public' and p.table_name = c.table_name
    ) k on true
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name not like '\\_\\_diesel%'
    order by c.table_name collate \"C\", c.ordinal_position";

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    udt_name: String,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
    #[diesel(sql_type = Nullable<Integer>)]
    max_length: Option<i32>,
    #[diesel(sql_type = Array<Text>)]
    primary_key: Vec<String>,
}

/// Returns the tables in the form in which Diesel prints them.
pub fn tables(conn: &mut PgConnection) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for row in load::<ColumnRow>(conn, COLUMNS) {
        let column = Column {
            sql_type: printed_type(&row.udt_name, row.is_nullable),
            name: row.column_name,
            max_length: row.max_length.map(|length| length.to_string()),
        };
        match tables.last_mut().filter(|table| table.name == row.table_name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table { name: row.table_name, primary_key: row.primary_key, columns: vec![column] }),
        }
    }
    tables
}

/// Returns the Diesel type. Array elements are nullable, because PostgreSQL cannot forbid nulls in arrays.
fn printed_type(udt_name: &str, is_nullable: bool) -> String {
    let element = udt_name.strip_prefix('_');
    let known = TYPES.iter().find(|(name, _)| *name == element.unwrap_or(udt_name));
    let name = known.map_or("a type that tests/house/catalogue.rs does not know", |(_, name)| *name);
    let name = if element.is_some() { format!("Array<Nullable<{name}>>") } else { name.to_owned() };
    if is_nullable { format!("Nullable<{name}>") } else { name }
}

fn load<T: QueryableByName<diesel::pg::Pg> + 'static>(conn: &mut PgConnection, query: &str) -> Vec<T> {
    sql_query(query).load(conn).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn database_description_contains_every_kind_of_object() {
    use diesel::connection::SimpleConnection;

    let database = crate::support::database::TestDatabase::create_empty();
    let mut conn = database.connect();
    let before = describe(&mut conn);
    let made = conn.batch_execute(
        "create table a (x integer default 1 constraint a_x_small check (x < 9));
         create index a_x_idx on a (x);
         create view v as select x from a;
         create sequence s;
         create type mood as enum ('glad');
         create function f() returns trigger language plpgsql as 'begin return null; end';
         create trigger t before insert on a execute function f()",
    );
    assert_eq!(made, Ok(()));

    let mut added = describe(&mut conn);
    added.retain(|line| !before.contains(line));
    let mut kinds: Vec<_> = added.iter().filter_map(|line| line.split(' ').next()).collect();
    kinds.dedup();
    let expected = ["column", "constraint", "function", "index", "sequence", "trigger", "type", "view"];
    assert_eq!(kinds, expected, "{added:#?}");
}
