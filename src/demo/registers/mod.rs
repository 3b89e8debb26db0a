//! Stand-in registers: one port each, spoken to over real HTTP, holding records of the synthetic citizens only.
//!
//! A register can be told to misbehave ([`Fault`]) and counts how often it was asked: the fixture of every test in
//! which a source is slow, down or lying. Out of scope: reading their answers (`outbound::sources`).

mod records;

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::header,
    web::{self, Data},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{CITIZENS, Citizen};
use crate::outbound::sources::SourceConfig;

/// How a register misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// It does not.
    #[default]
    None,
    /// It answers only after this long.
    Slow(Duration),
    /// It reports a fault of its own (503).
    Down,
    /// Every value but the national id is of another type.
    WrongType,
    /// It answers with the record of somebody else.
    AnotherPerson,
    /// Its answer is right but 10 MB long.
    Huge,
    /// It redirects to a place that would give the right answer.
    Redirect,
    /// It answers in HTML.
    NotJson,
}

/// Where the registers listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// On whatever is free.
    Any,
    /// On this port and the following ones, in the order of their ids.
    From(u16),
}

/// The running registers; dropping them stops them.
#[derive(Debug)]
pub struct Registers {
    ports: BTreeMap<String, u16>,
    state: Data<State>,
    server: ServerHandle,
}

#[derive(Debug, Default)]
struct State {
    by_port: BTreeMap<u16, Register>,
}

#[derive(Debug)]
struct Register {
    id: String,
    conduct: Arc<Mutex<Conduct>>,
}

#[derive(Debug, Default)]
struct Conduct {
    fault: Fault,
    asked: u64,
}

/// What a register is asked; the national id is in the body, never in the address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    #[serde(rename = "soDinhDanh")]
    national_id: String,
}

/// The descriptions of all registers, with port 0 in their addresses.
fn described() -> io::Result<Vec<SourceConfig>> {
    #[derive(Deserialize)]
    struct File {
        source: Vec<SourceConfig>,
    }
    let file: File = toml::from_str(include_str!("sources.toml")).map_err(io::Error::other)?;
    Ok(file.source)
}

impl Registers {
    /// Starts every register on the loopback.
    ///
    /// # Errors
    /// When a port is taken, naming it.
    pub fn start(ports: Ports) -> io::Result<Self> {
        let (mut by_id, mut by_port, mut listeners) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (config, n) in described()?.into_iter().zip(0_u16..) {
            let wanted = match ports {
                Ports::Any => 0,
                Ports::From(first) => first.saturating_add(n),
            };
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_err(|error| {
                io::Error::new(error.kind(), format!("port {wanted} for register `{}`: {error}", config.id))
            })?;
            let port = listener.local_addr()?.port();
            by_id.insert(config.id.clone(), port);
            by_port.insert(port, Register { id: config.id, conduct: Arc::default() });
            listeners.push(listener);
        }
        let state = Data::new(State { by_port });
        let shared = state.clone();
        let mut server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::JsonConfig::default().limit(4096))
                .route("/tra-cuu", web::post().to(answer))
                .route("/noi-khac", web::route().to(elsewhere))
        })
        .workers(1)
        .disable_signals();
        for listener in listeners {
            server = server.listen(listener)?;
        }
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { ports: by_id, state, server: handle })
    }

    /// How to ask these registers.
    ///
    /// # Errors
    /// Never in practice: the descriptions were read when the registers started.
    pub fn configs(&self) -> io::Result<Vec<SourceConfig>> {
        let mut configs = described()?;
        for config in &mut configs {
            let port = self.ports.get(&config.id).copied().unwrap_or_default();
            config.url = format!("http://127.0.0.1:{port}/tra-cuu");
        }
        Ok(configs)
    }

    /// The same as `[[sources]]` of a configuration file.
    ///
    /// # Errors
    /// Never in practice, as for [`Registers::configs`].
    pub fn sections(&self) -> io::Result<toml::Table> {
        let mut file: toml::Table = toml::from_str(include_str!("sources.toml")).map_err(io::Error::other)?;
        let mut sources = file.remove("source").unwrap_or(toml::Value::Array(Vec::new()));
        for source in sources.as_array_mut().into_iter().flatten().filter_map(toml::Value::as_table_mut) {
            let id = source.get("id").and_then(toml::Value::as_str).unwrap_or_default();
            let port = self.ports.get(id).copied().unwrap_or_default();
            source.insert("url".to_owned(), format!("http://127.0.0.1:{port}/tra-cuu").into());
        }
        Ok(toml::Table::from_iter([("sources".to_owned(), sources)]))
    }

    /// Register id and port, in order.
    pub fn ports(&self) -> impl Iterator<Item = (&str, u16)> {
        self.ports.iter().map(|(id, port)| (id.as_str(), *port))
    }

    /// Makes one register misbehave from now on, or behave again.
    pub fn set_fault(&self, register: &str, fault: Fault) {
        if let Some(register) = self.state.by_port.values().find(|r| r.id == register) {
            register.conduct().fault = fault;
        }
    }

    /// How often a register was asked since it started.
    #[must_use]
    pub fn asked(&self, register: &str) -> u64 {
        self.state.by_port.values().find(|r| r.id == register).map_or(0, |r| r.conduct().asked)
    }
}

