//! Mail into files, for development: open them with any mail program.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use futures_util::future::BoxFuture;
use tokio::task::spawn_blocking;
use tracing::info;
use uuid::Uuid;

use super::{
    super::{settings::SettingsError, text::masked_address},
    Letterhead,
};
use crate::platform::ports::{DeliveryError, Mail, Mailer, Receipt};

const NAME: &str = "file";

/// Tells apart the unfinished files of one process.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Writes every mail to `<folder>/<id>.eml`; the same id again replaces the file.
pub struct FileMailer {
    folder: PathBuf,
    letterhead: Letterhead,
}

impl FileMailer {
    pub fn new(folder: PathBuf, from: &str) -> Result<Self, SettingsError> {
        let letterhead = Letterhead::new(from)?;
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, letterhead })
    }

    async fn deliver(&self, mail: &Mail) -> Result<Receipt, DeliveryError> {
        let content = self.letterhead.write(mail)?.formatted();
        let (folder, id) = (self.folder.clone(), mail.id);
        let name =
            spawn_blocking(move || write(&folder, id, &content)).await.map_err(io::Error::other).flatten().map_err(
                |error| DeliveryError::Unavailable {
                    reason: format!("the mail could not be written to a file: {error}"),
                    retry_after: None,
                },
            )?;

        let to = masked_address(&mail.to);
        info!(mail.id = %id, mail.to = %to, "Wrote mail {id} for {to} to {name}");
        Ok(Receipt { provider: NAME, reference: name })
    }
}

impl Mailer for FileMailer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn repeats_safely(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<Receipt, DeliveryError>> {
        Box::pin(self.deliver(mail))
    }
}

/// Writes beside, then renames: a reader sees a whole mail or none.
fn write(folder: &Path, id: Uuid, content: &[u8]) -> io::Result<String> {
    let name = format!("{id}.eml");
    let turn = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{id}.{}.{turn}", process::id()));

    let written = write_private(&unfinished, content).and_then(|()| fs::rename(&unfinished, folder.join(&name)));
    if let Err(error) = written {
        // It may not exist; if it does and stays, it is hidden and never taken for a mail.
        fs::remove_file(&unfinished).ok();
        return Err(error);
    }
    Ok(name)
}

/// Only its owner may read a mail: it has somebody's address and, often, a link to log in.
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content)
}
