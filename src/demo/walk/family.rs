//! A child of fourteen and her hospital: what opens private life needs her own yes and her mother's (Law 91/2025/QH15,
//! Article 24(2)).

use anyhow::{Context as _, ensure};

use super::{
    HOSPITAL, Scene, Story,
    asking::{Asker, acting, answer, press},
    citizen,
    consent::says,
    expect,
    official::id_token,
    several::{DOCTOR, detail},
};
use crate::{
    demo::{agency::text, people::Citizen},
    domain::{
        representation::{Evidence, Ground, Milestones, Scope},
        subject::NationalId,
    },
    people::{self, Registration},
};

/// Asked about her records, the child says yes, and nothing is open; her mother says yes too, and it is.
pub(super) async fn walk(scene: &Scene<'_>, story: &mut Story<'_>) -> anyhow::Result<()> {
    story.step("A child of fourteen is treated. Her own yes is half of one: her mother must say yes too.")?;
    let (child, mother) = (citizen(8)?, citizen(1)?);
    registered(scene, child, mother).await?;
    let hospital = Asker::new(scene, HOSPITAL)?;
    let mut browser = scene.signed_in(child).await?;
    let asked = hospital.ask(&mut browser, &detail(child.national_id, 1)).await?;
    let done = answer(&mut browser, &asked.page, "give").await?;
    ensure!(done.status == 200, "her answer ends at {} {}", done.status, done.url.path());
    says(scene, &mut browser, asked.consent(), &["One person has agreed, one has not answered yet"]).await?;

    let doctor = id_token(scene, HOSPITAL, DOCTOR).await?;
    let mut wish = detail(child.national_id, 1);
    if let Some(wish) = wish.as_object_mut() {
        wish.remove("limits");
    }
    let details = serde_json::Value::Array(vec![wish]).to_string();
    let mut form = vec![("grant_type", "client_credentials"), ("authorization_details", details.as_str())];
    form.extend(acting(Some(&doctor)));
    let reply = hospital.agency.post("/oauth/token", &form).await?;
    let error = text(&reply.body, "/error")?;
    ensure!(error == "consent_required", "half a yes opened something: {}", reply.body);
    story.say(&format!("Her page: one person has agreed, one has not. The hospital: {error}."))?;

    mothers_yes(scene, asked.consent(), mother).await?;
    // The answer goes back to the browser the hospital sent, which is the child's.
    let question = scene.at(&format!("/requests/{}", asked.consent()));
    let code = hospital.code(&press(&mut browser, &question, "onward").await?)?;
    let reply = hospital.exchange(&asked, &code, Some(&doctor)).await?;
    expect(&reply, 200)?;
    expect(&hospital.agency.data(text(&reply.body, "/access_token")?).await?, 200)?;
    says(scene, &mut browser, asked.consent(), &["Done by a representative"]).await?;
    story.say("Her mother signs in elsewhere, acts for her, says yes. The child's browser goes on, and the token comes.")?;
    story.say("Her history says who acted for whom.")
}

/// The mother switches to her child and answers the same question, in a browser of her own.
async fn mothers_yes(scene: &Scene<'_>, consent: &str, mother: &Citizen) -> anyhow::Result<()> {
    let mut browser = scene.signed_in(mother).await?;
    let question = scene.at(&format!("/requests/{consent}"));
    let before = browser.open(&question).await?;
    ensure!(
        !before.text.contains("name=\"answer\""),
        "she answers for her child without saying that she does"
    );
    press(&mut browser, &scene.at("/me/people"), "act").await?;
    let page = browser.open(&question).await?;
    let page = answer(&mut browser, &page, "give").await?;
    ensure!(page.url.path().ends_with("/done"), "her answer ends at {} {}", page.status, page.url.path());
    Ok(())
}

/// The commune's office has seen the birth certificate, as `minhbach representative add` records it; once in the life of
/// a demonstration.
async fn registered(scene: &Scene<'_>, child: &Citizen, mother: &Citizen) -> anyhow::Result<()> {
    let engines = &scene.running.engines;
    let id = |citizen: &Citizen| {
        NationalId::parse(citizen.national_id.to_owned()).context("a citizen without a national id")
    };
    let (child_id, mother_id) = (id(child)?, id(mother)?);
    let subject = engines.vault.citizen(&child_id).await?;
    if people::representatives(engines, &subject).await?.iter().any(|known| known.live) {
        return Ok(());
    }
    let age = scene.hand_over_age;
    let registration = Registration {
        ground: Ground::Parent,
        evidence: Evidence {
            reference: "Giấy khai sinh số 12/2012 (giả lập)".to_owned(), sha256: None
        },
        scope: Scope { view: true, answer: true, purposes: None },
        from: None,
        until: None,
        child: Some(Milestones::of(child.born.parse()?, age).context("the day of birth is not usable")?),
        office: "UBND phường Mẫu (giả lập)".to_owned(),
    };
    people::register(engines, &child_id, &mother_id, registration).await?;
    Ok(())
}
