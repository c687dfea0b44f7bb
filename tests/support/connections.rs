//! Connections that are out.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use mercer::platform::db::Db;
use mercer::platform::error::Problem;

/// Keeps a connection until the sender is dropped; returns when it has one.
pub async fn hold_a_connection(db: &Db) -> Sender<()> {
    let (release, held) = channel::<()>();
    let (started, begun) = tokio::sync::oneshot::channel();
    let (held, started) = (Arc::new(Mutex::new(held)), Arc::new(Mutex::new(Some(started))));
    let db = db.clone();
    actix_web::rt::spawn(async move {
        let hold = move |_: &mut diesel::PgConnection| -> Result<(), Problem> {
            started.lock().unwrap().take().unwrap().send(()).unwrap();
            held.lock().unwrap().recv().ok();
            Ok(())
        };
        db.read(hold).await.unwrap();
    });
    begun.await.unwrap();
    release
}
