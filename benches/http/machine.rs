//! Description of the machine, without which the results are meaningless.

use std::fs;
use std::process::Command;

use anyhow::Result;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{PgConnection, RunQueryDsl};

use super::shop::BenchShop;

pub fn describe(shop: &mut BenchShop) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let processor = value_of("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory =
        value_of("/proc/meminfo", "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok());
    let memory = memory.map_or_else(String::new, |kibibytes| format!(", {} GiB", (kibibytes + 524_288) >> 20));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().map_or_else(String::new, |load| format!(", load {load} before the start"));
    let mut setting_of = |name: &str| setting(&mut shop.conn, name);
    Ok(format!(
        "machine     {cores} cores, {processor}{memory}{load}\n\
         PostgreSQL  {}, fsync {}, synchronous_commit {}\n\
         commit      {}",
        setting_of("server_version")?,
        setting_of("fsync")?,
        setting_of("synchronous_commit")?,
        commit(),
    ))
}

/// Returns the commit of this benchmark's sources. A server of `--server` can have another one.
fn commit() -> String {
    let mut git = Command::new("git");
    git.current_dir(env!("CARGO_MANIFEST_DIR")).args(["describe", "--always", "--dirty"]);
    let output = git.output().ok().filter(|output| output.status.success());
    output.map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns the first value of a name in a file with lines `name : value`.
fn value_of(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = pairs.find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

fn setting(conn: &mut PgConnection, name: &str) -> Result<String> {
    Ok(diesel::select(sql::<Text>(&format!("current_setting('{name}')"))).get_result(conn)?)
}
