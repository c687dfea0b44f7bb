//! Random secrets from the generator of the operating system, and their digests.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Returns 256 random bits, encoded as 43 characters that are safe in URLs and headers.
pub fn random_token() -> anyhow::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?))
}

/// Returns `N` random bytes.
pub fn random_bytes<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the operating system returned no random bytes"))?;
    Ok(bytes)
}

/// Returns the SHA-256 digest. Secrets that Mercer never reads again are stored as this digest.
pub fn sha256(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes.as_ref()).as_ref().to_vec()
}
