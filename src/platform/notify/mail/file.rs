//! Mailer for development that writes e-mails to files.

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
    builder::MailBuilder,
};
use crate::platform::ports::{DeliveryError, Mail, Mailer, Receipt};

const NAME: &str = "file";

/// Counter that makes the names of temporary files unique in this process.
static FILE_COUNT: AtomicU64 = AtomicU64::new(0);

/// Writes every e-mail to `<folder>/<id>.eml`. An e-mail with the same id replaces the file.
pub struct FileMailer {
    folder: PathBuf,
    builder: MailBuilder,
}

impl FileMailer {
    pub fn new(folder: PathBuf, from: &str) -> Result<Self, SettingsError> {
        let builder = MailBuilder::new(from)?;
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, builder })
    }

    async fn deliver(&self, mail: &Mail) -> Result<Receipt, DeliveryError> {
        let content = self.builder.build(mail)?.formatted();
        let (folder, id) = (self.folder.clone(), mail.id);
        let name =
            spawn_blocking(move || write(&folder, id, &content)).await.map_err(io::Error::other).flatten().map_err(
                |error| DeliveryError::Unavailable {
                    reason: format!("cannot write the e-mail to a file: {error}"),
                    retry_after: None,
                },
            )?;

        let to = masked_address(&mail.to);
        info!(mail.id = %id, mail.to = %to, "Wrote e-mail {id} for {to} to {name}");
        Ok(Receipt { provider: NAME, reference: name })
    }
}

impl Mailer for FileMailer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<Receipt, DeliveryError>> {
        Box::pin(self.deliver(mail))
    }
}

/// Writes a temporary file, then renames it, so that a reader never sees a partial e-mail.
fn write(folder: &Path, id: Uuid, content: &[u8]) -> io::Result<String> {
    let name = format!("{id}.eml");
    let count = FILE_COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!(".{id}.{}.{count}", process::id()));

    let written = write_private(&temporary, content).and_then(|()| fs::rename(&temporary, folder.join(&name)));
    if let Err(error) = written {
        // The file can be absent. If it cannot be removed, it stays hidden and is never read as an e-mail.
        fs::remove_file(&temporary).ok();
        return Err(error);
    }
    Ok(name)
}

/// Creates a file that only its owner can read: an e-mail contains an address and often a link with a token.
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content)
}
