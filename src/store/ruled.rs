//! Consents that stand, with the rules of the people whose they are: what every request for a token that rests on
//! consent is decided on. Out of scope: consents for anything else (`consents`), what is sealed inside.

use std::{cmp::Reverse, collections::HashMap};

use uuid::Uuid;

use super::{
    Error, Store,
    consents::Consent,
    lend,
    pack::{Cut, Pack, Packed, counted, unpacked},
    standing::Standing as Rules,
};

/// A consent with the rules of the person whose it is.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Ruled {
    /// The consent.
    #[sqlx(flatten)]
    pub consent: Consent,
    rules_revision: Option<i64>,
    rules_sealed: Option<Vec<u8>>,
}

impl Ruled {
    /// Her own rules; `None` when she never made any.
    #[must_use]
    pub fn rules(&self) -> Option<Rules> {
        let (revision, sealed) = (self.rules_revision?, self.rules_sealed.clone()?);
        Some(Rules { subject: self.consent.subject, revision, sealed })
    }
}

/// A row of SQLite's, in the order of the statement; its byte strings are cut.
#[derive(serde::Deserialize)]
struct Array {
    state: String,
    revision: i64,
    asked_at: i64,
    answer_by: i64,
    starts: i64,
    expires: i64,
    max_uses: i64,
    used: i64,
    last_use: Option<i64>,
    freq_n: Option<i64>,
    freq_ms: Option<i64>,
    opens: Option<i64>,
    closes: Option<i64>,
    wake: Option<i64>,
    has_grant: i64,
    sealed: usize,
    rules_revision: Option<i64>,
    rules_sealed: Option<usize>,
}

impl Array {
    fn with(self, cut: &mut Cut<'_>) -> Option<Ruled> {
        let consent = Consent {
            id: cut.id()?,
            subject: cut.id()?,
            client: cut.id()?,
            grant_id: if self.has_grant == 0 { None } else { Some(cut.id()?) },
            state: self.state,
            revision: self.revision,
            asked_at: self.asked_at,
            answer_by: self.answer_by,
            starts: self.starts,
            expires: self.expires,
            max_uses: self.max_uses,
            used: self.used,
            last_use: self.last_use,
            freq_n: self.freq_n,
            freq_ms: self.freq_ms,
            opens: self.opens,
            closes: self.closes,
            wake: self.wake,
            sealed: cut.bytes(self.sealed)?.to_vec(),
        };
        let rules_sealed = cut.optional(self.rules_sealed)?;
        Some(Ruled { consent, rules_revision: self.rules_revision, rules_sealed })
    }
}

impl Store {
    /// What a person gave to one client and what stands, newest first, each with her own rules: whoever decides on the
    /// one must know the other, and one reading costs half of two.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consents_with(&self, client: Uuid, subject: Uuid) -> Result<Vec<Ruled>, Error> {
        let store = self.clone();
        self.loaders().consents.load((client, subject), move |pairs| all(store.clone(), pairs)).await
    }
}

async fn all(store: Store, pairs: Vec<(Uuid, Uuid)>) -> Result<HashMap<(Uuid, Uuid), Vec<Ruled>>, Error> {
    const SQLITE: &str = "SELECT json_group_array(json_array(c.state, c.revision, c.asked_at, c.answer_by, c.starts, \
             c.expires, c.max_uses, c.used, c.last_use, c.freq_n, c.freq_ms, c.opens, c.closes, c.wake, \
             c.grant_id IS NOT NULL, length(c.sealed), s.revision, length(s.sealed))), \
           CAST(group_concat(c.id || c.subject || c.client || ifnull(c.grant_id, '') || c.sealed \
             || ifnull(s.sealed, ''), '') AS BLOB) \
         FROM json_each($1) q CROSS JOIN consents_now c ON c.client = substr($2, q.key * 32 + 1, 16) \
           AND c.subject = substr($2, q.key * 32 + 17, 16) LEFT JOIN standing s ON s.subject = c.subject \
         WHERE c.state IN ('given', 'paused', 'under_review')";
    const POSTGRES: &str = "SELECT r.* FROM unnest($1::uuid[], $2::uuid[]) AS q (client, subject) CROSS JOIN LATERAL \
         (SELECT c.*, s.revision AS rules_revision, s.sealed AS rules_sealed \
            FROM consents_now c LEFT JOIN standing s ON s.subject = c.subject \
            WHERE c.client = q.client AND c.subject = q.subject \
              AND c.state IN ('given', 'paused', 'under_review') OFFSET 0) r";
    let rows: Vec<Ruled> = match &store {
        Store::Sqlite { read, .. } => {
            let ids = Pack::of(pairs.iter().flat_map(|(client, subject)| [client, subject])).0;
            let n = counted(pairs.len());
            let row: Packed = lend!(read, |c| sqlx::query_as(SQLITE).bind(n).bind(ids).fetch_one(c).await)?;
            unpacked(&row, Array::with)?
        }
        Store::Postgres { read, .. } => {
            let (clients, people): (Vec<Uuid>, Vec<Uuid>) = pairs.iter().copied().unzip();
            lend!(read, |c| sqlx::query_as(POSTGRES).bind(clients).bind(people).fetch_all(c).await)?
        }
    };
    let mut found: HashMap<_, Vec<Ruled>> = HashMap::with_capacity(pairs.len());
    for row in rows {
        found.entry((row.consent.client, row.consent.subject)).or_default().push(row);
    }
    for consents in found.values_mut() {
        consents.sort_unstable_by_key(|ruled| Reverse(ruled.consent.id));
    }
    Ok(found)
}
