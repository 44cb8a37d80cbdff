//! `GET /api/credits/…`: balance and transactions of the caller.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use kulti_protocol::api::{BalanceResponse, TransactionsResponse};
use serde::Deserialize;

use super::{error::ApiError, extract::Caller};
use crate::app::App;

const DEFAULT_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

#[derive(Deserialize)]
pub(super) struct PageQuery {
    limit: Option<u32>,
    offset: Option<u32>,
}

pub(super) async fn balance(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
) -> Result<Json<BalanceResponse>, ApiError> {
    let sums = app.db.balance(&account.id).await?;
    Ok(Json(BalanceResponse {
        balance: sums.balance,
        total_earned: sums.total_earned,
    }))
}

pub(super) async fn transactions(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    page: Result<Query<PageQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<TransactionsResponse>, ApiError> {
    let Query(page) = page
        .map_err(|_| ApiError::bad_request("bad_page", "limit and offset must be whole numbers"))?;
    let transactions = app
        .db
        .transactions(
            &account.id,
            page.limit.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE),
            page.offset.unwrap_or(0),
        )
        .await?;
    Ok(Json(TransactionsResponse { transactions }))
}
