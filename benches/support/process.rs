//! The server under load is a process of its own, so that its processor time and memory can be told from the load
//! generator's: this very program, started again as `serve real FILE` or `serve bare FILE`.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    web::{self, Data},
};
use anyhow::{Context as _, bail};
use minhbach::{
    app::{engines::open_store, serve::serve},
    config::Config,
    jose::{
        access_token::{AccessToken, Confirmation, TYPE},
        assertion,
        dpop::{self, NoncePolicy, Proof},
    },
    keyring::Keyring,
    protocol::form::Form,
    time::{Clock as _, SystemClock},
    tokens::Tokens,
};

/// A server in a process of its own; it ends with this value.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts `real` (the service) or `bare` (the reference) on a configuration and waits until it listens.
    pub(crate) fn start(kind: &str, config: &Path, database: &str) -> anyhow::Result<Self> {
        let address = load(config, Some(database.to_owned()))?.listen.address;
        let child = Command::new(std::env::current_exe()?)
            .args(["serve", kind])
            .arg(config)
            .arg(database)
            .stdin(Stdio::null())
            .spawn()?;
        let mut server = Self { child, address };
        for _ in 0..200 {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server stopped: {status}");
            }
            if std::net::TcpStream::connect(address).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the server does not listen")
    }

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> Duration {
        super::cpu::of(&format!("/proc/{}/stat", self.child.id()))
    }

    /// Resident memory now, in MiB.
    pub(crate) fn resident(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves when this process was started as a server; `false` when it is the benchmark itself.
pub(crate) fn served() -> anyhow::Result<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [verb, kind, config, database] = arguments.as_slice() else { return Ok(false) };
    if verb != "serve" {
        return Ok(false);
    }
    let config = load(Path::new(config), Some(database.clone()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if kind == "bare" {
            return bare(config).await;
        }
        let store = open_store(&config).await?;
        store.migrate().await?;
        store.close().await;
        serve(config).await.map(drop)
    })?;
    Ok(true)
}

fn load(config: &Path, database: Option<String>) -> anyhow::Result<Config> {
    Config::load_with(config, database).map_err(|problems| {
        anyhow::anyhow!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// What the bare handler knows.
struct Bare {
    config: Config,
    tokens: Tokens,
    address: String,
}

/// The reference: verifies the assertion, verifies the proof, signs the token; nothing else.
async fn bare(config: Config) -> anyhow::Result<()> {
    let keys = Keyring::load(&config.keys)?;
    let tokens = Tokens::new(&config.issuer, config.keys.clone(), keys.tokens, keys.receipts);
    let (listen, workers) = (config.listen.address, config.listen.workers.map_or(2, std::num::NonZero::get));
    let address = format!("{}/oauth/token", config.issuer);
    let state = Data::new(Bare { config, tokens, address });
    HttpServer::new(move || App::new().app_data(state.clone()).route("/oauth/token", web::post().to(answer)))
        .workers(workers)
        .bind(listen)?
        .run()
        .await?;
    Ok(())
}

async fn answer(state: Data<Bare>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    match token(&state, &request, &body) {
        Ok(token) => HttpResponse::Ok().json(token),
        Err(error) => HttpResponse::BadRequest().body(error.to_string()),
    }
}

fn token(state: &Bare, request: &HttpRequest, body: &[u8]) -> anyhow::Result<serde_json::Value> {
    let now = SystemClock.now();
    let form = Form::parse(body)?;
    let compact = form.get("client_assertion").context("no assertion")?;
    let client_id = assertion::client_id_of(compact)?;
    let client = state.config.clients.iter().find(|c| c.client_id == client_id).context("no client")?;
    assertion::verify(compact, &client.jwks, &client_id, &state.config.issuer, now)?;
    let proof = request.headers().get("dpop").context("no proof")?.to_str()?;
    let (headers, nonce) = (&[proof][..], NoncePolicy::Ignored);
    let asked = Proof { headers, htm: "POST", htu: &state.address, access_token: None, jkt: None, nonce };
    let proof = dpop::verify(&asked, now)?;
    let details: serde_json::Value =
        serde_json::from_str(form.get("authorization_details").context("no details")?)?;
    let claims = AccessToken {
        iss: state.config.issuer.clone(),
        sub: client_id.clone(),
        client_id,
        aud: state.config.issuer.clone(),
        exp: now.seconds() + 300,
        iat: now.seconds(),
        jti: proof.jti,
        cnf: Confirmation::Jkt(proof.jkt),
        authorization_details: Some(details),
        scope: None,
        grant_id: None,
        status: None,
        auth_time: None,
        acr: None,
    };
    let token = state.tokens.sign(TYPE, &claims, now)?;
    Ok(serde_json::json!({ "access_token": token, "token_type": "DPoP", "expires_in": 300 }))
}
