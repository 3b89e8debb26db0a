//! `GET /oauth/authorize` (RFC 9126 §4): somebody arrives from an agency's site with a request that was pushed before.
//!
//! Nothing is used up before the answer; an error is a page, never a redirect to an address that was not verified (RFC
//! 9700 §4.11.2). The request may name a person for whom the one who arrives acts: she is then asked to switch first, and
//! nobody else learns of it. The browser gets a cookie by which it is known again when the answer goes back ([`oauth::onward`]):
//! whoever signs in there meanwhile, a child and then her mother, it is the one the agency sent. Out of scope: answering
//! ([`super::asked`]).

use actix_web::{HttpRequest, HttpResponse, http::header};
use uuid::Uuid;

use super::{cookies::Cookie, error::Failure, person::Acting, visit::Visit};
use crate::{
    domain::{representation::Doing, subject::Subject},
    http::pages::people::ActFirst,
    i18n::masked_national_id,
    oauth::{self, Arrival},
    people,
    protocol::{authorize::AuthorizeQuery, form::Form as Strict},
};

/// The handler: whatever stands in the query beside the two parameters counts for nothing.
pub(super) async fn authorize(visit: Visit, request: HttpRequest) -> HttpResponse {
    let arrived = arrive(&visit, request.query_string()).await;
    visit.answer(arrived)
}

async fn arrive(visit: &Visit, query: &str) -> Result<HttpResponse, Failure> {
    let query = Strict::parse(query.as_bytes()).map_err(|_| Failure::Malformed)?;
    let query = AuthorizeQuery::from_form(&query).map_err(oauth::Error::from)?;
    let (reader, _) = visit.signed_in()?;
    let mut found = Ok(Standing::Stranger);
    let may_answer = async |subject: &Subject, purpose: &str| {
        found = standing(visit, subject, purpose).await;
        matches!(found, Ok(Standing::Answers))
    };
    let engines = &visit.state.engines;
    let browser = visit.arrival.clone().unwrap_or_else(|| engines.random.token());
    let arrived = oauth::arrive(engines, &query, reader, &browser, may_answer).await?;
    match (arrived, found?) {
        (Arrival::Asked(consent), _) => {
            let mut response = visit.personal(HttpResponse::SeeOther());
            visit.set(&mut response, Cookie::Arrival, &browser);
            let to = format!("/requests/{}", consent.row.id);
            Ok(response.insert_header((header::LOCATION, to)).finish())
        }
        // She ruled it out ahead of time: she is not asked, and goes back with her no.
        (Arrival::RuledOut(location), _) => Ok(visit.redirect(&location)),
        (Arrival::SomebodyElse, Standing::Switches { to, who }) => visit.page(&ActFirst {
            page: visit.layout(),
            who,
            action: to.map_or_else(|| "/me/people/self".to_owned(), |id| format!("/me/people/{id}/act")),
            return_to: visit.url.clone(),
        }),
        (Arrival::SomebodyElse, Standing::Stranger | Standing::Answers) => Err(Failure::SomebodyElses),
    }
}

/// What the one who arrives is to the person a request names.
enum Standing {
    /// She may answer: it is she herself, or the one she acts for.
    Answers,
    /// She may, once she acts for that person, or for herself again.
    Switches {
        /// The representation; `None` for herself.
        to: Option<Uuid>,
        /// The person's masked number; `None` for herself.
        who: Option<String>,
    },
    /// Nobody who may answer, whatever the reason.
    Stranger,
}

async fn standing(visit: &Visit, subject: &Subject, purpose: &str) -> Result<Standing, Failure> {
    let engines = &visit.state.engines;
    let (own, _) = visit.signed_in()?;
    if own.id() == subject.id() {
        return Ok(match &visit.acting {
            Acting::For(_) => Standing::Switches { to: None, who: None },
            Acting::No | Acting::Over => Standing::Answers,
        });
    }
    // To who may not answer for this purpose the request is as unknown as to a stranger.
    let Some(purpose) = engines.register.catalogue().purpose(purpose) else { return Ok(Standing::Stranger) };
    let doing = Doing::Answer(purpose);
    if let Acting::For(other) = &visit.acting
        && other.acts.principal.id() == subject.id()
        && other.acts.mandate.representation().may(doing, engines.now()).is_ok()
    {
        return Ok(Standing::Answers);
    }
    let mandate = match people::mandated(engines, own, subject, doing).await {
        Ok(mandate) => mandate,
        Err(people::Error::Unknown | people::Error::Denied(_)) => return Ok(Standing::Stranger),
        Err(error) => return Err(error.into()),
    };
    let number = engines.vault.national_id(subject).await?;
    let who = number.map_or_else(String::new, |number| masked_national_id(number.expose()));
    Ok(Standing::Switches { to: Some(mandate.representation().id), who: Some(who) })
}
