//! What it was measured on: figures mean nothing without it.

use std::fs;
use std::process::Command;

use anyhow::Result;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{PgConnection, RunQueryDsl};

use super::shop::Shop;

pub fn describe(shop: &mut Shop) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let processor = named("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = named("/proc/meminfo", "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok());
    let memory = memory.map_or_else(String::new, |kibibytes| format!(", {} GiB", (kibibytes + 524_288) >> 20));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let busy = load.split(' ').next().map_or_else(String::new, |load| format!(", load {load} before the start"));
    let mut show = |name: &str| setting(&mut shop.conn, name);
    Ok(format!(
        "machine     {cores} cores, {processor}{memory}{busy}\n\
         PostgreSQL  {}, fsync {}, synchronous_commit {}\n\
         commit      {}",
        show("server_version")?,
        show("fsync")?,
        show("synchronous_commit")?,
        commit(),
    ))
}

/// Of the sources of this bench; `--server` may be of others.
fn commit() -> String {
    let mut git = Command::new("git");
    git.current_dir(env!("CARGO_MANIFEST_DIR")).args(["describe", "--always", "--dirty"]);
    let told = git.output().ok().filter(|output| output.status.success());
    told.map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first value of a name in a file of `name : value`.
fn named(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = pairs.find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

fn setting(conn: &mut PgConnection, name: &str) -> Result<String> {
    Ok(diesel::select(sql::<Text>(&format!("current_setting('{name}')"))).get_result(conn)?)
}
