//! What a representative agreed to waits for the person who has come of age: on the page of the consent she reads the whole
//! text and answers it, yes or no, as she would answer any request.
//!
//! Her no is a withdrawal, which asks for no stronger sign-in. Out of scope: the page around it ([`super::consents`]),
//! when it comes to that ([`people::hand_over_due`]), what her yes does ([`consent::answer()`]).

use actix_web::{HttpResponse, http::StatusCode, web::Path};

use super::{
    asked::{optional, step_up},
    consents::{Own, own, state_now, whole},
    error::Failure,
    filled::{Filled, Sent},
    notice::{self, Text},
    visit::Visit,
};
use crate::{
    consent::{self, Answer, Answering, Consent},
    domain::consent::{Act, State},
    http::pages::consent::detail::Review,
    i18n::Lang,
    oauth::Said,
    people,
};

/// The question on the page of a consent; `None` where nothing waits for this reader's own yes.
pub(super) async fn question(
    visit: &Visit,
    consent: &Consent,
    lang: Lang,
    changed: bool,
) -> Result<Option<Review>, Failure> {
    let engines = &visit.state.engines;
    if state_now(engines, consent) != State::UnderReview || visit.person()?.mandate.is_some() {
        return Ok(None);
    }
    match people::may_go_on(engines, consent, &visit.actor(consent)?).await {
        Ok(()) => {}
        // Somebody decides for her again: there is no yes of hers to press for.
        Err(people::Error::Answer(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let Text { notice, html, hash, older: _ } = notice::text(engines, consent, lang).await?;
    Ok(Some(Review { optional: optional(consent, &notice), notice: html, notice_hash: hash, changed }))
}

/// `POST /me/consents/{id}/confirm`: the form of an answer, as for a request.
pub(super) async fn confirm(visit: Visit, id: Path<String>, filled: Sent) -> HttpResponse {
    let answered = take(&visit, &id, filled).await;
    visit.answer(answered)
}

async fn take(visit: &Visit, id: &str, filled: Sent) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Own { session, consent } = own(visit, id).await?;
    let filled = Filled::read(visit, filled)?;
    let by = visit.actor(&consent)?;
    if state_now(engines, &consent) != State::UnderReview || filled.revision != consent.row.revision {
        return Err(consent::Error::Stale.into());
    }
    let page = format!("/me/consents/{}", consent.row.id);
    let optional = match &filled.said {
        Said::Yes(optional) => optional.clone(),
        Said::No => {
            consent::end(engines, &consent, Act::Withdraw, by, None).await?;
            return Ok(visit.redirect(&format!("{page}/withdrawn")));
        }
        // It waits as long as she likes, and opens nothing meanwhile.
        Said::Later => return Err(Failure::Malformed),
    };
    let needed = consent.assurance(engines);
    if session.assurance < needed {
        return step_up(visit, &consent, needed, &page, StatusCode::FORBIDDEN).await;
    }
    people::may_go_on(engines, &consent, &by).await?;
    let Some(text) = filled.text(engines, &consent).await? else {
        return whole(visit, &consent, filled.lang, true).await;
    };
    let shown = (filled.lang.tag(), text.html, text.notice.is_sensitive());
    let answer = Answer::Confirm(optional);
    let said = Answering { by, answer, shown, replays: Vec::new(), also: Vec::new() };
    consent::answer(engines, &consent, said).await?;
    Ok(visit.redirect(&page))
}
