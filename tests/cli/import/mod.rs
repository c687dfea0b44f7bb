//! Tests of `mercer import`.

mod categories;
mod crash;
mod files;
mod orders;
mod products;
mod rejections;
mod repeated;
mod sample;
mod support;
