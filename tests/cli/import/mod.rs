//! `mercer import`: files in, rows out, and nothing doubled however often.

mod categories;
mod crash;
mod files;
mod orders;
mod products;
mod refusals;
mod reruns;
mod sample;
mod support;
