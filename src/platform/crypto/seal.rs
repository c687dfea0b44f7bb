//! The key that all other secrets of a shop hang on.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf;
use aws_lc_rs::hmac;
use uuid::Uuid;

use super::random::random_token;
use crate::platform::config::Config;

/// `MERCER_SECRET_KEY`, stretched into one key for sealing and one for deriving (HKDF-SHA-256, RFC 5869).
pub struct MasterKey {
    sealing: RandomizedNonceKey,
    deriving: hmac::Key,
}

const NONCE_LENGTH: usize = 12;

impl MasterKey {
    /// The configured key; in development, one that is made and kept in the data directory.
    pub fn of(config: &Config) -> Result<Self> {
        match &config.secret_key {
            Some(secret) => Self::new(secret.expose()),
            None => Self::new(&development_secret(&config.data_dir)?),
        }
    }

    pub fn new(secret: &str) -> Result<Self> {
        let pseudorandom = hkdf::Salt::new(hkdf::HKDF_SHA256, b"mercer").extract(secret.as_bytes());
        let expand = |purpose: &[u8]| -> Result<[u8; 32]> {
            let mut key = [0; 32];
            let purposes = [purpose];
            let expanded = pseudorandom.expand(&purposes, hkdf::HKDF_SHA256);
            expanded.and_then(|okm| okm.fill(&mut key)).map_err(|_| anyhow!("the secret key cannot be stretched"))?;
            Ok(key)
        };
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, &expand(b"seal")?);
        Ok(Self {
            sealing: sealing.map_err(|_| anyhow!("the sealing key is of the wrong length"))?,
            deriving: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"derive")?),
        })
    }

    /// AES-256-GCM, the nonce before the sealed bytes. `purpose` is bound in: a seal opens only for what it was made
    /// for.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = plain.to_vec();
        let nonce = self.sealing.seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut sealed);
        let nonce = nonce.map_err(|_| anyhow!("cannot seal"))?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let Some((nonce, sealed)) = sealed.split_at_checked(NONCE_LENGTH) else {
            bail!("a sealed secret is cut short")
        };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| anyhow!("a nonce has twelve bytes"))?;
        let mut bytes = sealed.to_vec();
        let plain = self.sealing.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut bytes);
        let plain =
            plain.map_err(|_| anyhow!("a secret in the database was sealed under another MERCER_SECRET_KEY"))?;
        Ok(plain.to_vec())
    }

    /// HMAC-SHA-256 of `bytes` for this purpose.
    pub fn sign(&self, purpose: &str, bytes: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.deriving);
        // The length keeps `ab` + `c` and `a` + `bc` apart.
        context.update(format!("sign:{}:{purpose}:", purpose.len()).as_bytes());
        context.update(bytes);
        context.sign().as_ref().to_vec()
    }

    /// The same 128 bits for the same words, in hex; nobody without the key can tell them.
    pub fn derive(&self, purpose: &str, id: Uuid, number: i32) -> String {
        let tag = hmac::sign(&self.deriving, format!("{purpose}:{id}:{number}").as_bytes());
        hex::encode(tag.as_ref().iter().take(16).copied().collect::<Vec<u8>>())
    }
}

fn development_secret(data_dir: &Path) -> Result<String> {
    let path = data_dir.join("secret_key");
    match fs::read_to_string(&path) {
        Ok(secret) if secret.trim().len() >= 32 => return Ok(secret.trim().to_owned()),
        Ok(_) => bail!("{} holds no key of 32 characters or more", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    fs::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
    let secret = random_token()?;
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match made {
        Ok(mut file) => file.write_all(secret.as_bytes()).map(|()| secret).map_err(Into::into),
        // Another process of ours was quicker: its key counts.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(fs::read_to_string(&path)?.trim().to_owned()),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_only_with_its_key_and_for_its_purpose() {
        let key = MasterKey::new("one").unwrap();
        let sealed = key.seal("seed", b"words").unwrap();
        assert_eq!(key.open("seed", &sealed).unwrap(), b"words");
        assert_ne!(key.seal("seed", b"words").unwrap(), sealed);
        assert!(key.open("other", &sealed).is_err());
        assert!(MasterKey::new("two").unwrap().open("seed", &sealed).is_err());
        assert!(key.open("seed", &sealed[..5]).is_err());
    }
}
