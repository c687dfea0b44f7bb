//! Digests of all tables, to compare the database before and after a request.

use std::collections::BTreeMap;

use diesel::RunQueryDsl;
use diesel::prelude::QueryableByName;
use diesel::sql_types::Text;

use crate::support::TestShop;

/// Digest of the rows of each table, by table name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(BTreeMap<String, String>);

/// Query that returns the digest query of all tables.
///
/// It ignores audit entries of rejected requests, the queue of entries that the hash chain does not contain yet, and
/// the time at which a session was last used.
const QUERY: &str = "
    select string_agg(
        format('select %L as name, md5(coalesce(string_agg(%s, '','' order by %2$s), '''')) as digest from public.%I t %s',
               tablename, case tablename when 'sessions' then '(to_jsonb(t) - ''last_used_at'')::text' else 't::text' end,
               tablename, case tablename
                   when 'audit_entries' then 'where action not in (''access.denied'', ''user.sign_in_failed'', ''user.password_refused'',
                       ''session.refresh_refused'')'
                   when 'audit_personal_values' then
                       'where entry_id in (select id from audit_entries where action <> ''user.sign_in_failed'')'
                   when 'audit_unsealed' then 'where false'
                   else '' end), ' union all ') as digest, '' as name
    from pg_tables where schemaname = 'public'";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    digest: String,
}

impl Digest {
    pub fn of(shop: &TestShop) -> Self {
        let rows: Vec<Row> = shop.sql(|conn| {
            let query: Row = diesel::sql_query(QUERY).get_result(conn)?;
            diesel::sql_query(query.digest).load(conn)
        });
        Self(rows.into_iter().map(|row| (row.name, row.digest)).collect())
    }

    /// Returns the tables that differ in `later`.
    pub fn changed_tables<'a>(&self, later: &'a Self) -> Vec<&'a str> {
        let changed = later.0.iter().filter(|(name, digest)| self.0.get(*name) != Some(digest));
        changed.map(|(name, _)| name.as_str()).collect()
    }
}

/// Returns the names of all tables.
pub fn table_names(shop: &TestShop) -> Vec<String> {
    let digest = Digest::of(shop);
    digest.0.into_keys().collect()
}

#[actix_web::test]
async fn database_digest_finds_changed_tables() {
    let shop = TestShop::new().await;
    let before = Digest::of(&shop);
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());

    shop.execute("update channels set name = 'Market'");
    shop.category("Mugs", None);

    let after = Digest::of(&shop);
    assert_eq!(before.changed_tables(&after), ["audit_entries", "categories", "channels"]);
}
