//! Who is behind a session or a token, and how soon a change of that counts.

mod freshness;
mod reach;