impl Drop for Registers {
    fn drop(&mut self) {
        // The command is sent by the call; the future only waits for its end.
        drop(self.server.stop(false));
    }
}

impl Register {
    fn conduct(&self) -> MutexGuard<'_, Conduct> {
        self.conduct.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(request: HttpRequest, state: Data<State>, question: web::Json<Question>) -> HttpResponse {
    let Some(register) = state.by_port.get(&request.app_config().local_addr().port()) else {
        return HttpResponse::NotFound().finish();
    };
    let fault = {
        let mut conduct = register.conduct();
        conduct.asked += 1;
        conduct.fault
    };
    let id = question.national_id.as_str();
    let Some(record) = record(&register.id, id) else {
        return HttpResponse::NotFound().json(json!({ "maKetQua": "404", "thongBao": "Không có hồ sơ" }));
    };
    match fault {
        Fault::None => HttpResponse::Ok().json(record),
        Fault::Slow(wait) => {
            tokio::time::sleep(wait).await;
            HttpResponse::Ok().json(record)
        }
        Fault::Down => HttpResponse::ServiceUnavailable().json(json!({ "maKetQua": "503" })),
        Fault::WrongType => HttpResponse::Ok().json(distorted(&record, id)),
        Fault::AnotherPerson => HttpResponse::Ok().json(another(&register.id, id)),
        Fault::Huge => HttpResponse::Ok()
            .content_type("application/json")
            .body(record.to_string() + &" ".repeat(10_000_000)),
        Fault::Redirect => {
            HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, "/noi-khac")).finish()
        }
        Fault::NotJson => HttpResponse::Ok().content_type("text/html").body("<p>Hệ thống đang bảo trì</p>"),
    }
}

/// Where a redirect leads: it answers, so that only a client that does not follow passes the test.
async fn elsewhere(request: HttpRequest, state: Data<State>, question: web::Json<Question>) -> HttpResponse {
    let register = state.by_port.get(&request.app_config().local_addr().port());
    match register.and_then(|register| record(&register.id, &question.national_id)) {
        Some(record) => HttpResponse::Ok().json(record),
        None => HttpResponse::NotFound().finish(),
    }
}

fn record(register: &str, national_id: &str) -> Option<Value> {
    Citizen::find(national_id)
        .filter(|citizen| citizen.is_in(register))
        .and_then(|citizen| records::record(register, citizen))
}

fn another(register: &str, national_id: &str) -> Option<Value> {
    CITIZENS
        .iter()
        .filter(|citizen| citizen.national_id != national_id && citizen.is_in(register))
        .find_map(|citizen| records::record(register, citizen))
}

/// The record with every value but the person's id turned into an object.
fn distorted(value: &Value, id: &str) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), distorted(value, id))).collect()
        }
        Value::Array(items) if !items.is_empty() => items.iter().map(|item| distorted(item, id)).collect(),
        Value::String(text) if text == id => value.clone(),
        _ => json!({ "saiKieu": true }),
    }
}

#[cfg(test)]
mod tests;
