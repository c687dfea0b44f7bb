//! What is done with channels.

use diesel::pg::PgConnection;

use super::errors::ChannelError;
use super::models::{Channel, ChannelChanges};
use super::views::ChannelView;
use crate::platform::api::WriteRequest;
use crate::platform::audit::{self, Changes};
use crate::platform::error::ConstraintExt;
use crate::platform::types::ChannelId;

/// Changes a channel; its currency only while there are no prices in it.
pub(super) fn change(
    conn: &mut PgConnection,
    id: ChannelId,
    changes: &ChannelChanges,
    request: &WriteRequest,
) -> Result<Channel, ChannelError> {
    let channel = Channel::lock(conn, id)?.ok_or(ChannelError::NotFound)?;
    request.expected.ensure(channel.version)?;
    let changed = changes.apply(conn, id, request.origin.at);
    let in_use = || ChannelError::CurrencyInUse;
    let changed = changed.on_constraint("variant_prices_currency_is_the_channels", in_use)?;
    let changed = changed.ok_or(ChannelError::NotFound)?;
    let told = Changes::between(&ChannelView::from(channel), &ChannelView::from(changed.clone()));
    audit::record(conn, &request.origin, "channel.changed", ("channel", id.to_string()), told)?;
    Ok(changed)
}
