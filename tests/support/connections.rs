//! Occupied database connections.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use mercer::platform::db::Db;
use mercer::platform::error::Problem;

/// Occupies a connection until the returned sender is dropped.
pub async fn occupy_connection(db: &Db) -> Sender<()> {
    let (release, released) = channel::<()>();
    let (start, started) = tokio::sync::oneshot::channel();
    let (released, start) = (Arc::new(Mutex::new(released)), Arc::new(Mutex::new(Some(start))));
    let db = db.clone();
    actix_web::rt::spawn(async move {
        let wait = move |_: &mut diesel::PgConnection| -> Result<(), Problem> {
            start.lock().unwrap().take().unwrap().send(()).unwrap();
            released.lock().unwrap().recv().ok();
            Ok(())
        };
        db.read(wait).await.unwrap();
    });
    started.await.unwrap();
    release
}
