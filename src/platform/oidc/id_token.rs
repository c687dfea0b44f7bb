//! Tokens that say who somebody is (OpenID Connect Core 1.0, section 3.1.3.7).

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;

use super::OidcError;
use super::OidcError::TokenRefused;
use crate::platform::types::Email;

/// Longer than any that providers sign; longer ones are not looked at.
const MAX_LENGTH: usize = 8192;

/// Signatures by a private key of the provider's; nothing that our client secret could make, and never none.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::PS256];

/// How far the provider's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

const GOOGLE: &str = "https://accounts.google.com";

/// What a good token says of somebody.
#[derive(Debug, Clone)]
pub struct IdentityClaims {
    /// As it is configured, however the token spells it.
    pub issuer: String,
    /// Who it is at this issuer, for good; the e-mail address may change.
    pub subject: String,
    /// Verified by the provider.
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    pub nonce: Option<String>,
    /// When the token is good no more, skew and all.
    pub expires_at: DateTime<Utc>,
}

/// What a token must say to count.
#[derive(Debug)]
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    /// Client ids of ours, of which it must name one, and nobody else's.
    pub audiences: &'a [String],
    /// None: another secret ties the token to this sign-in, a PKCE verifier.
    pub nonce: Option<&'a str>,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Verified>,
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

/// Some providers write a word.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Verified {
    Flag(bool),
    Word(String),
}

/// The header, of a token that could be one of a provider's.
pub(super) fn read_header(token: &str) -> Result<Header, OidcError> {
    if token.len() > MAX_LENGTH {
        return Err(TokenRefused("it is too long"));
    }
    let header = decode_header(token).map_err(|_| TokenRefused("its header cannot be read"))?;
    // Key material and addresses of it in the header are not read: keys are chosen by `kid` and nothing else.
    match header.alg {
        _ if header.crit.is_some() => Err(TokenRefused("it asks for something that we do not do")),
        algorithm if ALGORITHMS.contains(&algorithm) => Ok(header),
        _ => Err(TokenRefused("its algorithm is not allowed")),
    }
}

/// The key that a header names; where it names none, the only one there is.
pub(super) fn find_key<'a>(keys: &'a JwkSet, header: &Header) -> Option<&'a Jwk> {
    match (&header.kid, keys.keys.as_slice()) {
        (Some(kid), _) => keys.find(kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// Holds a token against the provider's key and against what is expected.
pub(super) fn check(
    token: &str,
    header: &Header,
    key: &Jwk,
    expected: &Expected<'_>,
) -> Result<IdentityClaims, OidcError> {
    let is_for_signatures = key.common.public_key_use.as_ref().is_none_or(|kind| *kind == PublicKeyUse::Signature);
    let is_for_this =
        key.common.key_algorithm.is_none_or(|algorithm| algorithm.to_string() == format!("{:?}", header.alg));
    if !is_for_signatures || !is_for_this {
        return Err(TokenRefused("its key is for something else"));
    }
    let decoding = DecodingKey::from_jwk(key).map_err(|_| TokenRefused("its key is none of ours"))?;
    let mut validation = Validation::new(header.alg);
    // Our clock, our client ids and Google's two names are looked at below.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims::<&str>(&[]);
    let claims = decode::<Claims>(token, &decoding, &validation);
    let claims = claims.map_err(|_| TokenRefused("it is not signed by the provider, or lacks a claim"))?.claims;
    claims.check(expected)
}

impl Claims {
    fn check(self, expected: &Expected<'_>) -> Result<IdentityClaims, OidcError> {
        let is_issuer = self.iss == expected.issuer || (expected.issuer == GOOGLE && self.iss == "accounts.google.com");
        if !is_issuer {
            return Err(TokenRefused("it is another issuer's"));
        }
        if !self.is_for(expected.audiences) {
            return Err(TokenRefused("it is for another client"));
        }
        let expires_at = DateTime::from_timestamp(self.exp, 0).and_then(|exp| exp.checked_add_signed(SKEW));
        let expires_at = expires_at.ok_or(TokenRefused("its times are none"))?;
        let latest = (expected.at + SKEW).timestamp();
        if expires_at <= expected.at || self.iat > latest || self.nbf.is_some_and(|from| from > latest) {
            return Err(TokenRefused("it is not good now"));
        }
        if expected.nonce.is_some_and(|nonce| self.nonce.as_deref() != Some(nonce)) {
            return Err(TokenRefused("it was made for another sign-in"));
        }
        if self.sub.is_empty() || self.sub.len() > 255 || !self.sub.is_ascii() || self.sub.contains('\0') {
            return Err(TokenRefused("its subject is nobody"));
        }
        let is_verified = match &self.email_verified {
            Some(Verified::Flag(is_verified)) => *is_verified,
            Some(Verified::Word(word)) => word == "true",
            None => false,
        };
        let email = self.email.as_deref().filter(|_| is_verified).and_then(|email| email.parse().ok());
        let email = email.ok_or(OidcError::EmailUnverified)?;
        let whole = self.name.as_deref().unwrap_or_default();
        Ok(IdentityClaims {
            issuer: expected.issuer.to_owned(),
            email,
            first_name: name(self.given_name.as_deref().unwrap_or(whole)),
            last_name: name(self.family_name.as_deref().unwrap_or_default()),
            subject: self.sub,
            nonce: self.nonce,
            expires_at,
        })
    }

    /// For one of our clients and nobody else's; of several, the one that it was given to is named.
    fn is_for(&self, ours: &[String]) -> bool {
        let is_ours = |id: &String| ours.contains(id);
        match &self.aud {
            Audience::One(id) => is_ours(id),
            Audience::Several(ids) if ids.len() == 1 => ids.iter().all(is_ours),
            Audience::Several(ids) => {
                !ids.is_empty() && ids.iter().all(is_ours) && self.azp.as_ref().is_some_and(is_ours)
            }
        }
    }
}

/// As a form would have given it: trimmed, of a bounded length, without what PostgreSQL cannot keep.
fn name(text: &str) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(150).collect()
}
