mod import;
mod users;
