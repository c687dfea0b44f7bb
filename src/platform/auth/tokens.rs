//! JSON Web Tokens (RFC 7519), as simplejwt's clients expect them: `access` and `refresh`, told apart by `token_type`.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use super::TokenKeys;
use crate::platform::types::{SessionId, UserId, new_uuid};

/// Who our tokens are for.
const AUDIENCE: &str = "mercer";

/// Longer than any token of ours; longer ones are not looked at.
const MAX_LENGTH: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    Access,
    Refresh,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    token_type: TokenType,
    jti: String,
    user_id: UserId,
    sid: SessionId,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// What a good refresh token says.
#[derive(Debug, Clone)]
pub struct RefreshClaims {
    pub session: SessionId,
    pub user: UserId,
    pub jti: String,
}

/// A pair of tokens for one session.
#[derive(Debug, Clone)]
pub struct IssuedTokens {
    pub access: String,
    pub refresh: String,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not ours, changed, expired, or of the other type: the client is told no more than that.
    #[error("Token is invalid")]
    Invalid,
    #[error("a token could not be signed: {0}")]
    Unsigned(#[from] jsonwebtoken::errors::Error),
    #[error("no key signs at this moment")]
    NoKey,
}

impl TokenKeys {
    /// Tokens of one generation of a session. The refresh token's `jti` follows from session and generation,
    /// so that asking twice for the same generation gives tokens that are equally good.
    pub async fn issue(
        &self,
        user: UserId,
        session: SessionId,
        generation: i32,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<IssuedTokens, TokenError> {
        let (now, session_expires_at) = times;
        let access_expires_at =
            (now.timestamp() + i64::from(self.settings.access_seconds)).min(session_expires_at.timestamp());
        let claims = |token_type, jti, exp| Claims {
            token_type,
            jti,
            user_id: user,
            sid: session,
            iss: self.settings.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            iat: now.timestamp(),
            exp,
        };
        let access = claims(TokenType::Access, new_uuid().simple().to_string(), access_expires_at);
        let jti = self.refresh_jti(session, generation);
        let refresh = claims(TokenType::Refresh, jti, session_expires_at.timestamp());
        let ring = self.ring(now).await;
        let key = ring.signing(now).ok_or(TokenError::NoKey)?;
        Ok(IssuedTokens { access: sign(&access, key)?, refresh: sign(&refresh, key)? })
    }

    /// The `jti` of a session's refresh token of this generation.
    pub fn refresh_jti(&self, session: SessionId, generation: i32) -> String {
        self.master.derive("refresh", *session.as_uuid(), generation)
    }

    /// The session of a good access token.
    pub async fn check_access(&self, token: &str, now: DateTime<Utc>) -> Result<SessionId, TokenError> {
        self.check(token, TokenType::Access, now).await.map(|claims| claims.sid)
    }

    pub async fn check_refresh(&self, token: &str, now: DateTime<Utc>) -> Result<RefreshClaims, TokenError> {
        let claims = self.check(token, TokenType::Refresh, now).await?;
        Ok(RefreshClaims { session: claims.sid, user: claims.user_id, jti: claims.jti })
    }

    /// The session and type of a token of either type.
    pub async fn check_any(&self, token: &str, now: DateTime<Utc>) -> Result<(SessionId, TokenType), TokenError> {
        if let Ok(session) = self.check_access(token, now).await {
            return Ok((session, TokenType::Access));
        }
        Ok((self.check_refresh(token, now).await?.session, TokenType::Refresh))
    }

    /// One algorithm, our keys only, every claim required; key hints in the header (`jku`, `jwk`, `x5u`) are not read.
    async fn check(&self, token: &str, token_type: TokenType, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Invalid);
        }
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let kid = header.kid.filter(|_| header.alg == Algorithm::ES256).ok_or(TokenError::Invalid)?;
        let ring = self.ring_with(&kid, now).await;
        let key = ring.checking(&kid, now).ok_or(TokenError::Invalid)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        // Our clock decides below, not the library's.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, key, &validation).map_err(|_| TokenError::Invalid)?.claims;
        let is_current = claims.exp > now.timestamp();
        if is_current && claims.token_type == token_type { Ok(claims) } else { Err(TokenError::Invalid) }
    }
}

fn sign(claims: &Claims, (kid, key): (&str, &EncodingKey)) -> Result<String, TokenError> {
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) };
    Ok(encode(&header, claims, key)?)
}
