//! Access and refresh tokens: JSON Web Tokens (RFC 7519) in the format of simplejwt, with the claim `token_type`.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use super::TokenKeys;
use super::keys::SigningKeyRef;
use crate::platform::types::{SessionId, UserId, new_uuid};

/// Audience of the tokens (`aud`).
const AUDIENCE: &str = "mercer";

/// Maximum length of a token. Longer ones are rejected without parsing.
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

/// Claims of a valid refresh token.
#[derive(Debug, Clone)]
pub struct RefreshClaims {
    pub session: SessionId,
    pub user: UserId,
    pub jti: String,
}

/// Session and times of the tokens to issue.
#[derive(Debug, Clone, Copy)]
pub struct IssueTokens {
    pub user: UserId,
    pub session: SessionId,
    pub generation: i32,
    pub issued_at: DateTime<Utc>,
    pub session_expires_at: DateTime<Utc>,
}

/// Access and refresh token of a session.
#[derive(Debug, Clone)]
pub struct IssuedTokens {
    pub access: String,
    pub refresh: String,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Foreign, modified, expired, or of the wrong type. The client does not learn the reason.
    #[error("Token is invalid")]
    Invalid,
    #[error("cannot sign a token: {0}")]
    SigningFailed(#[from] jsonwebtoken::errors::Error),
    #[error("no signing key is active")]
    NoSigningKey,
}

impl TokenKeys {
    /// Issues the tokens of one generation of a session. The `jti` of the refresh token is derived from session and
    /// generation, so that a second request for the same generation returns equivalent tokens.
    pub async fn issue(&self, command: IssueTokens) -> Result<IssuedTokens, TokenError> {
        let IssueTokens { user, session, generation, issued_at: now, session_expires_at } = command;
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
        let key = ring.signing_key(now).ok_or(TokenError::NoSigningKey)?;
        Ok(IssuedTokens { access: sign(&access, &key)?, refresh: sign(&refresh, &key)? })
    }

    /// Returns the `jti` of a session's refresh token of this generation.
    pub fn refresh_jti(&self, session: SessionId, generation: i32) -> String {
        self.master.derive("refresh", *session.as_uuid(), generation)
    }

    /// Verifies an access token and returns its session.
    pub async fn verify_access(&self, token: &str, now: DateTime<Utc>) -> Result<SessionId, TokenError> {
        self.verify(token, TokenType::Access, now).await.map(|claims| claims.sid)
    }

    /// Verifies a refresh token and returns its claims.
    pub async fn verify_refresh(&self, token: &str, now: DateTime<Utc>) -> Result<RefreshClaims, TokenError> {
        let claims = self.verify(token, TokenType::Refresh, now).await?;
        Ok(RefreshClaims { session: claims.sid, user: claims.user_id, jti: claims.jti })
    }

    /// Verifies a token of either type and returns its session and type.
    pub async fn verify_any(&self, token: &str, now: DateTime<Utc>) -> Result<(SessionId, TokenType), TokenError> {
        if let Ok(session) = self.verify_access(token, now).await {
            return Ok((session, TokenType::Access));
        }
        Ok((self.verify_refresh(token, now).await?.session, TokenType::Refresh))
    }

    /// Verifies signature and claims. Accepts one algorithm and our own keys only, and ignores key references in the
    /// header (`jku`, `jwk`, `x5u`).
    async fn verify(&self, token: &str, token_type: TokenType, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Invalid);
        }
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let kid = header.kid.filter(|_| header.alg == Algorithm::ES256).ok_or(TokenError::Invalid)?;
        let ring = self.ring_with(&kid, now).await;
        let key = ring.verification_key(&kid, now).ok_or(TokenError::Invalid)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        // The expiry is compared with the application's clock below.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, key, &validation).map_err(|_| TokenError::Invalid)?.claims;
        let is_current = claims.exp > now.timestamp();
        if is_current && claims.token_type == token_type { Ok(claims) } else { Err(TokenError::Invalid) }
    }
}

fn sign(claims: &Claims, key: &SigningKeyRef<'_>) -> Result<String, TokenError> {
    let header = Header { kid: Some(key.kid.to_owned()), ..Header::new(Algorithm::ES256) };
    Ok(encode(&header, claims, key.encoding_key)?)
}
