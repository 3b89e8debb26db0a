//! Consents of people who do not exist, asked for, given and taken back in the benchmark's own process, as a second
//! node of the service would.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use minhbach::{
    admin,
    app::engines::{Surroundings, open, open_store},
    config::Config,
    consent::{self, Answer, Answering, Ask, Consent, Give, GrantWish},
    crypto::SystemRandom,
    domain::{
        catalogue::Purpose,
        consent::{Actor, Capacity, Limits},
        subject::NationalId,
    },
    engines::Engines,
    telemetry::{self, TelemetryConfig},
    time::SystemClock,
};

/// How many are done at once.
const AT_ONCE: usize = 64;

/// The engines of a configuration on a database that is made ready.
pub(crate) async fn engines(file: &Path, database: &str) -> anyhow::Result<Engines> {
    let config = Config::load_with(file, Some(database.to_owned()))
        .map_err(|problems| anyhow::anyhow!("{} problems in the configuration", problems.len()))?;
    let store = open_store(&config).await?;
    store.migrate().await?;
    store.close().await;
    let (_, guard) = telemetry::build(&TelemetryConfig::default(), None, std::io::sink, false)?;
    let random = Arc::new(SystemRandom::default());
    let around = Surroundings { clock: Arc::new(SystemClock), random, metrics: guard.metrics() };
    let engines = open(&config, around).await?;
    admin::activate_policies(&engines).await?;
    admin::apply(&engines, &config.clients, &config.officials).await?;
    Ok(engines)
}

fn purpose<'a>(engines: &'a Engines, id: &str) -> anyhow::Result<&'a Purpose> {
    engines.register.catalogue().purpose(id).context("no such purpose")
}

/// The first fields of a purpose.
pub(crate) fn fields(engines: &Engines, id: &str, most: usize) -> anyhow::Result<Vec<String>> {
    let basis = purpose(engines, id)?.bases.first().context("no basis")?;
    Ok(basis.fields.iter().take(most).cloned().collect())
}

/// Has every person asked by a client for a purpose and saying yes to everything.
pub(crate) async fn given(
    engines: &Engines,
    (client, purpose): (&str, &str),
    fields: &[String],
    people: &[String],
) -> anyhow::Result<Vec<Consent>> {
    let asked = stream::iter(people).map(|id| one(engines, client, purpose, fields, id));
    let done: Vec<anyhow::Result<Consent>> = asked.buffer_unordered(AT_ONCE).collect().await;
    done.into_iter().collect()
}

async fn one(
    engines: &Engines,
    client: &str,
    purpose: &str,
    fields: &[String],
    id: &str,
) -> anyhow::Result<Consent> {
    let national_id = NationalId::parse(id.to_owned()).context("not a national id")?;
    let subject = engines.vault.citizen(&national_id).await?;
    let client = engines.registry.client(client).await?.context("no client")?;
    let purpose = self::purpose(engines, purpose)?;
    let terms = purpose.consent.as_ref().context("no terms")?;
    let now = engines.now();
    let limits = Limits::asked(None, terms, now)?;
    let answer_by = now + Duration::from_hours(1);
    let ask = Ask::plain(&client, &subject, purpose, fields, limits, answer_by);
    let consent = consent::ask(engines, ask).await?;
    let optional = consent.record.items.iter().filter(|item| !item.required).map(|item| item.field.clone());
    let answer = Answer::Give(Give { optional: optional.collect(), grant: GrantWish::Create });
    let shown = ("vi", "the text of the benchmark".to_owned(), true);
    let answering = Answering { by: herself(), answer, shown, replays: Vec::new(), also: Vec::new() };
    Ok(consent::answer(engines, &consent, answering).await?)
}

/// The person, strongly signed in.
pub(crate) fn herself() -> Actor {
    Actor { capacity: Capacity::Own, assurance: Some(3), ..Actor::system() }
}
