//! I6: under load with known people, no national id, name, field value or token is in a log line, a span, a metric,
//! the database or the published log.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use futures_util::future::join_all;
use minhbach::{
    demo::people::CITIZENS,
    store::Store,
    telemetry::{self, Guard, TelemetryConfig},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row as _};

use crate::support::{
    TestApp,
    database::Database,
    detail::{LICENCE_FIELDS, NOBODY, licence},
    jws, on_both,
};

on_both! { with super::listening; under_load_nothing_of_anybody_is_logged_traced_counted_or_stored_in_the_clear }

/// Everything this process says: bytes of log lines, or of what is exported.
#[derive(Clone, Debug, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl io::Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl HttpClient for Heard {
    fn send_bytes<'a, 'out>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'out>>
    where
        'a: 'out,
        Self: 'out,
    {
        self.bytes().extend_from_slice(request.body());
        Box::pin(async { Ok(Response::new(Bytes::new())) })
    }
}

/// The process's one subscriber, at a level nobody runs a service at, and what it heard: lines and spans.
fn listen() -> &'static (Heard, Heard, Guard) {
    static LISTENING: OnceLock<(Heard, Heard, Guard)> = OnceLock::new();
    LISTENING.get_or_init(|| {
        let (lines, exported) = (Heard::default(), Heard::default());
        let config = TelemetryConfig {
            level: "debug,minhbach=trace".to_owned(),
            otlp_endpoint: Some("http://127.0.0.1:4318".parse().unwrap()),
            ..TelemetryConfig::default()
        };
        let writer = lines.clone();
        let transport: Arc<dyn HttpClient> = Arc::new(exported.clone());
        let (subscriber, guard) =
            telemetry::build(&config, Some(transport), move || writer.clone(), false).unwrap();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        (lines, exported, guard)
    })
}

/// A service whose every word is heard.
async fn listening(database: Database) -> TestApp {
    listen();
    TestApp::start(database).await
}

fn holds(hay: &[u8], needle: &str) -> bool {
    String::from_utf8_lossy(hay).contains(needle)
}

#[track_caller]
fn silent(place: &str, hay: &[u8], needles: &[String]) {
    let hay = String::from_utf8_lossy(hay);
    for needle in needles {
        assert!(!hay.contains(needle), "{place} holds {needle:?}");
    }
}

async fn under_load_nothing_of_anybody_is_logged_traced_counted_or_stored_in_the_clear(app: &mut TestApp) {
    let (lines, exported, guard) = listen();
    let police = app.police();
    let mut needles: Vec<String> = Vec::new();
    let mut said: Vec<Value> = Vec::new();
    let mut detail = licence(NOBODY, LICENCE_FIELDS);
    detail["justification"] = "Người dân nộp hồ sơ trực tuyến ngày hôm nay".into();
    let people = CITIZENS.iter().map(|citizen| citizen.national_id).chain([NOBODY]);
    for id in people {
        detail["subject"]["national_id"] = id.into();
        let excess = licence(id, &["person.sex"]);
        let (token, excess) = tokio::join!(police.token(&detail), police.token(&excess));
        assert_eq!(excess.status, 400);
        let token = token.access_token();
        let replies = join_all((0..3).map(|_| police.data(&token))).await;
        said.extend(replies.into_iter().map(|reply| reply.body));
        police.introspect(&token).await.ok();
        police.revoke(&token).await.ok();
        // Wrong in ways that tempt to quote: a member, a field and a form parameter that are somebody's number.
        let bent = jws::with(&licence(id, &[id]), id, id);
        assert_eq!(police.token(&bent).await.status, 400);
        assert_eq!(police.token(&licence(id, &[id])).await.status, 400);
        assert_eq!(police.token(&jws::with(&detail, "purpose", id)).await.status, 400);
        let mut form = police.form(&detail);
        form.push(("client_id", id.to_owned()));
        assert_eq!(police.token_form(&form).await.status, 401);
        police.get(&format!("/log/tile/{id}?id={id}")).await;
        needles.push(id.to_owned());
        needles.push(token.rsplit_once('.').unwrap().1.to_owned());
        needles.push(
            jws::claims(&token)["authorization_details"][0]["subject"]["handle"].as_str().unwrap().to_owned(),
        );
    }
    // Every value that was delivered; the shortest ones are words that stand elsewhere too.
    let mut values = 0;
    for answer in &said {
        for datum in answer["data"].as_object().into_iter().flat_map(|data| data.values()) {
            if let Some(value) =
                datum["value"].as_str().filter(|value| value.len() >= 8 && *value != "Việt Nam")
            {
                needles.push(value.chars().take(100).collect());
                values += 1;
            }
        }
    }
    assert!(values > 100, "the load delivered {values} values");
    needles.extend(CITIZENS.iter().map(|citizen| citizen.name.to_owned()));
    needles.push("Người dân nộp hồ sơ".to_owned());
    needles.sort_unstable();
    needles.dedup();

    let metrics = police.get("/metrics").await.ok();
    assert!(holds(&metrics.bytes, "minhbach_data_released_total"));
    silent("/metrics", &metrics.bytes, &needles);
    silent("the other /metrics", guard.prometheus_text().unwrap().as_bytes(), &needles);
    tokio::task::spawn_blocking(|| listen().2.flush()).await.unwrap();
    assert!(holds(&lines.bytes(), "service.start"), "log lines are heard");
    assert!(holds(&lines.bytes(), "http.request"), "spans are heard");
    assert!(holds(&exported.bytes(), "http.request"), "spans are exported");
    silent("the log lines", &lines.bytes(), &needles);
    silent("the exported spans", &exported.bytes(), &needles);
    files(app.folder.path(), &needles);
    rows(&app.engines().store, &needles).await;
}

/// The SQLite file with its log, the published files and their mirror; not the keys or the configuration.
fn files(folder: &std::path::Path, needles: &[String]) {
    let mut read = 0;
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files(&path, needles);
        } else if name != "minhbach.toml" {
            silent(&name, &std::fs::read(&path).unwrap(), needles);
            read += 1;
        }
    }
    assert!(read > 0 || folder.read_dir().unwrap().count() > 0, "{} is empty", folder.display());
}

/// Every row of every table, as text; bytes are hexadecimal there.
async fn rows(store: &Store, needles: &[String]) {
    let Store::Postgres { pool, .. } = store else { return };
    let mut both = needles.to_vec();
    for needle in needles {
        both.push(minhbach::domain::record::hex(needle.as_bytes()));
    }
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let tables = sqlx::query(tables).fetch_all(pool).await.unwrap();
    assert!(tables.len() > 10);
    for table in tables {
        let table: String = table.get(0);
        let query = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        for row in sqlx::query(query).fetch_all(pool).await.unwrap() {
            silent(&table, row.get::<String, _>(0).as_bytes(), &both);
        }
    }
}
