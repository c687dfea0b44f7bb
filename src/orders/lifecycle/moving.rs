//! What the verbs share that move an order and answer with it.

use diesel::pg::PgConnection;

use super::access::OrderAccess;
use super::errors::OrderError;
use super::models::Order;
use super::services;
use super::views::OrderView;
use crate::platform::api::{Answer, Changed, WriteRequest};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::error::Problem;
use crate::platform::types::OrderId;

/// Which order to move, for whom, and from where they ask.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    pub order: OrderId,
    pub access: &'a OrderAccess,
    pub origin: &'a Origin,
}

/// Moves an order by one step, if whoever asks may see it and it is still as they saw it; answers with what it became.
pub async fn move_and_answer(
    app: &App,
    request: WriteRequest,
    (order, access): (OrderId, OrderAccess),
    step: impl Fn(&mut PgConnection, Move<'_>) -> Result<Order, OrderError> + Send + 'static,
) -> Result<Answer, Problem> {
    let take = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, OrderError> {
        services::expect(conn, order, &access, &request.expected)?;
        let moved = step(conn, Move { order, access: &access, origin: &request.origin })?;
        Ok(Changed(OrderView::of(conn, moved)?))
    };
    request.run(app, take).await
}
