//! OAuth clients: which agency's software may ask, for which purposes, with which keys.

use uuid::Uuid;

use super::{Error, Store, Tx, on, read};
use crate::time::Millis;

/// A client's registration as it is stored; lists are JSON text.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Client {
    /// The row's own key.
    pub id: Uuid,
    /// The OAuth `client_id`.
    pub client_id: String,
    /// The agency it belongs to.
    pub agency: String,
    /// A name for people.
    pub name: String,
    /// Its public keys, a JWK Set (RFC 7517 §5).
    pub jwks: String,
    /// The purposes it is registered for, a JSON array of purpose ids.
    pub purposes: String,
    /// Redirect URIs, a JSON array.
    pub redirect_uris: String,
    /// The audience this client answers for, when it is a resource server.
    pub audience: Option<String>,
    /// Issuers whose ID tokens prove an official's sign-in: a JSON array of `{issuer, audiences}`.
    pub actor_issuers: String,
    /// What it is allowed beyond asking, a JSON object: [`crate::domain::client::Profile`].
    pub profile: String,
    /// When it was registered, milliseconds.
    pub created_at: i64,
    /// When it was suspended, milliseconds.
    pub suspended_at: Option<i64>,
}

impl Store {
    /// The client with this `client_id`.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn client(&self, client_id: &str) -> Result<Option<Client>, Error> {
        const SQL: &str = "SELECT * FROM clients WHERE client_id = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(client_id).fetch_optional(pool).await)?)
    }

    /// The client that answers for this audience.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn client_by_audience(&self, audience: &str) -> Result<Option<Client>, Error> {
        const SQL: &str = "SELECT * FROM clients WHERE audience = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(audience).fetch_optional(pool).await)?)
    }

    /// All clients, by name.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn clients(&self) -> Result<Vec<Client>, Error> {
        const SQL: &str = "SELECT * FROM clients ORDER BY agency, client_id";
        Ok(read!(self, |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
    }
}

/// Registers a client, or replaces the registration with the same `client_id`; its key, its first date and whether
/// it is suspended stay.
pub(super) async fn put(tx: &mut Tx, client: &Client) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO clients \
         (id, client_id, agency, name, jwks, purposes, redirect_uris, audience, actor_issuers, profile, \
          created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (client_id) DO UPDATE SET agency = excluded.agency, name = excluded.name, \
           jwks = excluded.jwks, purposes = excluded.purposes, redirect_uris = excluded.redirect_uris, \
           audience = excluded.audience, actor_issuers = excluded.actor_issuers, \
           profile = excluded.profile";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(client.id)
            .bind(&client.client_id)
            .bind(&client.agency)
            .bind(&client.name)
            .bind(&client.jwks)
            .bind(&client.purposes)
            .bind(&client.redirect_uris)
            .bind(&client.audience)
            .bind(&client.actor_issuers)
            .bind(&client.profile)
            .bind(client.created_at)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Suspends a client from `at`, or restores it.
pub(super) async fn suspend(tx: &mut Tx, id: Uuid, at: Option<Millis>) -> Result<(), Error> {
    const SQL: &str = "UPDATE clients SET suspended_at = $2 WHERE id = $1";
    on!(tx, |c| sqlx::query(SQL).bind(id).bind(at.map(|at| at.0)).execute(c).await.map(drop))?;
    Ok(())
}
