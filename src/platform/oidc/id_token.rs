//! Verification of id_tokens (OpenID Connect Core 1.0, section 3.1.3.7).

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;

use super::OidcError;
use super::OidcError::TokenRejected;
use crate::platform::types::Email;

/// Maximum length of a token. Tokens of real providers are shorter.
const MAX_LENGTH: usize = 8192;

/// Accepted algorithms. All are asymmetric: HMAC would accept tokens signed with the client secret.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::PS256];

/// Accepted difference between the provider's clock and the server's.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);

const GOOGLE: &str = "https://accounts.google.com";

/// Claims of a valid token.
#[derive(Debug, Clone)]
pub struct IdentityClaims {
    /// Configured issuer. The token of Google can contain another spelling.
    pub issuer: String,
    /// Permanent id of the user at this issuer. The e-mail address can change.
    pub subject: String,
    /// Verified by the provider.
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    pub nonce: Option<String>,
    /// Expiry of the token, including the accepted clock difference.
    pub expires_at: DateTime<Utc>,
}

/// Values that a valid token must contain.
#[derive(Debug)]
pub(super) struct ExpectedClaims<'a> {
    pub issuer: &'a str,
    /// Client ids of this server. The token must contain one of them and no other.
    pub audiences: &'a [String],
    /// `None` if a PKCE verifier binds the token to the sign-in instead.
    pub nonce: Option<&'a str>,
    pub at: DateTime<Utc>,
}

/// Claims of a token before validation.
#[derive(Debug, Deserialize)]
struct RawClaims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<EmailVerified>,
    given_name: Option<String>,
    family_name: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Value of `email_verified`. Some providers send a string instead of a boolean.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum EmailVerified {
    Boolean(bool),
    Text(String),
}

/// Decodes the header of a token and checks its algorithm.
pub(super) fn read_header(token: &str) -> Result<Header, OidcError> {
    if token.len() > MAX_LENGTH {
        return Err(TokenRejected("the token is too long"));
    }
    let header = decode_header(token).map_err(|_| TokenRejected("the header is malformed"))?;
    // Keys and key URLs in the header (`jwk`, `jku`, `x5u`) are ignored: only `kid` selects a key.
    match header.alg {
        _ if header.crit.is_some() => Err(TokenRejected("the header has critical extensions")),
        algorithm if ALGORITHMS.contains(&algorithm) => Ok(header),
        _ => Err(TokenRejected("the algorithm is not allowed")),
    }
}

/// Returns the key with the header's `kid`. If the header has no `kid`, returns the key of a set with a single key.
pub(super) fn find_key<'a>(keys: &'a JwkSet, header: &Header) -> Option<&'a Jwk> {
    match (&header.kid, keys.keys.as_slice()) {
        (Some(kid), _) => keys.find(kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// Verifies the signature of a token with the key, and its claims.
pub(super) fn verify(
    token: &str,
    header: &Header,
    key: &Jwk,
    expected: &ExpectedClaims<'_>,
) -> Result<IdentityClaims, OidcError> {
    let is_signing_key = key.common.public_key_use.as_ref().is_none_or(|kind| *kind == PublicKeyUse::Signature);
    let has_same_algorithm =
        key.common.key_algorithm.is_none_or(|algorithm| algorithm.to_string() == format!("{:?}", header.alg));
    if !is_signing_key || !has_same_algorithm {
        return Err(TokenRejected("the key has another use or algorithm"));
    }
    let decoding = DecodingKey::from_jwk(key).map_err(|_| TokenRejected("the key is not supported"))?;
    let mut validation = Validation::new(header.alg);
    // `RawClaims::validate` checks expiry, audience and issuer: with the application's clock, several client ids, and
    // the two issuer names of Google.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims::<&str>(&[]);
    let claims = decode::<RawClaims>(token, &decoding, &validation);
    let claims = claims.map_err(|_| TokenRejected("the signature is invalid or a claim is missing"))?.claims;
    claims.validate(expected)
}

impl RawClaims {
    fn validate(self, expected: &ExpectedClaims<'_>) -> Result<IdentityClaims, OidcError> {
        let is_issuer = self.iss == expected.issuer || (expected.issuer == GOOGLE && self.iss == "accounts.google.com");
        if !is_issuer {
            return Err(TokenRejected("the issuer is wrong"));
        }
        if !self.is_for(expected.audiences) {
            return Err(TokenRejected("the audience is wrong"));
        }
        let expires_at = DateTime::from_timestamp(self.exp, 0).and_then(|exp| exp.checked_add_signed(CLOCK_SKEW));
        let expires_at = expires_at.ok_or(TokenRejected("the expiry is out of range"))?;
        let latest = (expected.at + CLOCK_SKEW).timestamp();
        if expires_at <= expected.at || self.iat > latest || self.nbf.is_some_and(|from| from > latest) {
            return Err(TokenRejected("the token has expired or is not valid yet"));
        }
        if expected.nonce.is_some_and(|nonce| self.nonce.as_deref() != Some(nonce)) {
            return Err(TokenRejected("the nonce is wrong"));
        }
        if self.sub.is_empty() || self.sub.len() > 255 || !self.sub.is_ascii() || self.sub.contains('\0') {
            return Err(TokenRejected("the subject is invalid"));
        }
        let is_verified = match &self.email_verified {
            Some(EmailVerified::Boolean(is_verified)) => *is_verified,
            Some(EmailVerified::Text(text)) => text == "true",
            None => false,
        };
        let email = self.email.as_deref().filter(|_| is_verified).and_then(|email| email.parse().ok());
        let email = email.ok_or(OidcError::EmailUnverified)?;
        let full_name = self.name.as_deref().unwrap_or_default();
        Ok(IdentityClaims {
            issuer: expected.issuer.to_owned(),
            email,
            first_name: clean_name(self.given_name.as_deref().unwrap_or(full_name)),
            last_name: clean_name(self.family_name.as_deref().unwrap_or_default()),
            subject: self.sub,
            nonce: self.nonce,
            expires_at,
        })
    }

    /// Returns true if all audiences are allowed. A token with several audiences must also have an allowed authorized
    /// party (`azp`).
    fn is_for(&self, allowed: &[String]) -> bool {
        let is_allowed = |id: &String| allowed.contains(id);
        match &self.aud {
            Audience::One(id) => is_allowed(id),
            Audience::Several(ids) if ids.len() == 1 => ids.iter().all(is_allowed),
            Audience::Several(ids) => {
                !ids.is_empty() && ids.iter().all(is_allowed) && self.azp.as_ref().is_some_and(is_allowed)
            }
        }
    }
}

/// Trims a name, limits its length, and removes control characters, which PostgreSQL cannot all store.
fn clean_name(text: &str) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(150).collect()
}
