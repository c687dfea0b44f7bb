//! Master key of a shop: it encrypts stored secrets and signs values that clients send back.

use std::fmt;
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

/// Keys derived from `MERCER_SECRET_KEY` with HKDF-SHA-256 (RFC 5869): one to encrypt, one to sign.
pub struct MasterKey {
    encryption: RandomizedNonceKey,
    signing: hmac::Key,
}

const NONCE_LENGTH: usize = 12;

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Returns the configured key. In development, creates a key and stores it in the data directory.
    pub fn from_config(config: &Config) -> Result<Self> {
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
            expanded
                .and_then(|okm| okm.fill(&mut key))
                .map_err(|_| anyhow!("cannot derive a key from the secret key"))?;
            Ok(key)
        };
        // Stored secrets depend on these HKDF labels: never change them.
        let encryption = RandomizedNonceKey::new(&AES_256_GCM, &expand(b"seal")?);
        Ok(Self {
            encryption: encryption.map_err(|_| anyhow!("the encryption key has the wrong length"))?,
            signing: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"derive")?),
        })
    }

    /// Encrypts with AES-256-GCM. The result is the nonce followed by the ciphertext.
    ///
    /// `purpose` is authenticated: [`MasterKey::decrypt`] succeeds only with the same purpose.
    pub fn encrypt(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut ciphertext = plain.to_vec();
        let nonce = self.encryption.seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut ciphertext);
        let nonce = nonce.map_err(|_| anyhow!("cannot encrypt the secret"))?;
        Ok([nonce.as_ref().as_slice(), &ciphertext].concat())
    }

    /// Decrypts the result of [`MasterKey::encrypt`].
    pub fn decrypt(&self, purpose: &str, encrypted: &[u8]) -> Result<Vec<u8>> {
        let Some((nonce, ciphertext)) = encrypted.split_at_checked(NONCE_LENGTH) else {
            bail!("an encrypted secret is truncated")
        };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| anyhow!("a nonce has twelve bytes"))?;
        let mut bytes = ciphertext.to_vec();
        let plain = self.encryption.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut bytes);
        let plain =
            plain.map_err(|_| anyhow!("a secret in the database was encrypted with another MERCER_SECRET_KEY"))?;
        Ok(plain.to_vec())
    }

    /// Returns the HMAC-SHA-256 of `bytes` for this purpose.
    pub fn sign(&self, purpose: &str, bytes: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.signing);
        // The length distinguishes `ab` + `c` from `a` + `bc`.
        context.update(format!("sign:{}:{purpose}:", purpose.len()).as_bytes());
        context.update(bytes);
        context.sign().as_ref().to_vec()
    }

    /// Returns 128 bits in hexadecimal that depend only on the arguments and that only this key can compute.
    pub fn derive(&self, purpose: &str, id: Uuid, number: i32) -> String {
        let tag = hmac::sign(&self.signing, format!("{purpose}:{id}:{number}").as_bytes());
        hex::encode(tag.as_ref().iter().take(16).copied().collect::<Vec<u8>>())
    }
}

fn development_secret(data_dir: &Path) -> Result<String> {
    let path = data_dir.join("secret_key");
    match fs::read_to_string(&path) {
        Ok(secret) if secret.trim().len() >= 32 => return Ok(secret.trim().to_owned()),
        Ok(_) => bail!("{} must contain a key of at least 32 characters", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    fs::create_dir_all(data_dir).with_context(|| format!("cannot create {}", data_dir.display()))?;
    let secret = random_token()?;
    let created = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match created {
        Ok(mut file) => file.write_all(secret.as_bytes()).map(|()| secret).map_err(Into::into),
        // Another process has just created the file: use its key.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(fs::read_to_string(&path)?.trim().to_owned()),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciphertext_decrypts_only_with_the_same_key_and_purpose() {
        let key = MasterKey::new("one").unwrap();
        let encrypted = key.encrypt("seed", b"plain").unwrap();
        assert_eq!(key.decrypt("seed", &encrypted).unwrap(), b"plain");
        assert_ne!(key.encrypt("seed", b"plain").unwrap(), encrypted);
        assert!(key.decrypt("other", &encrypted).is_err());
        assert!(MasterKey::new("two").unwrap().decrypt("seed", &encrypted).is_err());
        assert!(key.decrypt("seed", &encrypted[..5]).is_err());
    }
}
